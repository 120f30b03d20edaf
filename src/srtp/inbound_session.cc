#include "srtp/inbound_session.h"

namespace sfu::srtp {

std::string_view to_string(UnprotectError error) {
  switch (error) {
    case UnprotectError::Malformed: return "malformed packet";
    case UnprotectError::Replayed: return "replayed packet";
    case UnprotectError::TooOld: return "behind the replay window";
    case UnprotectError::AuthenticationFailed: return "authentication failed";
    case UnprotectError::TooManyStreams: return "too many streams";
  }
  return "unknown";
}

namespace {

std::optional<UnprotectError> error_of(InboundStreams::Verdict verdict) {
  switch (verdict) {
    case InboundStreams::Verdict::Fresh: return std::nullopt;
    case InboundStreams::Verdict::Replayed: return UnprotectError::Replayed;
    case InboundStreams::Verdict::TooOld: return UnprotectError::TooOld;
    case InboundStreams::Verdict::NoRoom: return UnprotectError::TooManyStreams;
  }
  return UnprotectError::Malformed;
}

}  // namespace

InboundSession::InboundSession(const KeyMaterial& keys, CipherBackend& backend)
    : rtp_cipher_(backend, derive_rtp_keys(keys)), rtcp_cipher_(backend, derive_rtcp_keys(keys)) {}

Result<MutableBytes, UnprotectError> InboundSession::unprotect_rtp(MutableBytes packet) {
  const auto header_size = rtp_header_size(packet);
  if (!header_size || *header_size + rtp_cipher_.tag_size() > packet.size())
    return refuse(UnprotectError::Malformed);

  const auto found = rtp_streams_.find(load_be32(packet, 8));
  const std::uint16_t sequence_number = load_be16(packet, 2);
  const auto index = found.highest ? estimate_index(*found.highest, sequence_number)
                                   : std::optional<std::uint64_t>(sequence_number);
  if (!index) return refuse(UnprotectError::TooOld);
  if (const auto error = error_of(rtp_streams_.judge(found, *index))) return refuse(*error);
  if (!rtp_cipher_.open(*index, *header_size, packet))
    return refuse(UnprotectError::AuthenticationFailed);

  rtp_streams_.note_authentic(found, *index);
  ++counters_.rtp_packets;
  return packet.first(packet.size() - rtp_cipher_.tag_size());
}

Result<MutableBytes, UnprotectError> InboundSession::unprotect_rtcp(MutableBytes packet) {
  if (packet.size() < kRtcpHeaderSize + rtcp_cipher_.overhead() || packet[0] >> 6 != 2)
    return refuse(UnprotectError::Malformed);

  const auto found = rtcp_streams_.find(load_be32(packet, 4));
  const std::uint32_t index =
      load_be32(packet, rtcp_cipher_.index_offset(packet.size())) & ~kRtcpEncryptedFlag;
  if (const auto error = error_of(rtcp_streams_.judge(found, index))) return refuse(*error);
  if (!rtcp_cipher_.open(packet)) return refuse(UnprotectError::AuthenticationFailed);

  rtcp_streams_.note_authentic(found, index);
  ++counters_.rtcp_packets;
  return packet.first(packet.size() - rtcp_cipher_.overhead());
}

tl::unexpected<UnprotectError> InboundSession::refuse(UnprotectError error) {
  ++counters_.errors[static_cast<std::size_t>(error)];
  return fail(error);
}

}  // namespace sfu::srtp
