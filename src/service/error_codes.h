#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/events.h"

namespace sfu::service {

/// Every reason that a client is ever given. A code never changes its meaning.
enum class ErrorCode : std::uint8_t {
  TokenMissing,
  TokenInvalid,
  TokenExpired,
  RateLimited,
  ServerFull,
  ShuttingDown,
  TooDeep,
  InvalidRequest,
  UnknownEvent,
  NotInRoom,
  NoTransport,
  AlreadyConnected,
  NotFound,
  Unsupported,
  SsrcTaken,
  LimitReached,
  Closed,
  InternalError,
};

/// One line of the table that the documentation shows.
struct ErrorCodeInfo {
  ErrorCode code;
  std::string_view text;     // As clients see it: "not_in_room".
  std::string_view meaning;  // For people, in one sentence.
};
std::span<const ErrorCodeInfo> error_code_table();

std::string_view to_string(ErrorCode code);

/// What a client is told when a worker refuses a command on its behalf.
ErrorCode code_of(core::CommandError error);

/// Why a request failed. `detail` says more to people than the fixed texts can; it may be empty.
struct Failure {
  ErrorCode code = ErrorCode::InternalError;
  std::string detail;
};

}  // namespace sfu::service
