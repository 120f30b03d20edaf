#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "srtp/cipher_context.h"
#include "srtp/hmac_sha1.h"
#include "srtp/seal_job.h"
#include "srtp/session_keys.h"

namespace sfu::srtp {

/// The fixed part of an RTP header (RFC 3550 §5.1); the SSRC is its last word.
inline constexpr std::size_t kMinRtpHeaderSize = 12;
/// The part of an RTCP packet that stays in the clear (RFC 3711 §3.4).
inline constexpr std::size_t kRtcpHeaderSize = 8;
/// The E flag, which stands before the 31-bit SRTCP index.
inline constexpr std::uint32_t kRtcpEncryptedFlag = 0x8000'0000;

/// Size of the RTP header with CSRCs and extensions, or nothing where it is not version 2 or runs
/// past the end. Looks at nothing that is encrypted.
std::optional<std::size_t> rtp_header_size(Bytes packet);

/// What SRTP and SRTCP ciphers share: the keys and the contexts made from them.
class PacketCipher {
 public:
  std::size_t tag_size() const { return tag_size_; }

 protected:
  PacketCipher(const SessionKeys& keys, Direction direction);

  bool aead() const { return gcm_.has_value(); }
  /// The context of an AEAD profile, ready for the packet of this SSRC and index.
  GcmContext& start_gcm(std::uint32_t ssrc, std::uint64_t index);
  /// The context of the AES_CM profile, ready for the packet of this SSRC and index.
  CounterContext& start_counter(std::uint32_t ssrc, std::uint64_t index);
  const HmacSha1& hmac() const { return *hmac_; }

 private:
  SessionKeys keys_;
  std::size_t tag_size_;
  std::optional<GcmContext> gcm_;
  std::optional<CounterContext> counter_;
  std::optional<HmacSha1> hmac_;
};

/// Turns packets into SRTP and back, given their index; knows nothing of streams and replay.
class RtpCipher : public PacketCipher {
 public:
  RtpCipher(const SessionKeys& keys, Direction direction) : PacketCipher(keys, direction) {}

  /// Encrypts prefix, payload and padding of `job`, and appends the tag.
  void seal(const SealJob& job);

  /// Authenticates and decrypts in place all that follows the header; `packet` has room for header
  /// and tag. Answers whether it is authentic.
  bool open(std::uint64_t index, std::size_t header_size, MutableBytes packet);

 private:
  HmacSha1::Digest authenticate(Bytes body, std::uint64_t index) const;
};

/// Turns packets into SRTCP and back; knows nothing of replay.
class RtcpCipher : public PacketCipher {
 public:
  RtcpCipher(const SessionKeys& keys, Direction direction) : PacketCipher(keys, direction) {}

  std::size_t overhead() const { return tag_size() + kRtcpIndexSize; }

  /// Where in a protected packet the word with E flag and index stands. `size` is at least
  /// kRtcpHeaderSize + overhead().
  std::size_t index_offset(std::size_t size) const;

  /// Writes the encrypted packet, index and tag to `out`, which has room for them and is `packet`'s
  /// own place or apart. `packet` has at least kRtcpHeaderSize bytes. Answers the size.
  std::size_t seal(std::uint32_t index, Bytes packet, MutableBytes out);

  /// Authenticates and, where the E flag is set, decrypts in place. Answers whether it is
  /// authentic; the plain packet is the first size - overhead() bytes.
  bool open(MutableBytes packet);
};

}  // namespace sfu::srtp
