#include "srtp/outbound_session.h"

#include <algorithm>
#include <cstring>

namespace sfu::srtp {
namespace {

constexpr std::uint32_t kRtcpIndexEnd = 0x8000'0000;  // 31 bits, RFC 3711 §3.4

void copy_unless_there(Bytes from, std::uint8_t* to) {
  if (!from.empty() && from.data() != to) std::memcpy(to, from.data(), from.size());
}

/// The last byte says how many there are (RFC 3550 §5.1).
void write_padding(MutableBytes padding) {
  if (padding.empty()) return;
  std::ranges::fill(padding, std::uint8_t{0});
  padding.back() = static_cast<std::uint8_t>(padding.size());
}

/// The index of a packet, which from now on counts as sent.
Result<std::uint64_t, ProtectError> claim_index(OutboundStreams& streams, std::uint32_t ssrc,
                                                std::uint16_t sequence_number, bool may_repeat) {
  OutboundStreams::Stream* const found = streams.find(ssrc);
  if (found == nullptr) {
    if (streams.size() >= OutboundSession::kMaxStreams) return fail(ProtectError::TooManyStreams);
    streams.add(ssrc, sequence_number);
    return sequence_number;
  }
  OutboundStreams::Stream& stream = *found;
  const auto index = estimate_index(stream.highest, sequence_number);
  if (!index) return fail(ProtectError::KeyExhausted);
  if (*index > stream.highest) {
    // Half a cycle ahead is as well half a cycle behind, and from before the first packet.
    constexpr std::uint64_t kHalfCycle = 0x8000;
    if (*index - stream.highest > kHalfCycle) return fail(ProtectError::TooOld);
    stream.sent.advance(stream.highest, *index);
    stream.highest = *index;
    stream.sent.insert(*index);
    return *index;
  }
  if (stream.highest - *index >= OutboundStreams::kReorderWindow) {
    if (may_repeat) return *index;
    return fail(ProtectError::TooOld);
  }
  if (stream.sent.contains(*index) && !may_repeat) return fail(ProtectError::AlreadySent);
  stream.sent.insert(*index);
  return *index;
}

}  // namespace

std::string_view to_string(ProtectError error) {
  switch (error) {
    case ProtectError::Malformed: return "malformed packet";
    case ProtectError::OutputTooSmall: return "output too small";
    case ProtectError::AlreadySent: return "sequence number already sent";
    case ProtectError::TooOld: return "sequence number too old";
    case ProtectError::TooManyStreams: return "too many streams";
    case ProtectError::KeyExhausted: return "key exhausted";
  }
  return "unknown";
}

OutboundSession::OutboundSession(const KeyMaterial& keys, CipherBackend& backend)
    : profile_(keys.profile()),
      rtp_cipher_(backend, derive_rtp_keys(keys)),
      rtcp_cipher_(backend, derive_rtcp_keys(keys)) {}

Result<SealJob, ProtectError> OutboundSession::prepare(const ProtectJob& job) {
  if (rtp_header_size(job.header) != job.header.size() ||
      job.payload_prefix.size() > kMaxPrefixSize)
    return fail(ProtectError::Malformed);
  SealJob sealed{.cipher = &rtp_cipher_,
                 .out = job.out.data(),
                 .payload = job.payload,
                 .header_size = static_cast<std::uint32_t>(job.header.size()),
                 .prefix_size = static_cast<std::uint16_t>(job.payload_prefix.size()),
                 .padding = job.padding,
                 .tag_size = static_cast<std::uint8_t>(rtp_cipher_.tag_size())};
  if (sealed.size() > job.out.size()) return fail(ProtectError::OutputTooSmall);

  const bool may_repeat = job.repeats_payload && !is_aead(profile_);
  const auto index =
      claim_index(streams_, load_be32(job.header, 8), load_be16(job.header, 2), may_repeat);
  if (!index) return fail(index.error());
  sealed.index = *index;

  copy_unless_there(job.header, job.out.data());
  copy_unless_there(job.payload_prefix, job.out.data() + job.header.size());
  write_padding(job.out.subspan(sealed.size() - sealed.tag_size - job.padding, job.padding));
  return sealed;
}

Result<std::size_t, ProtectError> OutboundSession::protect_rtp(const ProtectJob& job) {
  return prepare(job).map([](const SealJob& prepared) {
    seal({&prepared, 1});
    return prepared.size();
  });
}

Result<std::size_t, ProtectError> OutboundSession::protect_rtcp(Bytes packet, MutableBytes out) {
  if (packet.size() < kRtcpHeaderSize) return fail(ProtectError::Malformed);
  if (packet.size() + rtcp_cipher_.overhead() > out.size())
    return fail(ProtectError::OutputTooSmall);
  if (next_rtcp_index_ == kRtcpIndexEnd) return fail(ProtectError::KeyExhausted);
  return rtcp_cipher_.seal(next_rtcp_index_++, packet, out);
}

}  // namespace sfu::srtp
