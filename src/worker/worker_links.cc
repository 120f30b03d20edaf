#include "worker/worker_links.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/check.h"

namespace sfu::worker {

WorkerLinks::WorkerLinks(std::size_t workers) {
  for (std::size_t i = 0; i < workers; ++i) {
    wake_ups_.emplace_back(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    SFU_CHECK(wake_ups_.back());
  }
  for (std::size_t from = 0; from < workers; ++from)
    for (std::size_t to = 0; to < workers; ++to)
      links_.push_back(from == to ? nullptr : std::make_unique<WorkerLink>());
}

std::vector<LinkWriter*> WorkerLinks::writers(std::size_t from) const {
  std::vector<LinkWriter*> writers;
  for (std::size_t to = 0; to < wake_ups_.size(); ++to) writers.push_back(link(from, to));
  return writers;
}

void WorkerLinks::publish(std::size_t from) {
  for (std::size_t to = 0; to < wake_ups_.size(); ++to)
    if (from != to && link(from, to)->publish()) wake(to);
}

void WorkerLinks::wake(std::size_t worker) {
  // The counter cannot come near its end: it counts up by one, and 2^64 is far.
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_ups_[worker].get(), &one, sizeof one);
}

}  // namespace sfu::worker
