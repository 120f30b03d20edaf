#include <benchmark/benchmark.h>

#include <chrono>

#include "base/deadline_queue.h"

// The timers of a worker with so many transports.

namespace sfu::micro {
namespace {

using namespace std::chrono_literals;

/// A transport's deadline is set again after each datagram of it, mostly to what it was.
void SetTheSameDeadline(benchmark::State& state) {
  const auto transports = static_cast<DeadlineQueue::Slot>(state.range(0));
  DeadlineQueue queue;
  for (DeadlineQueue::Slot slot = 0; slot < transports; ++slot)
    queue.set(slot, Timestamp(1000s + slot * 7919us % 1s));
  DeadlineQueue::Slot slot = 0;
  for (auto _ : state) {
    slot = (slot + 17) % transports;
    queue.set(slot, Timestamp(1000s + slot * 7919us % 1s));
  }
}
BENCHMARK(SetTheSameDeadline)->Arg(50)->Arg(5000);

/// The earliest is due and comes again a while later.
void TakeTheFirstAndSetItAgain(benchmark::State& state) {
  const auto transports = static_cast<DeadlineQueue::Slot>(state.range(0));
  DeadlineQueue queue;
  for (DeadlineQueue::Slot slot = 0; slot < transports; ++slot)
    queue.set(slot, Timestamp(1000s + slot * 7919us % 1s));
  for (auto _ : state) {
    const Timestamp now = *queue.next();
    queue.set(*queue.pop_due(now), now + 1s);
  }
}
BENCHMARK(TakeTheFirstAndSetItAgain)->Arg(50)->Arg(5000);

}  // namespace
}  // namespace sfu::micro
