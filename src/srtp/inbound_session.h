#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "srtp/inbound_streams.h"
#include "srtp/packet_cipher.h"
#include "srtp/profile.h"

namespace sfu::srtp {

enum class UnprotectError : std::uint8_t {
  Malformed,             // Too short, not version 2, or a header that runs past the end.
  Replayed,              // This index was received before.
  TooOld,                // The index lies behind the replay window, so it cannot be told.
  AuthenticationFailed,  // Wrong key, changed on its way, or the rollover count was lost.
  TooManyStreams,        // The session has seen kMaxKnownStreams SSRCs; new ones are refused.
};
inline constexpr std::size_t kUnprotectErrorCount = 5;

std::string_view to_string(UnprotectError error);

/// The receiving half of one peer's SRTP and SRTCP (RFC 3711, RFC 7714): authenticates, decrypts
/// and refuses replays. State for an SSRC is made only after one of its packets proved authentic,
/// and is bounded (see InboundStreams).
///
/// A stream is followed from rollover count 0, so its first packet received must lie before its
/// first rollover; that holds where senders start below 2^15 (RFC 3711 §3.3.1). The count survives
/// any loss of fewer than 2^15 packets in a row.
class InboundSession {
 public:
  struct Counters {
    std::uint64_t rtp_packets = 0;   // authentic ones
    std::uint64_t rtcp_packets = 0;  // authentic ones
    std::array<std::uint64_t, kUnprotectErrorCount> errors{};

    std::uint64_t count(UnprotectError error) const {
      return errors[static_cast<std::size_t>(error)];
    }
  };

  /// `backend` outlives the session.
  InboundSession(const KeyMaterial& keys, CipherBackend& backend);

  /// Authenticates and decrypts in place. The answer is the plain packet: the front of `packet`.
  /// After an error the bytes of `packet` are worthless: AEAD decrypts before it has seen the tag.
  Result<MutableBytes, UnprotectError> unprotect_rtp(MutableBytes packet);

  /// The same for SRTCP. A packet without the E flag is authenticated only (RFC 3711 §3.4).
  Result<MutableBytes, UnprotectError> unprotect_rtcp(MutableBytes packet);

  const Counters& counters() const { return counters_; }

 private:
  tl::unexpected<UnprotectError> refuse(UnprotectError error);

  RtpCipher rtp_cipher_;
  RtcpCipher rtcp_cipher_;
  InboundStreams rtp_streams_;
  InboundStreams rtcp_streams_;
  Counters counters_;
};

}  // namespace sfu::srtp
