#pragma once

#include <optional>
#include <unordered_map>

#include "base/ids.h"
#include "service/participant.h"

namespace sfu::service {

/// Whose each transport is, for what a worker tells of it.
class TransportOwners {
 public:
  struct Owner {
    ParticipantId participant;
    Direction direction = Direction::Send;
  };

  void add(TransportId transport, Owner owner) { owners_.emplace(transport, owner); }
  /// The transport of this direction is about to be replaced or closed.
  void remove(const Participant& participant, Direction direction) {
    if (const auto& transport = participant.transport(direction)) owners_.erase(transport->id);
  }
  std::optional<Owner> find(TransportId transport) const {
    const auto found = owners_.find(transport);
    return found == owners_.end() ? std::nullopt : std::optional(found->second);
  }
  std::size_t size() const { return owners_.size(); }

 private:
  std::unordered_map<TransportId, Owner> owners_;
};

}  // namespace sfu::service
