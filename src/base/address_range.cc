#include "base/address_range.h"

#include <array>
#include <charconv>

namespace sfu {

namespace {

constexpr unsigned kMappedBits = 96;  // Before an IPv4 address (RFC 4291 §2.5.5.2).
constexpr unsigned kAddressBits = 128;
constexpr unsigned kHostBits = 64;

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  // "::ffff:192.0.2.0/120" is written in IPv6's bits.
  const bool is_dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  const unsigned skipped = is_dotted ? kMappedBits : 0;
  unsigned bits = kAddressBits - skipped;
  if (slash != std::string_view::npos) {
    const auto length = text.substr(slash + 1);
    unsigned parsed = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), parsed);
    if (error != std::errc{} || end != length.data() + length.size() || parsed > bits)
      return std::nullopt;
    bits = parsed;
  }
  return AddressRange(first_bits(*address, bits + skipped), bits + skipped);
}

bool AddressRange::contains(const IpAddress& address) const {
  return first_bits(address, bits_) == first_;
}

IpAddress first_bits(const IpAddress& address, unsigned bits) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned before = i * 8;
    const unsigned kept = bits <= before ? 0 : bits - before;
    if (kept < 8) bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00 >> kept));
  }
  return IpAddress::v6(bytes);
}

IpAddress host_of(const IpAddress& address) {
  return address.is_v4() ? address : first_bits(address, kHostBits);
}

}  // namespace sfu
