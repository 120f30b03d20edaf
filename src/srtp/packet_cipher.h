#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "srtp/cipher_backend.h"
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
constexpr std::optional<std::size_t> rtp_header_size(Bytes packet) {
  if (packet.size() < kMinRtpHeaderSize || packet[0] >> 6 != 2) return std::nullopt;
  std::size_t size = kMinRtpHeaderSize + 4u * (packet[0] & 0x0fu);
  const bool has_extension = (packet[0] & 0x10) != 0;
  if (has_extension) {
    if (size + 4 > packet.size()) return std::nullopt;
    size += 4 + 4u * load_be16(packet, size + 2);
  }
  if (size > packet.size()) return std::nullopt;
  return size;
}

/// What SRTP and SRTCP ciphers share: the keys, and the ciphers made from them with the first
/// packet. Many sessions never see one: who only views sends no media.
class PacketCipher {
 public:
  std::size_t tag_size() const { return tag_size_; }

 protected:
  PacketCipher(CipherBackend& backend, const SessionKeys& keys, KeyUse use);

  bool aead() const { return is_aead(keys_.profile); }
  GcmCipher& gcm() { return gcm_ ? *gcm_ : make_gcm(); }
  CounterCipher& counter() { return counter_ ? *counter_ : make_counter(); }
  /// Only of the AES_CM profile.
  const HmacSha1& hmac() const { return *hmac_; }
  Bytes salt() const { return keys_.salt_bytes(); }
  CipherBackend& backend() const { return *backend_; }

 private:
  GcmCipher& make_gcm();
  CounterCipher& make_counter();

  CipherBackend* backend_;
  SessionKeys keys_;
  std::uint8_t tag_size_;
  KeyUse use_;
  std::optional<HmacSha1> hmac_;
  std::unique_ptr<GcmCipher> gcm_;
  std::unique_ptr<CounterCipher> counter_;
};

/// Messages that wait to be authenticated together. Flush before it goes.
class HmacBatch {
 public:
  void add(CipherBackend& backend, const HmacJob& job);
  void flush();

 private:
  CipherBackend* backend_ = nullptr;  // Of the newest: all of them give the same digests.
  std::size_t size_ = 0;
  std::array<HmacJob, CipherBackend::kMaxHmacBatch> jobs_;
};

/// Turns packets into SRTP and back, given their index; knows nothing of streams and replay.
class RtpCipher : public PacketCipher {
 public:
  /// `backend` outlives the cipher.
  RtpCipher(CipherBackend& backend, const SessionKeys& keys)
      : PacketCipher(backend, keys, KeyUse::EveryPacket) {}

  /// Encrypts prefix, payload and padding of `job`. The tag of an AEAD profile follows at once,
  /// that of AES_CM with the others of `batch`.
  void seal(const SealJob& job, HmacBatch& batch);

  /// Authenticates and decrypts in place all that follows the header; `packet` has room for header
  /// and tag. Answers whether it is authentic.
  bool open(std::uint64_t index, std::size_t header_size, MutableBytes packet);
};

/// Turns packets into SRTCP and back; knows nothing of replay.
class RtcpCipher : public PacketCipher {
 public:
  /// `backend` outlives the cipher.
  RtcpCipher(CipherBackend& backend, const SessionKeys& keys)
      : PacketCipher(backend, keys, KeyUse::NowAndThen) {}

  std::size_t overhead() const { return tag_size() + kRtcpIndexSize; }

  /// Where in a protected packet the word with E flag and index stands. `size` is at least
  /// kRtcpHeaderSize + overhead().
  std::size_t index_offset(std::size_t size) const;

  /// Writes the encrypted packet, index and tag to `out`, which has room for them and is `packet`'s
  /// own place or apart. `packet` has at least kRtcpHeaderSize bytes. Answers the size.
  std::size_t seal(std::uint32_t index, Bytes packet, MutableBytes out);

  /// Authenticates and, where the E flag is set, decrypts in place. Answers whether it is
  /// authentic; the plain packet is the first size - overhead() bytes, and the rest is worthless.
  bool open(MutableBytes packet);

 private:
  bool open_aead(std::uint32_t word, MutableBytes packet);
};

}  // namespace sfu::srtp
