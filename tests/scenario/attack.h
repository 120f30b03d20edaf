#pragma once

#include <malloc.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "sim/deaf_host.h"
#include "tests/scenario/scenario.h"

namespace sfu::sim {

using Datagram = std::vector<std::uint8_t>;

inline constexpr std::uint16_t kServerPort = 40000;

/// One worker with two meetings: Ann and Bob, who must notice nothing, and Victor and Mallory, who
/// has keys of her own. Beside them an address of a stranger.
class AttackScene {
 public:
  struct Seen {
    Path path;  // As the server saw it.
    Datagram bytes;
  };

  AttackScene() {
    conference.network().attach(stranger.ip, deaf_);
    conference.network().set_tap(
        [this](Timestamp now, const Path& path, Bytes datagram) { note(now, path, datagram); });
    const RouterId quiet = conference.open_room();
    ann = &conference.join(quiet);
    bob = &conference.join(quiet);
    room = conference.open_room();
    victor = &conference.join(room);
    mallory = &conference.join(room);
    conference.run_for(std::chrono::seconds(2));
    reset_gaps(conference);
    arrivals.clear();
    started_ = conference.now();
  }
  ~AttackScene() { conference.network().detach(stranger.ip); }

  void inject(const Endpoint& from, Bytes datagram) {
    conference.network().inject({from, {conference.server_address(), kServerPort}}, datagram);
  }
  core::RefusedStats refused() { return conference.worker_stats().refused; }
  /// Lines of the log with this in them.
  std::size_t lines(const std::string& part) {
    const auto all = conference.diagnostics();
    return static_cast<std::size_t>(std::ranges::count_if(
        all, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
  }

  Conference conference{1};
  Member* ann = nullptr;
  Member* bob = nullptr;
  Member* victor = nullptr;
  Member* mallory = nullptr;
  RouterId room;
  const Endpoint stranger{IpAddress::v4(0x0a090909), 9};
  std::mt19937_64 random{1};
  std::vector<Seen> seen;           // What arrived at the server, the first of it.
  std::vector<Datagram> reflected;  // What arrived at the stranger.
  /// When media packets reached Ann and Bob, since the start.
  std::vector<TimeDelta> arrivals;

 private:
  static constexpr std::size_t kMaxSeen = 2000;

  void note(Timestamp now, const Path& path, Bytes datagram) {
    if (path.local.ip == conference.server_address() && seen.size() < kMaxSeen)
      seen.push_back({path, {datagram.begin(), datagram.end()}});
    if (path.local.ip == stranger.ip) reflected.emplace_back(datagram.begin(), datagram.end());
    for (const Member* quiet : {ann, bob}) {
      if (!quiet || path.local != quiet->browser->receive_endpoint()) continue;
      if (datagram[0] >= 128 && !rtcp::looks_like_rtcp(datagram))
        arrivals.push_back(now - started_);
    }
  }

  DeafHost deaf_;
  Timestamp started_{};
};

/// One step of an attack, each 10 ms.
using Act = std::function<void(AttackScene&, int)>;

inline constexpr int kAttackSteps = 300;
inline constexpr TimeDelta kMaxDelay = std::chrono::milliseconds(1);
/// Bytes beyond those of a quiet run, of an attack that leaves nothing behind: less than it sends.
inline constexpr std::int64_t kMaxGrowth = 256 * 1024;
/// Where somebody joins meanwhile, or whose own streams may fill what the bounds give them.
inline constexpr std::int64_t kGrowthOfStreams = 2 * 1024 * 1024;

/// Bytes of the heap in use, without what the scene itself has written down. Where the heap counts
/// nothing, as under a sanitizer, less than none.
inline std::int64_t heap_in_use(const AttackScene& scene) {
  constexpr std::size_t kOfEach = 16;  // What malloc() adds.
  std::size_t notes = scene.arrivals.capacity() * sizeof(TimeDelta) +
                      scene.seen.capacity() * sizeof(AttackScene::Seen) +
                      scene.reflected.capacity() * sizeof(Datagram);
  for (const auto& seen : scene.seen) notes += seen.bytes.capacity() + kOfEach;
  for (const Datagram& datagram : scene.reflected) notes += datagram.capacity() + kOfEach;
  return static_cast<std::int64_t>(mallinfo2().uordblks) - static_cast<std::int64_t>(notes);
}

/// The heap's growth over the steps.
inline std::int64_t run(AttackScene& scene, const Act& act) {
  constexpr int kWarm = 30;
  std::int64_t before = 0;
  for (int i = 0; i < kAttackSteps; ++i) {
    if (i == kWarm) before = heap_in_use(scene);
    if (act) act(scene, i);
    scene.conference.run_for(std::chrono::milliseconds(10));
  }
  scene.conference.run_for(std::chrono::milliseconds(100));
  return std::max<std::int64_t>(0, heap_in_use(scene) - before);
}

/// Runs the attack beside a meeting that gets each packet that it gets without it, as early; then
/// `check` looks at what came of it.
inline void attack(const Act& act, const std::function<void(AttackScene&)>& check,
                   std::int64_t max_growth = kMaxGrowth) {
  std::vector<TimeDelta> quiet;
  std::int64_t growth = 0;
  {
    AttackScene scene;
    growth = run(scene, {});
    quiet = scene.arrivals;
  }
  ASSERT_GT(quiet.size(), 500u);
  AttackScene scene;
  EXPECT_LT(run(scene, act), growth + max_growth) << "bytes of the heap";
  ASSERT_EQ(scene.arrivals.size(), quiet.size());
  TimeDelta latest{};
  for (std::size_t i = 0; i < quiet.size(); ++i)
    latest = std::max(latest, scene.arrivals[i] - quiet[i]);
  EXPECT_LE(latest, kMaxDelay);
  for (Member* member : {scene.ann, scene.bob}) {
    EXPECT_EQ(member->browser->nacks_received(), 0u);
    for (const StreamReceiver& receiver : member->browser->receivers()) {
      EXPECT_EQ(receiver.missing(), 0u);
      EXPECT_THAT(receiver.complaints(), IsEmpty());
    }
  }
  check(scene);
}

/// Victor and Mallory still see and hear each other.
inline void expect_flow(AttackScene& scene) {
  for (const auto& [viewer, publisher] :
       {std::pair(scene.victor, scene.mallory), std::pair(scene.mallory, scene.victor)})
    for (const MediaKind kind : {MediaKind::Audio, MediaKind::Video}) {
      const StreamReceiver& receiver = *Conference::viewed(*viewer, *publisher, kind).receiver;
      EXPECT_GT(receiver.frames_decoded(), 0u) << viewer->name;
      EXPECT_LT(receiver.longest_gap(scene.conference.now()), std::chrono::milliseconds(150))
          << viewer->name;
      EXPECT_THAT(receiver.complaints(), IsEmpty());
    }
}

}  // namespace sfu::sim
