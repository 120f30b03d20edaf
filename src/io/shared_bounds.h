#pragma once

#include "io/address_pace.h"
#include "io/http_server.h"
#include "io/unfinished_bytes.h"

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
