#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"

namespace sfu::core {

/// What the first byte says of a datagram (RFC 7983 §7).
enum class DatagramKind : std::uint8_t { Stun, Dtls, RtpOrRtcp, Unknown };

constexpr DatagramKind kind_of(Bytes datagram) {
  if (datagram.empty()) return DatagramKind::Unknown;
  const std::uint8_t first = datagram[0];
  if (first <= 3) return DatagramKind::Stun;
  if (first >= 20 && first <= 63) return DatagramKind::Dtls;
  if (first >= 128 && first <= 191) return DatagramKind::RtpOrRtcp;
  return DatagramKind::Unknown;
}

/// Which transport a datagram is for: by the ufrag that a STUN check names, all else by its path.
/// The paths are those that ICE has validated, so their number is bounded by the agents'.
class Demux {
 public:
  using Slot = std::uint32_t;

  void add_ufrag(std::string_view ufrag, Slot slot);
  void remove_ufrag(std::string_view ufrag);
  std::optional<Slot> find_ufrag(std::string_view ufrag) const;

  /// Returns whose the path was until now, if another's.
  std::optional<Slot> assign(const Path& path, Slot slot);
  /// Only where it is `slot`'s.
  void remove(const Path& path, Slot slot);
  void remove_all(Slot slot);
  /// A path over TCP that was somebody's and is nobody's any more, each once.
  std::optional<Path> poll_released_stream();
  /// Its owner knows already.
  void forget_released_stream(const Path& path) { std::erase(released_streams_, path); }
  /// The datagrams of a burst come along one path: the latest is found without a search.
  std::optional<Slot> find(const Path& path) {
    if (latest_ && latest_->path == path) return latest_->slot;
    return search(path);
  }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  /// What leads to one transport, so that closing it costs nothing for the others.
  struct Owned {
    std::vector<std::string> ufrags;
    std::vector<Path> paths;
  };

  struct Found {
    Path path;
    Slot slot;
  };

  std::optional<Slot> search(const Path& path);
  void disown(const Path& path, Slot slot);
  void note_released(const Path& path);

  std::unordered_map<std::string, Slot, TextHash, std::equal_to<>> ufrags_;
  std::unordered_map<Path, Slot> paths_;
  std::unordered_map<Slot, Owned> owned_;
  std::vector<Path> released_streams_;
  std::optional<Found> latest_;  // Until any path changes hands.
};

}  // namespace sfu::core
