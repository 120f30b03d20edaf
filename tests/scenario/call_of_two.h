#pragma once

#include <cstdint>
#include <vector>

#include "tests/scenario/scenario.h"

namespace sfu::sim {

/// Alice and Bob in a call that has stood for two seconds.
struct CallOfTwo {
  explicit CallOfTwo(std::uint64_t seed, Link link = {.delay = 20ms})
      : CallOfTwo(Conference::Options{.seed = seed}, link) {}
  CallOfTwo(const Conference::Options& options, Link link) : conference(options) {
    conference.network().default_link = link;
    const RouterId room = conference.open_room();
    alice = &conference.join(room);
    bob = &conference.join(room);
    conference.run_for(2s);
    reset_gaps(conference);
  }

  /// The states that the service was told of, of all transports and of one.
  std::vector<core::TransportStateChanged> told() {
    std::vector<core::TransportStateChanged> all;
    for (const auto& event : conference.events())
      if (const auto* changed = std::get_if<core::TransportStateChanged>(&event))
        all.push_back(*changed);
    return all;
  }
  std::vector<core::TransportStateChanged> told(TransportId transport) {
    auto all = told();
    std::erase_if(all, [&](const auto& changed) { return changed.transport != transport; });
    return all;
  }

  Conference conference;
  Member* alice = nullptr;
  Member* bob = nullptr;
};

/// Every stream flows on with no longer gap, and no viewer has seen anything wrong.
inline void expect_unharmed(Conference& conference, TimeDelta longest_gap) {
  expect_all_flow(conference, longest_gap);
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

}  // namespace sfu::sim
