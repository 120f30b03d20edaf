#pragma once

#include <optional>
#include <unordered_map>

#include "base/ids.h"
#include "ortc/consumer_parameters.h"
#include "service/consumer_handler.h"
#include "service/participant.h"

namespace sfu::service {

/// All consumers of the server: whose each is, and their SSRCs, of which no two are alike.
class ConsumerRegistry {
 public:
  explicit ConsumerRegistry(RandomSource& random) : ssrcs_(random) {}

  Ssrc take_ssrc() { return ssrcs_.take(); }
  void give_back_ssrcs(const Consumer& consumer) {
    ssrcs_.give_back(consumer.ssrc);
    if (consumer.rtx_ssrc) ssrcs_.give_back(*consumer.rtx_ssrc);
  }

  void add(const Consumer& consumer, ParticipantId viewer) {
    viewers_.emplace(consumer.id, viewer);
  }
  void remove(const Consumer& consumer) {
    viewers_.erase(consumer.id);
    give_back_ssrcs(consumer);
  }
  std::optional<ParticipantId> viewer_of(ConsumerId consumer) const {
    const auto found = viewers_.find(consumer);
    return found == viewers_.end() ? std::nullopt : std::optional(found->second);
  }

  std::size_t consumers() const { return viewers_.size(); }
  std::size_t ssrcs_in_use() const { return ssrcs_.in_use(); }

 private:
  ortc::SsrcAllocator ssrcs_;
  std::unordered_map<ConsumerId, ParticipantId> viewers_;
};

}  // namespace sfu::service
