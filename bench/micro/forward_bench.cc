#include <benchmark/benchmark.h>

#include "bench/micro/instant_room.h"
#include "bench/micro/thread_time.h"

// From the encrypted packets of a frame to the encrypted packets for each viewer, without sockets:
// all that the server itself does for them.

namespace sfu::micro {
namespace {

void ForwardFrame(benchmark::State& state) {
  const auto viewers = static_cast<std::size_t>(state.range(0));
  const auto packets = static_cast<std::size_t>(state.range(1));
  InstantRoom room(viewers);
  std::size_t forwarded = 0;
  for (auto _ : state) {
    room.make_frame(packets);
    const double before = thread_seconds();
    forwarded += room.forward_frame();
    state.SetIterationTime(thread_seconds() - before);
  }
  if (forwarded < static_cast<std::size_t>(state.iterations()) * viewers * packets * 9 / 10)
    state.SkipWithError("not all packets were forwarded");
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(ForwardFrame)
    ->ArgNames({"viewers", "packets"})
    ->ArgsProduct({{1, 10, 50, 200}, {1, 6}})
    ->UseManualTime();

}  // namespace
}  // namespace sfu::micro
