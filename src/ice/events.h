#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/endpoint.h"

namespace sfu::ice {

/// A first check that nominates at once leads from New (or Disconnected) straight to Completed.
enum class State : std::uint8_t {
  New,           // No valid check yet.
  Connected,     // At least one valid path; the peer has nominated none of those alive.
  Completed,     // The selected path was nominated by the peer.
  Disconnected,  // Consent ended on every path (RFC 7675 §5.1). Valid checks bring it back.
};

/// "new", "connected", "completed", "disconnected": the words of signaling.
std::string_view to_string(State state);

struct StateChanged {
  State from;
  State to;
  friend bool operator==(const StateChanged&, const StateChanged&) = default;
};

/// Where media goes has changed; nothing may be sent while `to` is empty.
struct SelectedPathChanged {
  std::optional<Path> from;
  std::optional<Path> to;
  friend bool operator==(const SelectedPathChanged&, const SelectedPathChanged&) = default;
};

/// A valid check came along `path`: from now on its packets belong to this transport, taken from
/// any other transport that had them.
struct PathAdded {
  Path path;
  friend bool operator==(const PathAdded&, const PathAdded&) = default;
};

/// Packets along `path` belong to this transport no longer.
struct PathRemoved {
  Path path;
  friend bool operator==(const PathRemoved&, const PathRemoved&) = default;
};

/// Checks that name `ufrag` no longer concern this transport (after an ICE restart).
struct UfragRetired {
  std::string ufrag;
  friend bool operator==(const UfragRetired&, const UfragRetired&) = default;
};

using Event = std::variant<StateChanged, SelectedPathChanged, PathAdded, PathRemoved, UfragRetired>;

}  // namespace sfu::ice
