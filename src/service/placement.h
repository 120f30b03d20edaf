#pragma once

#include <cstddef>
#include <vector>

#include "base/units.h"

namespace sfu::service {

/// Decides which worker takes whom, by how busy each is: what it measured itself, and what it has
/// been given so lately that it cannot have measured it yet. A room stays on the workers where it
/// is until they are busier than another one by a clear margin.
class Placement {
 public:
  // Shares of a core, measured on an AMD EPYC with AVX512 for the streams that browsers send.
  static constexpr double kShareOfStream = 0.0003;  // One stream to one viewer.
  /// Of a person before any media flows: who listens to a speaker that has not come yet will cost
  /// as much at least.
  static constexpr double kShareOfPerson = 0.0005;

  /// Below this a worker measures what else the machine does: its own loop is preempted by it.
  static constexpr double kNoise = 0.1;

  /// From a decision until the measured load tells half of what it brought.
  static constexpr TimeDelta kHalfLife = std::chrono::seconds(2);

  /// `margin` is a share of a core.
  Placement(std::size_t workers, double margin) : margin_(margin), workers_(workers) {}

  /// The share of the last second that the worker did not spend waiting.
  void measure(std::size_t worker, double load) {
    workers_[worker].measured = load < kNoise ? 0 : load;
  }
  /// One that does not answer gets nobody while another one does.
  void set_stuck(std::size_t worker, bool stuck) { workers_[worker].is_stuck = stuck; }

  /// Whom a room that is on the workers `present`, which may be none, sends its next participant
  /// to.
  std::size_t choose(Timestamp now, const std::vector<std::size_t>& present) const;

  /// The worker has been given something that will cost it so much.
  void expect(Timestamp now, std::size_t worker, double share);
  void enter(std::size_t worker) { ++workers_[worker].people; }
  void leave(std::size_t worker) { --workers_[worker].people; }

  double load(Timestamp now, std::size_t worker) const;

 private:
  struct State {
    double measured = 0;
    double expected = 0;  // At `expected_at`; halves with each kHalfLife.
    Timestamp expected_at{};
    std::size_t people = 0;
    bool is_stuck = false;
  };

  static double still_expected(Timestamp now, const State& worker);

  const double margin_;
  std::vector<State> workers_;
};

}  // namespace sfu::service
