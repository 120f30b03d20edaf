#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/link_writer.h"
#include "io/file_descriptor.h"
#include "worker/worker_link.h"

namespace sfu::worker {

/// The links of all workers with each other, one for each ordered pair, and what wakes each worker.
/// It outlives the workers' threads.
class WorkerLinks {
 public:
  explicit WorkerLinks(std::size_t workers);

  /// What worker `from` writes into, by the index of who reads; null at its own.
  std::vector<LinkWriter*> writers(std::size_t from) const;
  /// Readable, for an edge-triggered watch, each time that `worker` is woken. Nobody reads it.
  int wake_up_fd(std::size_t worker) const { return wake_ups_[worker].get(); }

  /// Shows all that `from` has written to those who read it, and wakes them where they need it.
  void publish(std::size_t from);
  /// Calls `visit(Bytes)` for each message to `to`. One who wrote more than a batch is read on at
  /// the next turn of the loop.
  template <class Visit>
  void read(std::size_t to, Visit visit);

 private:
  /// Messages of one writer before the reader flushes.
  static constexpr std::size_t kReadBatch = 256;

  WorkerLink* link(std::size_t from, std::size_t to) const {
    return links_[from * wake_ups_.size() + to].get();
  }
  void wake(std::size_t worker);

  std::vector<io::FileDescriptor> wake_ups_;
  std::vector<std::unique_ptr<WorkerLink>> links_;  // Row by row, by who writes.
};

template <class Visit>
void WorkerLinks::read(std::size_t to, Visit visit) {
  bool more = false;
  for (std::size_t from = 0; from < wake_ups_.size(); ++from)
    if (from != to) more |= link(from, to)->read(kReadBatch, visit);
  if (more) wake(to);
}

}  // namespace sfu::worker
