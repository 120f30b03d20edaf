#include "service/producer_handler.h"

#include <set>
#include <utility>

#include "base/check.h"

namespace sfu::service {
namespace {

std::set<Ssrc> ssrcs_of(const ortc::RtpParameters& parameters) {
  std::set<Ssrc> ssrcs;
  for (const auto& encoding : parameters.encodings) {
    if (encoding.ssrc) ssrcs.insert(*encoding.ssrc);
    if (encoding.rtx_ssrc) ssrcs.insert(*encoding.rtx_ssrc);
  }
  return ssrcs;
}

/// A MID belongs to one producer (RFC 9143 §9.2); a stream without one is told by its SSRC or RID.
bool names_the_same_stream(const ortc::RtpParameters& a, const ortc::RtpParameters& b) {
  if (a.mid && a.mid == b.mid) return true;
  const auto of_a = ssrcs_of(a);
  for (const Ssrc ssrc : ssrcs_of(b))
    if (of_a.contains(ssrc)) return true;
  if (a.mid && b.mid) return false;
  for (const auto& x : a.encodings)
    for (const auto& y : b.encodings)
      if (x.rid && x.rid == y.rid) return true;
  return false;
}

}  // namespace

Producer* ProducerHandler::find(MediaType type) {
  auto& place = producers_[static_cast<std::size_t>(type)];
  return place ? &*place : nullptr;
}
const Producer* ProducerHandler::find(MediaType type) const {
  const auto& place = producers_[static_cast<std::size_t>(type)];
  return place ? &*place : nullptr;
}

const Producer* ProducerHandler::find(ProducerId id) const {
  for (const auto& producer : producers_)
    if (producer && producer->id == id) return &*producer;
  return nullptr;
}

Producer& ProducerHandler::add(Producer producer) {
  auto& place = producers_[static_cast<std::size_t>(producer.type)];
  SFU_CHECK(!place);
  return place.emplace(std::move(producer));
}

std::optional<Producer> ProducerHandler::remove(MediaType type) {
  return std::exchange(producers_[static_cast<std::size_t>(type)], std::nullopt);
}

ProducerHandler::Conflict ProducerHandler::conflict(MediaType type,
                                                    const ortc::RtpParameters& parameters) const {
  Conflict found;
  for (const auto& producer : producers_) {
    if (!producer || !names_the_same_stream(producer->parameters.own, parameters)) continue;
    (producer->type == type ? found.with_same_type : found.with_another) = true;
  }
  return found;
}

std::size_t ProducerHandler::size() const {
  std::size_t count = 0;
  for (const auto& producer : producers_) count += producer ? 1 : 0;
  return count;
}

}  // namespace sfu::service
