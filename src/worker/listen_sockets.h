#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/result.h"
#include "io/tcp_socket.h"
#include "io/udp_socket.h"

namespace sfu::worker {

struct PortRange {
  std::uint16_t min = 0;
  std::uint16_t max = 0;  // Inclusive.
};

/// One worker's sockets: one for each listen address, all on the same port.
using ListenSockets = std::vector<io::UdpSocket>;

/// Binds for `count` workers. Worker i takes port min + i where that is free on every address, else
/// a free port from the rest of the range. The error names the setting that is to be changed.
Result<std::vector<ListenSockets>, std::string> bind_listen_sockets(
    std::span<const IpAddress> addresses, PortRange range, std::size_t count);

/// One worker's listening TCP sockets: one for each listen address, all on the same port.
using StreamListeners = std::vector<io::TcpListener>;

/// Binds TCP for the workers that have `udp_ports`: each takes the number of its UDP port where
/// that is free on every address, else a free one from the rest of the range. `avoided`, where HTTP
/// is to listen, is left free. A worker for which nothing is free gets no listeners.
std::vector<StreamListeners> bind_stream_listeners(std::span<const IpAddress> addresses,
                                                   PortRange range,
                                                   std::span<const std::uint16_t> udp_ports,
                                                   std::optional<std::uint16_t> avoided);

}  // namespace sfu::worker
