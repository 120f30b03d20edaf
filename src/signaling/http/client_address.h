#pragma once

#include <span>

#include "base/address_range.h"
#include "base/endpoint.h"
#include "base/http.h"

namespace sfu::signaling {

/// Who sent a request, where proxies stand in between. Each proxy appends to X-Forwarded-For whom
/// it got the request from, and anybody can send such a header: so it is read from its right end,
/// and the first address that is none of `trusted_proxies` is the client. What `peer` says counts
/// only where it is such a proxy itself; an entry that is no address ends the reading at the proxy
/// that wrote it.
IpAddress client_address(const IpAddress& peer, const HttpHeaders& headers,
                         std::span<const AddressRange> trusted_proxies);

}  // namespace sfu::signaling
