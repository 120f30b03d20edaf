#include "ice/credentials.h"

#include <array>
#include <string_view>

namespace sfu::ice {
namespace {

/// ice-char (RFC 8839 §5.4): there are 64, so that six random bits choose one without bias.
constexpr std::string_view kIceChars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static_assert(kIceChars.size() == 64);

template <std::size_t kSize>
std::string random_ice_chars(RandomSource& random) {
  std::array<std::uint8_t, kSize> bytes{};
  random.fill(bytes);
  std::string text;
  text.reserve(kSize);
  for (const std::uint8_t byte : bytes) text += kIceChars[byte & 0x3f];
  return text;
}

}  // namespace

Credentials Credentials::random(RandomSource& random) {
  Credentials credentials;
  credentials.ufrag = random_ice_chars<kUfragSize>(random);
  credentials.password = random_ice_chars<kPasswordSize>(random);
  return credentials;
}

}  // namespace sfu::ice
