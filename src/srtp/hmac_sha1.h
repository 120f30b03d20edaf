#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"

namespace sfu::srtp {

/// HMAC-SHA1 (RFC 2104) under one key whose two padded blocks are hashed once: a packet starts from
/// copies of these states. EVP would allocate for each such copy.
class HmacSha1 {
 public:
  static constexpr std::size_t kDigestSize = 20;
  using Digest = std::array<std::uint8_t, kDigestSize>;
  /// SHA-1's chaining value.
  using State = std::array<std::uint32_t, 5>;

  /// `key` has at most 64 bytes.
  explicit HmacSha1(Bytes key);

  /// The digest of the parts, one after the other.
  Digest compute(std::initializer_list<Bytes> parts) const;

  /// The chaining value after the block of the key and the inner pad, and after that of the outer.
  const State& inner() const { return inner_; }
  const State& outer() const { return outer_; }

 private:
  State inner_;
  State outer_;
};

}  // namespace sfu::srtp
