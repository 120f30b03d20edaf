#pragma once

#include "base/unfinished_bytes.h"
#include "io/address_pace.h"
#include "io/http_server.h"

namespace sfu::io {

/// What all connections of a server have together; each of HttpLimits.
struct SharedBounds {
  explicit SharedBounds(const HttpLimits& limits)
      : unfinished(limits.max_unfinished_bytes),
        untaken(limits.max_untaken_bytes),
        pace(limits.address_bytes) {}

  UnfinishedBytes unfinished;
  UnfinishedBytes untaken;
  AddressPace pace;
};

}  // namespace sfu::io
