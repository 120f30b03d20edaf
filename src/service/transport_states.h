#pragma once

#include <string_view>

#include "core/events.h"

namespace sfu::service {

/// mediasoup's words.
std::string_view to_string(core::IceState state);
std::string_view to_string(core::DtlsState state);

}  // namespace sfu::service
