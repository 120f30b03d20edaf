#include "stun/wire.h"

#include "crypto/hmac.h"
#include "stun/crc32.h"

namespace sfu::stun::wire {
namespace {

constexpr std::size_t kLengthAt = 2;
constexpr std::size_t kCookieAt = 4;

}  // namespace

std::array<std::uint8_t, kIntegritySize> integrity_of(Bytes message, std::size_t integrity_at,
                                                      Bytes key) {
  std::array<std::uint8_t, 2> length{};
  store_be16(length, 0,
             static_cast<std::uint16_t>(integrity_at + kAttributeHeaderSize + kIntegritySize -
                                        kHeaderSize));
  const Bytes parts[] = {message.first(kLengthAt), length,
                         message.subspan(kCookieAt, integrity_at - kCookieAt)};
  return crypto::hmac_sha1(key, parts);
}

std::uint32_t fingerprint_of(Bytes message, std::size_t fingerprint_at) {
  return crc32(message.first(fingerprint_at)) ^ kFingerprintXor;
}

void xor_with_header(MutableBytes address, Bytes message) {
  for (std::size_t i = 0; i < address.size(); ++i) address[i] ^= message[kCookieAt + i];
}

}  // namespace sfu::stun::wire
