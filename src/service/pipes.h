#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "service/producer_handler.h"
#include "service/worker.h"

namespace sfu::service {

/// On which workers producers are viewed beside their own. A pipe is there from the first viewer on
/// such a worker to the last. Each worker carries out commands in order, so nobody waits for any of
/// these: what follows at the viewers' worker finds the producer there, or fails.
class Pipes {
 public:
  /// One more viewer on `to` of a producer of `from`. The room's router is on both. To be called
  /// before the command that makes the consumer, and to be followed by one release().
  void acquire(const Producer& producer, RouterId router, Worker& from, Worker& to);
  /// One viewer less.
  void release(ProducerId producer, const Worker& to);
  /// The producer is about to close; its release()s may still come.
  void close(ProducerId producer);

  std::size_t size() const { return pipes_.size(); }

 private:
  struct Pipe {
    PipeId id;
    Worker* from;
    Worker* to;
    std::size_t viewers = 0;
  };
  using Key = std::pair<ProducerId, std::size_t>;  // The index of the viewers' worker.
  using Entry = std::map<Key, Pipe>::iterator;

  PipeId take_id();
  Entry end(Entry pipe);

  std::map<Key, Pipe> pipes_;
  std::vector<PipeId> free_ids_;
  std::uint32_t slots_ = 0;
};

}  // namespace sfu::service
