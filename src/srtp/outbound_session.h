#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "srtp/outbound_streams.h"
#include "srtp/packet_cipher.h"
#include "srtp/profile.h"
#include "srtp/seal_job.h"

namespace sfu::srtp {

enum class ProtectError : std::uint8_t {
  Malformed,       // `header` is not exactly one RTP header, or a part has a size that cannot be.
  OutputTooSmall,  // `out` lacks room for the packet and its tag.
  AlreadySent,     // This sequence number went out before: a second time would break the cipher.
  TooOld,          // So far behind the newest that nobody can tell whether it went out before.
  TooManyStreams,  // The session has sent kMaxStreams SSRCs.
  KeyExhausted,    // 2^48 RTP or 2^31 RTCP packets: the key has reached its end (RFC 3711 §9.2).
};

std::string_view to_string(ProtectError error);

/// One packet to be protected for one receiver. The parts are sent one after the other; `header`
/// stays in the clear, the rest is encrypted on its way into `out`, so nothing is copied for its
/// own sake and the shared payload is only read.
///
/// `header` may already lie at the start of `out`, and `payload` at its place there (in-place use);
/// else no part may overlap `out`.
struct ProtectJob {
  Bytes header = {};          // The whole RTP header with CSRCs and extensions (RFC 3550 §5.1).
  Bytes payload_prefix = {};  // A rewritten codec descriptor, or nothing. At most kMaxPrefixSize.
  Bytes payload = {};         // Shared between receivers; padding that came with it included.
  /// RTP padding to append (RFC 3550 §5.1); where there is some, `header` has the P bit.
  std::uint8_t padding = 0;
  MutableBytes out = {};  // Room for all parts and kMaxRtpOverhead.
  /// The caller's promise that prefix and payload are byte for byte those that were sent under this
  /// sequence number before: a plain retransmission. (Padding may differ, it is no secret.) AES_CM
  /// then gives the same ciphertext again. AEAD profiles refuse even so, because a header that
  /// changed (a new transport-wide sequence number) under the same IV would give the authentication
  /// key away: without RTX there are no retransmissions under them.
  bool repeats_payload = false;
};

/// The sending half of one peer's SRTP and SRTCP (RFC 3711, RFC 7714). Keeps the 48-bit index of
/// each outgoing stream and guarantees that no index of an SSRC is used twice with different
/// content. A stream starts with rollover count 0; start its sequence numbers below 2^15.
class OutboundSession {
 public:
  /// 2 for each consumer with RTX; 170 bytes each.
  static constexpr std::size_t kMaxStreams = 8192;

  /// Bytes of a codec descriptor.
  static constexpr std::size_t kMaxPrefixSize = 255;

  /// `backend` outlives the session.
  OutboundSession(const KeyMaterial& keys, CipherBackend& backend);

  /// Claims the index of a packet and writes its header, prefix and padding to `job.out`. The
  /// answer says the final size and waits for seal(), together with others. What was prepared must
  /// be sealed or not sent: its index is spent. Allocates only for an SSRC that is new.
  Result<SealJob, ProtectError> prepare(const ProtectJob& job);

  /// Prepares and seals one packet; answers its size. A batch is cheaper.
  Result<std::size_t, ProtectError> protect_rtp(const ProtectJob& job);

  /// Encrypts the compound or reduced-size `packet` into `out`, which may be the same place, and
  /// appends E flag, index and tag: the size grows by at most kMaxRtcpOverhead.
  Result<std::size_t, ProtectError> protect_rtcp(Bytes packet, MutableBytes out);

  Profile profile() const { return profile_; }

 private:
  const Profile profile_;
  RtpCipher rtp_cipher_;
  RtcpCipher rtcp_cipher_;
  OutboundStreams streams_;
  std::uint32_t next_rtcp_index_ = 0;
};

}  // namespace sfu::srtp
