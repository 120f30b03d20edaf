#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sfu::signaling {

/// RFC 4648 §4, with padding.
std::string base64_encode(Bytes bytes);
/// RFC 4648 §5, without padding: for ids.
std::string base64url_encode(Bytes bytes);
/// RFC 4648 §4; nothing for a bad character or length. Padding may be missing.
std::optional<std::string> base64_decode(std::string_view text);

/// Characters that base64_encode() makes of `size` bytes.
constexpr std::size_t base64_size(std::size_t size) { return (size + 2) / 3 * 4; }

}  // namespace sfu::signaling
