#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace sfu::srtp {

enum class Direction : std::uint8_t { Encrypt, Decrypt };

/// OpenSSL's cipher state, moved but never copied.
struct FreeCipherContext {
  void operator()(EVP_CIPHER_CTX* context) const;
};
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, FreeCipherContext>;

/// AES-GCM under one key (RFC 7714 §5, NIST SP 800-38D). The key schedule is made once; a packet
/// sets only its IV. For each packet: start(), authenticate(), any number of crypt(), then tag() or
/// verify().
class GcmContext {
 public:
  static constexpr std::size_t kTagSize = 16;
  using Iv = std::array<std::uint8_t, 12>;

  /// `key` has 16 or 32 bytes.
  GcmContext(Bytes key, Direction direction);

  void start(const Iv& iv);
  void authenticate(Bytes associated_data);
  /// `out` is as large as `in` and either the same place or apart.
  void crypt(Bytes in, std::uint8_t* out);
  void tag(std::uint8_t* out);
  bool verify(Bytes tag);

 private:
  CipherContextPtr context_;
};

/// AES in counter mode under one key (RFC 3711 §4.1.1). Encrypting and decrypting are the same.
class CounterContext {
 public:
  using Iv = std::array<std::uint8_t, 16>;

  /// `key` has 16 or 32 bytes.
  explicit CounterContext(Bytes key);

  void start(const Iv& iv);
  void crypt(Bytes in, std::uint8_t* out);

 private:
  CipherContextPtr context_;
};

}  // namespace sfu::srtp
