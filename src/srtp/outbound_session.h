#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/result.h"
#include "srtp/packet_cipher.h"
#include "srtp/profile.h"
#include "srtp/replay_window.h"

namespace sfu::srtp {

enum class ProtectError : std::uint8_t {
  Malformed,       // `header` is not exactly one RTP header, or the RTCP packet is too short.
  OutputTooSmall,  // `out` lacks room for the packet and its tag.
  AlreadySent,     // This sequence number went out before: a second time would break the cipher.
  TooOld,          // So far behind the newest that nobody can tell whether it went out before.
  TooManyStreams,  // The session has sent kMaxStreams SSRCs.
  KeyExhausted,    // 2^48 RTP or 2^31 RTCP packets: the key has reached its end (RFC 3711 §9.2).
};

std::string_view to_string(ProtectError error);

class OutboundSession;

/// One packet to be protected for one receiver. The three parts are sent one after the other;
/// `header` stays in the clear, `payload_prefix` and `payload` are encrypted on their way into
/// `out`, so nothing is copied for its own sake and the shared payload is only read.
///
/// `header` may already lie at the start of `out`, and `payload` at its place there (in-place use);
/// else no part may overlap `out`.
struct ProtectJob {
  OutboundSession* session = nullptr;
  Bytes header = {};          // The whole RTP header with CSRCs and extensions (RFC 3550 §5.1).
  Bytes payload_prefix = {};  // A rewritten codec descriptor, or nothing.
  Bytes payload = {};         // Shared between receivers; padding included.
  MutableBytes out = {};      // Room for all parts and kMaxRtpOverhead.
  /// The caller's promise that prefix and payload are byte for byte those that were sent under this
  /// sequence number before: a plain retransmission. AES_CM then gives the same ciphertext again.
  /// AEAD profiles refuse even so, because a header that changed (a new transport-wide sequence
  /// number) under the same IV would give the authentication key away: without RTX there are no
  /// retransmissions under them.
  bool repeats_payload = false;

  /// The answer: how much of `out` is the packet.
  Result<std::size_t, ProtectError> protected_size = std::size_t{0};
};

/// Protects a batch over any sessions and answers in each job. Jobs of one session are done in
/// order. Allocates only for an SSRC that is new to its session.
void protect_rtp(std::span<ProtectJob> jobs);

/// The sending half of one peer's SRTP and SRTCP (RFC 3711, RFC 7714). Keeps the 48-bit index of
/// each outgoing stream and guarantees that no index of an SSRC is used twice with different
/// content. A stream starts with rollover count 0; start its sequence numbers below 2^15.
///
/// An SSRC is never forgotten while the session lives, for it could return and repeat an index.
class OutboundSession {
 public:
  /// 2 for each consumer with RTX; 176 bytes each.
  static constexpr std::size_t kMaxStreams = 8192;
  /// How far behind the newest a packet may still go out for the first time.
  static constexpr std::size_t kReorderWindow = 1024;

  explicit OutboundSession(const KeyMaterial& keys);

  /// A batch of one.
  Result<std::size_t, ProtectError> protect_rtp(const ProtectJob& job);

  /// Encrypts the compound or reduced-size `packet` into `out`, which may be the same place, and
  /// appends E flag, index and tag: the size grows by at most kMaxRtcpOverhead.
  Result<std::size_t, ProtectError> protect_rtcp(Bytes packet, MutableBytes out);

  Profile profile() const { return profile_; }

 private:
  struct Stream {
    std::uint64_t highest = 0;  // 48-bit index: rollover count and sequence number
    ReplayWindow<kReorderWindow> sent;
  };
  Result<std::uint64_t, ProtectError> claim_index(std::uint32_t ssrc, std::uint16_t sequence_number,
                                                  bool repeats_payload);
  Stream* find_stream(std::uint32_t ssrc);

  const Profile profile_;
  RtpCipher rtp_cipher_;
  RtcpCipher rtcp_cipher_;
  std::unordered_map<std::uint32_t, Stream> streams_;
  // The last one used: a burst of packets is of one stream. Map nodes never move.
  std::uint32_t last_ssrc_ = 0;
  Stream* last_stream_ = nullptr;
  std::uint32_t next_rtcp_index_ = 0;
};

}  // namespace sfu::srtp
