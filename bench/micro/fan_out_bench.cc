#include <benchmark/benchmark.h>

#include <chrono>
#include <thread>

#include "bench/micro/fan_out.h"
#include "bench/micro/thread_time.h"

// The limit to hold the server against: see FanOut. The time is the sender's alone, and on loopback
// it has the kernel's work on the receivers' side in it.

namespace sfu::micro {
namespace {

void BareFanOut(benchmark::State& state) {
  FanOut fan_out({.packet_size = static_cast<std::size_t>(state.range(0)),
                  .packets = static_cast<std::size_t>(state.range(1)),
                  .gso = state.range(2) != 0,
                  .readers = static_cast<Readers>(state.range(3))});
  constexpr std::int64_t kReceivers = 50;
  bool complete = true;
  for (auto _ : state) {
    const double before = thread_seconds();
    complete = fan_out.send() && complete;
    state.SetIterationTime(thread_seconds() - before);
    fan_out.drain();
  }
  if (!complete) state.SkipWithError("the kernel did not take all packets");
  state.SetItemsProcessed(state.iterations() * kReceivers * state.range(1));
  state.SetLabel(BareGcm::library());
}

BENCHMARK(BareFanOut)
    ->ArgNames({"size", "packets", "gso", "readers"})
    ->Args({1200, 5, 1, 1})
    ->Args({1200, 6, 1, 1})
    ->Args({1200, 6, 1, 2})
    ->Args({1200, 10, 1, 1})
    ->Args({1200, 5, 1, 0})
    ->Args({1200, 10, 1, 0})
    ->Args({1200, 5, 0, 1})
    ->Args({1200, 1, 0, 1})
    ->Args({1200, 1, 0, 2})
    ->Args({120, 1, 0, 1})
    ->Args({120, 1, 0, 2})
    ->Args({120, 1, 0, 0})
    ->Args({120, 10, 1, 1})
    ->UseManualTime();

/// The same with a sleep after each round, as between two frames of a meeting: its caches and its
/// processor are not warm any more when the next one begins, and what it takes to wake is in the
/// figure.
void RestingFanOut(benchmark::State& state) {
  const auto receivers = static_cast<std::size_t>(state.range(2));
  const std::chrono::milliseconds rest(state.range(3));
  FanOut fan_out({.receivers = receivers,
                  .packet_size = static_cast<std::size_t>(state.range(0)),
                  .packets = static_cast<std::size_t>(state.range(1)),
                  .gso = state.range(1) > 1,
                  .readers = Readers::kOtherCore});
  bool complete = true;
  for (auto _ : state) {
    const double before = thread_seconds();
    complete = fan_out.send() && complete;
    std::this_thread::sleep_for(rest);
    state.SetIterationTime(thread_seconds() - before);
    fan_out.drain();
  }
  if (!complete) state.SkipWithError("the kernel did not take all packets");
  state.SetItemsProcessed(state.iterations() * state.range(1) * state.range(2));
  state.SetLabel(BareGcm::library());
}
BENCHMARK(RestingFanOut)
    ->ArgNames({"size", "packets", "receivers", "rest_ms"})
    ->Args({1200, 6, 50, 2})
    ->Args({1200, 10, 50, 2})
    ->Args({1200, 1, 50, 2})
    ->Args({120, 1, 50, 2})
    ->Args({120, 2, 50, 2})
    ->Args({1200, 6, 1, 2})
    ->Args({1200, 6, 100, 33})
    ->Args({1200, 6, 200, 33})
    ->Args({1200, 6, 500, 33})
    ->Args({1200, 6, 1000, 33})
    ->UseManualTime();

/// The same without the calls: header and cipher alone.
void BareGcmPacket(benchmark::State& state) {
  BareGcm cipher(1);
  const std::vector<std::uint8_t> packet(static_cast<std::size_t>(state.range(0)), 0x5a);
  std::vector<std::uint8_t> out(packet.size() + 16);
  std::uint64_t index = 0;
  for (auto _ : state) {
    cipher.seal(++index, Bytes(packet).first(28), Bytes(packet).subspan(28), out.data() + 28);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetLabel(BareGcm::library());
}
BENCHMARK(BareGcmPacket)->Arg(120)->Arg(1200);

}  // namespace
}  // namespace sfu::micro
