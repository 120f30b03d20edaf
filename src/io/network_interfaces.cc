#include "io/network_interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "io/socket_address.h"

namespace sfu::io {

std::vector<IpAddress> machine_addresses() {
  std::vector<IpAddress> addresses;
  std::vector<IpAddress> loopback;  // Last of all.
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* entry = list; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr || (entry->ifa_flags & IFF_UP) == 0) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const IpAddress address = from_sockaddr(*entry->ifa_addr).ip;
    if (address.is_link_local() || address.is_unspecified()) continue;
    auto& group = address.is_loopback() ? loopback : addresses;
    if (std::find(group.begin(), group.end(), address) == group.end()) group.push_back(address);
  }
  freeifaddrs(list);
  addresses.insert(addresses.end(), loopback.begin(), loopback.end());
  return addresses;
}

}  // namespace sfu::io
