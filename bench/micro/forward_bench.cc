#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "bench/micro/instant_room.h"
#include "bench/micro/thread_time.h"

// From the encrypted packets of a frame to the encrypted packets for each viewer, without sockets:
// all that the server itself does for them.

namespace sfu::micro {
namespace {

/// Leaves nothing of the server's in the nearer caches, as the kernel's copies of the packets and a
/// sleep do between two frames of a real meeting.
class CacheSweep {
 public:
  void operator()() {
    for (std::size_t i = 0; i < memory_.size(); i += kLine) ++memory_[i];
    benchmark::ClobberMemory();
  }

 private:
  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kBytes = 4 * 1024 * 1024;
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(kBytes);
};

void ForwardFrame(benchmark::State& state) {
  const auto viewers = static_cast<std::size_t>(state.range(0));
  const auto packets = static_cast<std::size_t>(state.range(1));
  const bool is_cold = state.range(2) != 0;
  InstantRoom room(viewers);
  CacheSweep sweep;
  std::size_t forwarded = 0;
  for (auto _ : state) {
    room.make_frame(packets);
    if (is_cold) sweep();
    const double before = thread_seconds();
    forwarded += room.forward_frame();
    state.SetIterationTime(thread_seconds() - before);
  }
  if (forwarded < static_cast<std::size_t>(state.iterations()) * viewers * packets * 9 / 10)
    state.SkipWithError("not all packets were forwarded");
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(ForwardFrame)
    ->ArgNames({"viewers", "packets", "cold"})
    ->ArgsProduct({{1, 10, 50, 200}, {1, 6}, {0, 1}})
    ->UseManualTime();

}  // namespace
}  // namespace sfu::micro
