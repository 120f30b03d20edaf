#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/units.h"

namespace sfu {

struct Datagram {
  Path path;
  Bytes payload;  // Borrowed for the duration of the call.
};

struct Transmit {
  Path path;
  std::vector<std::uint8_t> payload;
};

/// Protocol logic without sockets, threads or clocks. After each handle_*() call, drain
/// poll_transmit(), then wake the peer no later than next_timeout().
template <class T>
concept SansIo = requires(T peer, const T& view, Timestamp now, const Datagram& datagram) {
  peer.handle_datagram(now, datagram);
  peer.handle_timeout(now);
  { peer.poll_transmit() } -> std::same_as<std::optional<Transmit>>;
  { view.next_timeout() } -> std::same_as<std::optional<Timestamp>>;
};

}  // namespace sfu
