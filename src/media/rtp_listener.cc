#include "media/rtp_listener.h"

#include <algorithm>
#include <string_view>

#include "media/producer.h"
#include "rtp/extension_values.h"

namespace sfu::media {
namespace {

using rtp::ExtensionKind;

std::optional<std::string_view> read_name(const rtp::PacketView& packet, std::uint8_t id,
                                          bool is_mid) {
  if (id == 0) return std::nullopt;
  const auto value = packet.extension(id);
  if (!value) return std::nullopt;
  return is_mid ? rtp::read_mid(*value) : rtp::read_rid(*value);
}

enum class Role : std::uint8_t { None, Media, Rtx };

Role role_of(const Producer& producer, std::uint8_t payload_type) {
  if (producer.codecs().find(payload_type)) return Role::Media;
  if (producer.codecs().find_by_rtx(payload_type)) return Role::Rtx;
  return Role::None;
}

std::optional<std::uint8_t> stream_of_rid(const Producer& producer, std::string_view rid) {
  for (std::size_t i = 0; i < producer.stream_count(); ++i)
    if (producer.receiver(i).rid() == rid) return static_cast<std::uint8_t>(i);
  return std::nullopt;
}

/// MID and RID, or MID where either has no RID, could not be told apart.
bool names_collide(const Producer& a, const Producer& b) {
  if (!a.mid() || a.mid() != b.mid()) return false;
  for (std::size_t i = 0; i < a.stream_count(); ++i) {
    const auto& rid = a.receiver(i).rid();
    if (!rid || stream_of_rid(b, *rid)) return true;
  }
  return !b.receiver(0).rid();
}

}  // namespace

Result<void, ListenError> RtpListener::add(Producer& producer) {
  if (producers_.size() == kMaxProducers) return fail(ListenError::TableFull);
  for (const Producer* other : producers_)
    if (names_collide(producer, *other)) return fail(ListenError::MidTaken);

  struct Signaled {
    Ssrc ssrc;
    Target target;
  };
  std::vector<Signaled> signaled;
  for (std::size_t i = 0; i < producer.stream_count(); ++i) {
    const auto stream = static_cast<std::uint8_t>(i);
    const StreamReceiver& receiver = producer.receiver(i);
    if (receiver.ssrc()) signaled.push_back({*receiver.ssrc(), {&producer, stream, false}});
    if (receiver.rtx_ssrc()) signaled.push_back({*receiver.rtx_ssrc(), {&producer, stream, true}});
  }
  if (ssrcs_.size() + signaled.size() > kMaxSsrcs) return fail(ListenError::TableFull);
  std::ranges::sort(signaled, {}, &Signaled::ssrc);
  const auto twice = std::ranges::adjacent_find(signaled, {}, &Signaled::ssrc);
  if (twice != signaled.end()) return fail(ListenError::SsrcTaken);
  for (const Signaled& entry : signaled)
    if (find(entry.ssrc)) return fail(ListenError::SsrcTaken);

  for (const Signaled& entry : signaled) insert(entry.ssrc, entry.target);
  producers_.push_back(&producer);
  collect_extensions();
  return {};
}

void RtpListener::remove(Producer& producer) {
  for (const Entry& entry : ssrcs_) {
    if (entry.target.producer != &producer) continue;
    if (retired_.size() == kMaxRetired) retired_.erase(retired_.begin());
    retired_.push_back(entry.ssrc);
  }
  std::erase_if(ssrcs_, [&](const Entry& entry) { return entry.target.producer == &producer; });
  std::erase(producers_, &producer);
  collect_extensions();
}

std::optional<RtpListener::Target> RtpListener::find(Ssrc ssrc) const {
  const auto at = std::ranges::lower_bound(ssrcs_, ssrc, {}, &Entry::ssrc);
  if (at == ssrcs_.end() || at->ssrc != ssrc) return std::nullopt;
  return at->target;
}

std::optional<RtpListener::Target> RtpListener::find(const rtp::PacketView& packet) {
  if (const auto known = find(packet.ssrc())) return known;
  auto target = find_by_names(packet);
  if (!target) target = find_by_payload_type(packet);
  if (!target || !learn(packet.ssrc(), *target)) return std::nullopt;
  return target;
}

std::optional<RtpListener::Target> RtpListener::find_by_names(const rtp::PacketView& packet) const {
  const auto mid = read_name(packet, extensions_.id(ExtensionKind::Mid), true);
  const auto rid = read_name(packet, extensions_.id(ExtensionKind::Rid), false);
  const auto repaired = read_name(packet, extensions_.id(ExtensionKind::RepairedRid), false);
  if (!mid && !rid && !repaired) return std::nullopt;

  std::optional<Target> found;
  for (Producer* producer : producers_) {
    if (mid && producer->mid() != *mid) continue;
    const Role role = role_of(*producer, packet.payload_type());
    if (role == Role::None) continue;
    // Some senders put the RID itself on retransmissions, too.
    const auto& name = role == Role::Rtx && repaired ? repaired : rid;
    std::optional<std::uint8_t> stream;
    if (name)
      stream = stream_of_rid(*producer, *name);
    else if (producer->stream_count() == 1)
      stream = std::uint8_t{0};
    if (!stream) continue;
    if (found) return std::nullopt;  // Two could be meant.
    found = Target{producer, *stream, role == Role::Rtx};
  }
  return found;
}

std::optional<RtpListener::Target> RtpListener::find_by_payload_type(
    const rtp::PacketView& packet) const {
  // A packet that names another m-line is nobody's.
  if (read_name(packet, extensions_.id(ExtensionKind::Mid), true)) return std::nullopt;
  std::optional<Target> found;
  for (Producer* producer : producers_) {
    const Role role = role_of(*producer, packet.payload_type());
    if (role == Role::None || producer->stream_count() != 1) continue;
    const StreamReceiver& receiver = producer->receiver(0);
    if (role == Role::Media ? receiver.ssrc().has_value() : receiver.rtx_ssrc().has_value())
      continue;
    if (found) return std::nullopt;
    found = Target{producer, 0, role == Role::Rtx};
  }
  return found;
}

bool RtpListener::learn(Ssrc ssrc, const Target& target) {
  // The encoding goes on under the new SSRC; what its old one sends is a stranger's from now on.
  const auto former = std::ranges::find_if(ssrcs_, [&](const Entry& entry) {
    return entry.target.producer == target.producer && entry.target.stream == target.stream &&
           entry.target.is_rtx == target.is_rtx;
  });
  if (former != ssrcs_.end()) {
    if (std::ranges::find(retired_, ssrc) != retired_.end()) return false;
    ssrcs_.erase(former);
  }
  if (ssrcs_.size() == kMaxSsrcs) return false;
  insert(ssrc, target);
  target.producer->set_ssrc(target.stream, ssrc, target.is_rtx);
  return true;
}

void RtpListener::insert(Ssrc ssrc, const Target& target) {
  const auto at = std::ranges::lower_bound(ssrcs_, ssrc, {}, &Entry::ssrc);
  ssrcs_.insert(at, Entry{ssrc, target});
}

void RtpListener::collect_extensions() {
  extensions_ = {};
  for (Producer* producer : producers_)
    for (std::size_t i = 0; i < rtp::kExtensionKinds; ++i) {
      const auto kind = static_cast<ExtensionKind>(i);
      const std::uint8_t id = producer->source().extensions().id(kind);
      if (id != 0) extensions_.add(id, kind);
    }
}

}  // namespace sfu::media
