#include "signaling/http/client_address.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace sfu::signaling {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Some proxies write a port as well: "192.0.2.1:4711", "[2001:db8::1]:4711".
std::optional<IpAddress> read_entry(std::string_view entry) {
  if (const auto plain = IpAddress::parse(entry)) return plain;
  if (entry.starts_with('[')) return IpAddress::parse(entry.substr(1, entry.find(']') - 1));
  return IpAddress::parse(entry.substr(0, entry.find(':')));
}

bool contains(std::span<const AddressRange> ranges, const IpAddress& address) {
  return std::ranges::any_of(ranges, [&](const auto& range) { return range.contains(address); });
}

}  // namespace

IpAddress client_address(const IpAddress& peer, const HttpHeaders& headers,
                         std::span<const AddressRange> trusted_proxies) {
  IpAddress client = peer;
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (!equal_ignoring_case(header->first, "x-forwarded-for")) continue;
    std::string_view list = header->second;
    while (!list.empty()) {
      if (!contains(trusted_proxies, client)) return client;
      const auto comma = list.rfind(',');
      const auto entry = trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
      list = list.substr(0, comma == std::string_view::npos ? 0 : comma);
      const auto address = read_entry(entry);
      if (!address) return client;
      client = *address;
    }
  }
  return client;
}

}  // namespace sfu::signaling
