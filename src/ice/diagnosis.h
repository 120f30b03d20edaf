#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/endpoint.h"
#include "base/units.h"
#include "ice/events.h"

namespace sfu::ice {

/// What an agent has seen, so that a call that fails to connect can say why.
struct Diagnosis {
  /// Of how many local addresses we remember that a check came to them.
  static constexpr std::size_t kMaxCheckedLocals = 8;

  State state = State::New;
  std::uint64_t valid_checks = 0;
  std::uint64_t nominations = 0;  // Changes of the nominated path.
  std::uint64_t malformed = 0;
  std::uint64_t not_requests = 0;  // Responses, indications, methods other than Binding.
  std::uint64_t bad_fingerprint = 0;
  std::uint64_t wrong_username = 0;
  std::uint64_t bad_integrity = 0;
  std::uint64_t replays = 0;         // Of valid checks, from addresses that sent none of their own.
  std::uint64_t role_conflicts = 0;  // Answered with 487.
  std::uint64_t bad_requests = 0;    // Answered with 400 or 420.
  std::uint64_t evicted_paths = 0;   // Because the table of paths was full.

  std::optional<Path> selected;
  std::optional<Path> last_valid_path;
  std::optional<Timestamp> last_valid_at;
  std::optional<Path> last_refused_path;

  std::array<Endpoint, kMaxCheckedLocals> checked_locals{};  // The first of them.
  std::size_t checked_local_count = 0;

  bool was_checked(const Endpoint& local) const;
};

/// One line for the log: what was seen, what was refused and why, and which of `candidates` (the
/// local addresses that were announced) no check ever came to.
std::string describe(const Diagnosis& diagnosis, std::span<const Endpoint> candidates);

}  // namespace sfu::ice
