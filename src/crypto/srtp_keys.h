#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace sfu::crypto {

/// How SRTP and SRTCP packets are protected. DTLS negotiates it, SRTP carries it out; it lies here
/// because neither of the two knows the other.
enum class SrtpProfile : std::uint8_t { AeadAes128Gcm, AeadAes256Gcm, Aes128CmHmacSha1_80 };

struct SrtpProfileParameters {
  SrtpProfile profile;
  std::uint16_t dtls_id;          // RFC 5764 §4.1.2, RFC 7714 §14.2
  std::string_view openssl_name;  // As SSL_CTX_set_tlsext_use_srtp() spells it.
  std::string_view name;          // As SDP and statistics spell it (RFC 4568, RFC 7714 §14.1).
  std::size_t key_size;           // bytes
  std::size_t salt_size;          // bytes
  std::size_t tag_size;           // bytes, of SRTP and of SRTCP alike
};

/// In our order of preference as DTLS server.
inline constexpr std::array<SrtpProfileParameters, 3> kSrtpProfiles = {{
    {SrtpProfile::AeadAes128Gcm, 0x0007, "SRTP_AEAD_AES_128_GCM", "AEAD_AES_128_GCM", 16, 12, 16},
    {SrtpProfile::AeadAes256Gcm, 0x0008, "SRTP_AEAD_AES_256_GCM", "AEAD_AES_256_GCM", 32, 12, 16},
    {SrtpProfile::Aes128CmHmacSha1_80, 0x0001, "SRTP_AES128_CM_SHA1_80", "AES_CM_128_HMAC_SHA1_80",
     16, 14, 10},
}};

constexpr const SrtpProfileParameters& parameters(SrtpProfile profile) {
  return kSrtpProfiles[static_cast<std::size_t>(profile)];
}

constexpr std::optional<SrtpProfile> srtp_profile_from_dtls_id(std::uint32_t dtls_id) {
  for (const auto& candidate : kSrtpProfiles)
    if (candidate.dtls_id == dtls_id) return candidate.profile;
  return std::nullopt;
}

constexpr bool is_aead(SrtpProfile profile) { return profile != SrtpProfile::Aes128CmHmacSha1_80; }

/// One direction's master key and master salt (RFC 3711 §3.2.1).
class SrtpKeyMaterial {
 public:
  static constexpr std::size_t kMaxKeySize = 32;
  static constexpr std::size_t kMaxSaltSize = 14;

  /// `key` and `salt` have exactly the profile's sizes.
  SrtpKeyMaterial(SrtpProfile profile, Bytes key, Bytes salt);

  SrtpProfile profile() const { return profile_; }
  Bytes key() const { return Bytes(key_).first(parameters(profile_).key_size); }
  Bytes salt() const { return Bytes(salt_).first(parameters(profile_).salt_size); }

 private:
  SrtpProfile profile_;
  std::array<std::uint8_t, kMaxKeySize> key_{};
  std::array<std::uint8_t, kMaxSaltSize> salt_{};
};

}  // namespace sfu::crypto
