#pragma once

#include <cstddef>
#include <string>

#include "base/random.h"

namespace sfu::ice {

/// Our half of the short-term credentials of one transport (RFC 8445 §5.3).
struct Credentials {
  static constexpr std::size_t kUfragSize = 16;     // 96 bits: also unique over all transports.
  static constexpr std::size_t kPasswordSize = 32;  // 192 bits; the RFC asks for 128.

  std::string ufrag;
  std::string password;

  /// Random ice-chars, 6 bits of `random` in each.
  static Credentials random(RandomSource& random);

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

}  // namespace sfu::ice
