#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sfu {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Network byte order (RFC 1700). The caller has checked that the bytes are there.

constexpr std::uint16_t load_be16(Bytes b, std::size_t at) {
  return static_cast<std::uint16_t>(b[at] << 8 | b[at + 1]);
}
constexpr std::uint32_t load_be24(Bytes b, std::size_t at) {
  return static_cast<std::uint32_t>(b[at]) << 16 | load_be16(b, at + 1);
}
constexpr std::uint32_t load_be32(Bytes b, std::size_t at) {
  return static_cast<std::uint32_t>(load_be16(b, at)) << 16 | load_be16(b, at + 2);
}
constexpr std::uint64_t load_be64(Bytes b, std::size_t at) {
  return static_cast<std::uint64_t>(load_be32(b, at)) << 32 | load_be32(b, at + 4);
}

constexpr void store_be16(MutableBytes b, std::size_t at, std::uint16_t value) {
  b[at] = static_cast<std::uint8_t>(value >> 8);
  b[at + 1] = static_cast<std::uint8_t>(value);
}
constexpr void store_be24(MutableBytes b, std::size_t at, std::uint32_t value) {
  b[at] = static_cast<std::uint8_t>(value >> 16);
  store_be16(b, at + 1, static_cast<std::uint16_t>(value));
}
constexpr void store_be32(MutableBytes b, std::size_t at, std::uint32_t value) {
  store_be16(b, at, static_cast<std::uint16_t>(value >> 16));
  store_be16(b, at + 2, static_cast<std::uint16_t>(value));
}
constexpr void store_be64(MutableBytes b, std::size_t at, std::uint64_t value) {
  store_be32(b, at, static_cast<std::uint32_t>(value >> 32));
  store_be32(b, at + 4, static_cast<std::uint32_t>(value));
}

}  // namespace sfu
