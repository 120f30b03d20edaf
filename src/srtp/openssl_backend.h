#pragma once

#include <openssl/types.h>

#include <memory>

#include "srtp/cipher_backend.h"

namespace sfu::srtp {

/// OpenSSL's cipher state, moved but never copied.
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const;
};
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

/// The key schedule is made once; a packet sets only its IV.
class OpenSslCounterCipher final : public CounterCipher {
 public:
  /// `key` has 16 or 32 bytes.
  explicit OpenSslCounterCipher(Bytes key);
  void crypt(const Iv& iv, Bytes in, std::uint8_t* out) override;

 private:
  const CipherContextPtr context_;
};

/// Runs on every processor that OpenSSL knows.
std::unique_ptr<CipherBackend> make_openssl_backend();

}  // namespace sfu::srtp
