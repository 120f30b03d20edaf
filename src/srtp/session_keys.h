#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "srtp/profile.h"

namespace sfu::srtp {

/// The keys of one of SRTP and SRTCP, made from the master key (RFC 3711 §4.3).
struct SessionKeys {
  static constexpr std::size_t kAuthenticationKeySize = 20;  // HMAC-SHA1, RFC 3711 §5.2

  Profile profile;
  std::array<std::uint8_t, KeyMaterial::kMaxKeySize> cipher_key{};
  std::array<std::uint8_t, KeyMaterial::kMaxSaltSize> salt{};
  std::array<std::uint8_t, kAuthenticationKeySize> authentication_key{};  // Unused by AEAD.

  Bytes cipher_key_bytes() const { return Bytes(cipher_key).first(parameters(profile).key_size); }
  Bytes salt_bytes() const { return Bytes(salt).first(parameters(profile).salt_size); }
};

/// Key derivation with a rate of zero, the only one that DTLS-SRTP knows: once for a session.
SessionKeys derive_rtp_keys(const KeyMaterial& master);
SessionKeys derive_rtcp_keys(const KeyMaterial& master);

}  // namespace sfu::srtp
