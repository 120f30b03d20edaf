#pragma once

namespace sfu {

/// Says on standard error what did not hold and where, and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace sfu

/// An invariant of our own code; on in every build. Never for what a peer can cause.
#define SFU_CHECK(condition)                           \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::sfu::check_failed(#condition, __FILE__, __LINE__))
