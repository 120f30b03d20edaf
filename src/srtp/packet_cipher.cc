#include "srtp/packet_cipher.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "crypto/hmac.h"

namespace sfu::srtp {
namespace {

/// RFC 7714 §8.1 and §9.1, under the exclusive-or with the salt:
///
///    0                   1
///    0 1 2 3 4 5 6 7 8 9 0 1
///   +---+-------+-----------+
///   | 0 |  SSRC |   index   |   RTP: rollover count and sequence number; RTCP: 0 and 31 bits
///   +---+-------+-----------+
GcmContext::Iv make_gcm_iv(Bytes salt, std::uint32_t ssrc, std::uint64_t index) {
  GcmContext::Iv iv{};
  store_be32(iv, 2, ssrc);
  store_be16(iv, 6, static_cast<std::uint16_t>(index >> 32));
  store_be32(iv, 8, static_cast<std::uint32_t>(index));
  for (std::size_t i = 0; i < iv.size(); ++i) iv[i] ^= salt[i];
  return iv;
}

/// RFC 3711 §4.1.1: IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16); the block counter
/// takes the last two bytes.
CounterContext::Iv make_counter_iv(Bytes salt, std::uint32_t ssrc, std::uint64_t index) {
  CounterContext::Iv iv{};
  store_be32(iv, 4, ssrc);
  store_be16(iv, 8, static_cast<std::uint16_t>(index >> 32));
  store_be32(iv, 10, static_cast<std::uint32_t>(index));
  for (std::size_t i = 0; i < salt.size(); ++i) iv[i] ^= salt[i];
  return iv;
}

std::uint32_t rtp_ssrc(Bytes packet) { return load_be32(packet, 8); }
std::uint32_t rtcp_ssrc(Bytes packet) { return load_be32(packet, 4); }

void copy_unless_there(Bytes from, std::uint8_t* to) {
  if (!from.empty() && from.data() != to) std::memcpy(to, from.data(), from.size());
}

}  // namespace

std::optional<std::size_t> rtp_header_size(Bytes packet) {
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

PacketCipher::PacketCipher(const SessionKeys& keys, Direction direction)
    : keys_(keys), tag_size_(parameters(keys.profile).tag_size) {
  if (is_aead(keys.profile)) {
    gcm_.emplace(keys_.cipher_key_bytes(), direction);
  } else {
    counter_.emplace(keys_.cipher_key_bytes());
    hmac_.emplace(keys_.authentication_key);
  }
}

GcmContext& PacketCipher::start_gcm(std::uint32_t ssrc, std::uint64_t index) {
  gcm_->start(make_gcm_iv(keys_.salt_bytes(), ssrc, index));
  return *gcm_;
}

CounterContext& PacketCipher::start_counter(std::uint32_t ssrc, std::uint64_t index) {
  counter_->start(make_counter_iv(keys_.salt_bytes(), ssrc, index));
  return *counter_;
}

void seal(std::span<const SealJob> jobs) {
  for (const SealJob& job : jobs) job.cipher->seal(job);
}

void RtpCipher::seal(const SealJob& job) {
  const Bytes header(job.out, job.header_size);
  const MutableBytes prefix(job.out + job.header_size, job.prefix_size);
  std::uint8_t* const payload_out = prefix.data() + prefix.size();
  const MutableBytes padding(payload_out + job.payload.size(), job.padding);
  std::uint8_t* const tag_out = padding.data() + padding.size();

  const auto encrypt_with = [&](auto& cipher) {
    cipher.crypt(prefix, prefix.data());
    cipher.crypt(job.payload, payload_out);
    cipher.crypt(padding, padding.data());
  };
  if (aead()) {
    GcmContext& cipher = start_gcm(rtp_ssrc(header), job.index);
    cipher.authenticate(header);
    encrypt_with(cipher);
    cipher.tag(tag_out);
  } else {
    encrypt_with(start_counter(rtp_ssrc(header), job.index));
    const auto digest = authenticate({job.out, tag_out}, job.index);
    std::copy_n(digest.begin(), tag_size(), tag_out);
  }
}

bool RtpCipher::open(std::uint64_t index, std::size_t header_size, MutableBytes packet) {
  const MutableBytes body = packet.first(packet.size() - tag_size());
  const Bytes tag = packet.last(tag_size());
  const MutableBytes payload = body.subspan(header_size);

  if (aead()) {
    GcmContext& cipher = start_gcm(rtp_ssrc(packet), index);
    cipher.authenticate(body.first(header_size));
    cipher.crypt(payload, payload.data());
    return cipher.verify(tag);
  }
  const auto digest = authenticate(body, index);
  if (!crypto::constant_time_equal(Bytes(digest).first(tag_size()), tag)) return false;
  start_counter(rtp_ssrc(packet), index).crypt(payload, payload.data());
  return true;
}

/// RFC 3711 §4.2: the rollover count, which is not sent, is part of what is authenticated.
HmacSha1::Digest RtpCipher::authenticate(Bytes body, std::uint64_t index) const {
  std::array<std::uint8_t, 4> rollover_count;
  store_be32(rollover_count, 0, static_cast<std::uint32_t>(index >> 16));
  return hmac().compute({body, rollover_count});
}

/// RFC 3711 §3.4 puts the index before the tag, RFC 7714 §9 after it.
std::size_t RtcpCipher::index_offset(std::size_t size) const {
  return aead() ? size - kRtcpIndexSize : size - overhead();
}

std::size_t RtcpCipher::seal(std::uint32_t index, Bytes packet, MutableBytes out) {
  const std::size_t size = packet.size() + overhead();
  SFU_CHECK(packet.size() >= kRtcpHeaderSize && size <= out.size());
  const MutableBytes index_word = out.subspan(index_offset(size), kRtcpIndexSize);
  const Bytes payload = packet.subspan(kRtcpHeaderSize);
  std::uint8_t* const payload_out = out.data() + kRtcpHeaderSize;
  copy_unless_there(packet.first(kRtcpHeaderSize), out.data());
  const Bytes header = out.first(kRtcpHeaderSize);

  if (aead()) {
    store_be32(index_word, 0, kRtcpEncryptedFlag | index);
    GcmContext& cipher = start_gcm(rtcp_ssrc(header), index);
    cipher.authenticate(header);
    cipher.authenticate(index_word);
    cipher.crypt(payload, payload_out);
    cipher.tag(out.data() + packet.size());
  } else {
    start_counter(rtcp_ssrc(header), index).crypt(payload, payload_out);
    store_be32(index_word, 0, kRtcpEncryptedFlag | index);
    const auto digest = hmac().compute({out.first(packet.size() + kRtcpIndexSize)});
    std::copy_n(digest.begin(), tag_size(), out.data() + packet.size() + kRtcpIndexSize);
  }
  return size;
}

bool RtcpCipher::open(MutableBytes packet) {
  const MutableBytes body = packet.first(packet.size() - overhead());
  const MutableBytes payload = body.subspan(kRtcpHeaderSize);
  const Bytes index_word = packet.subspan(index_offset(packet.size()), kRtcpIndexSize);
  const std::uint32_t word = load_be32(index_word, 0);
  const bool encrypted = (word & kRtcpEncryptedFlag) != 0;
  const std::uint32_t index = word & ~kRtcpEncryptedFlag;

  if (aead()) {
    GcmContext& cipher = start_gcm(rtcp_ssrc(packet), index);
    cipher.authenticate(encrypted ? body.first(kRtcpHeaderSize) : body);
    cipher.authenticate(index_word);
    if (encrypted) cipher.crypt(payload, payload.data());
    return cipher.verify(packet.subspan(body.size(), tag_size()));
  }
  const auto digest = hmac().compute({packet.first(body.size() + kRtcpIndexSize)});
  if (!crypto::constant_time_equal(Bytes(digest).first(tag_size()), packet.last(tag_size())))
    return false;
  if (encrypted) start_counter(rtcp_ssrc(packet), index).crypt(payload, payload.data());
  return true;
}

}  // namespace sfu::srtp
