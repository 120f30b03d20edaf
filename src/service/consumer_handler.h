#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "ortc/parameters.h"
#include "service/media_type.h"

namespace sfu::service {

struct Consumer {
  ConsumerId id;
  ProducerId producer;
  std::string owner;  // The user id of who sends.
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  MediaType type = MediaType::Audio;
  bool paused = true;
  Ssrc ssrc;
  std::optional<Ssrc> rtx_ssrc;
  std::uint8_t priority = 1;
  std::string mid;
  bool announced = true;  // The viewer had a connection when `new-consumer` was sent.
};

/// What one participant receives: at most one consumer of each producer, reserved before the worker
/// is asked for it.
class ConsumerHandler {
 public:
  /// False where the producer is consumed or reserved already.
  bool reserve(ProducerId producer);
  /// False from the closing of the producer on.
  bool is_reserved(ProducerId producer) const { return reserved_.contains(producer); }
  void give_up(ProducerId producer) { reserved_.erase(producer); }
  /// Turns the reservation, which is there, into the consumer.
  Consumer& add(Consumer consumer);

  Consumer* find(ConsumerId id);
  const Consumer* find_by_producer(ProducerId producer) const;

  void set_all_announced();

  /// Also ends a reservation, which gives no consumer.
  std::optional<Consumer> remove_by_producer(ProducerId producer);
  std::vector<Consumer> remove_all();

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [id, consumer] : consumers_) visit(consumer);
  }
  std::size_t size() const { return consumers_.size(); }

 private:
  std::map<ConsumerId, Consumer> consumers_;
  std::map<ProducerId, ConsumerId> by_producer_;
  std::set<ProducerId> reserved_;
};

}  // namespace sfu::service
