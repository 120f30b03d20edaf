#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "bench/micro/packets.h"
#include "worker/worker_link.h"

// One packet's way from worker to worker, both ends on one thread: the copy and the indices,
// without the cache misses and the wake-up between two cores.

namespace sfu::micro {
namespace {

void PassThroughLink(benchmark::State& state) {
  const auto batch = static_cast<std::size_t>(state.range(0));
  const auto packet = make_packet(kVideoPacket, 1);
  worker::WorkerLink link;
  std::size_t received = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch; ++i) {
      const MutableBytes room = link.reserve(packet.size());
      std::copy(packet.begin(), packet.end(), room.begin());
      link.commit();
    }
    link.publish();
    link.read(batch, [&](Bytes message) { received += message.size(); });
  }
  benchmark::DoNotOptimize(received);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PassThroughLink)->ArgName("batch")->Arg(1)->Arg(6)->Arg(64);

}  // namespace
}  // namespace sfu::micro
