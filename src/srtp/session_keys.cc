#include "srtp/session_keys.h"

#include <algorithm>

#include "srtp/openssl_backend.h"

namespace sfu::srtp {
namespace {

/// RFC 3711 §4.3.2. Those of SRTCP follow those of SRTP.
enum Label : std::uint8_t { kCipherKey = 0, kAuthenticationKey = 1, kSalt = 2 };
constexpr std::uint8_t kFirstRtpLabel = 0, kFirstRtcpLabel = 3;

/// Fills `out` with the key stream of the master key at x * 2^16, where x is the label, shifted
/// over the 48 bits of the index, which stays 0, exclusive-or the master salt (RFC 3711 §4.3.1,
/// §4.3.3). A 96-bit salt is filled up with zeros at its end (RFC 7714 §11).
void derive(CounterCipher& cipher, Bytes master_salt, std::uint8_t label, MutableBytes out) {
  constexpr std::size_t kLabelOffset = 7;
  CounterCipher::Iv iv{};
  std::ranges::copy(master_salt, iv.begin());
  iv[kLabelOffset] ^= label;
  std::ranges::fill(out, std::uint8_t{0});
  cipher.crypt(iv, out, out.data());
}

SessionKeys derive_keys(const KeyMaterial& master, std::uint8_t first_label) {
  OpenSslCounterCipher cipher(master.key());  // In handshakes every library is fast enough.
  const auto fill = [&](Label which, MutableBytes out) {
    derive(cipher, master.salt(), static_cast<std::uint8_t>(first_label + which), out);
  };
  SessionKeys keys{.profile = master.profile()};
  const auto& sizes = parameters(master.profile());
  fill(kCipherKey, MutableBytes(keys.cipher_key).first(sizes.key_size));
  fill(kSalt, MutableBytes(keys.salt).first(sizes.salt_size));
  if (!is_aead(master.profile())) fill(kAuthenticationKey, keys.authentication_key);
  return keys;
}

}  // namespace

SessionKeys derive_rtp_keys(const KeyMaterial& master) {
  return derive_keys(master, kFirstRtpLabel);
}
SessionKeys derive_rtcp_keys(const KeyMaterial& master) {
  return derive_keys(master, kFirstRtcpLabel);
}

}  // namespace sfu::srtp
