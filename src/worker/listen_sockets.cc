#include "worker/listen_sockets.h"

#include <utility>

namespace sfu::worker {
namespace {

template <class Socket>
Result<std::vector<Socket>, std::string> bind_all(std::span<const IpAddress> addresses,
                                                  std::uint16_t port) {
  std::vector<Socket> sockets;
  for (const IpAddress& address : addresses) {
    auto socket = Socket::bind({address, port});
    if (!socket) return fail(std::move(socket.error()));
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

}  // namespace

Result<std::vector<ListenSockets>, std::string> bind_listen_sockets(
    std::span<const IpAddress> addresses, PortRange range, std::size_t count) {
  const std::size_t ports = std::size_t{range.max} - range.min + 1;
  const std::string range_text = std::to_string(range.min) + " to " + std::to_string(range.max);
  if (count > ports)
    return fail("MEDIASOUP_NUM_WORKERS is " + std::to_string(count) + ", but " +
                "MEDIASOUP_MIN_PORT to MEDIASOUP_MAX_PORT (" + range_text + ") has only " +
                std::to_string(ports) + " ports, and each worker needs one");

  std::vector<ListenSockets> workers(count);
  std::string reason;
  for (std::size_t i = 0; i < count; ++i) {
    auto bound = bind_all<io::UdpSocket>(addresses, static_cast<std::uint16_t>(range.min + i));
    if (bound) workers[i] = std::move(*bound);
    if (!bound) reason = std::move(bound.error());
  }
  std::size_t spare = count;
  for (ListenSockets& worker : workers) {
    while (worker.empty() && spare < ports) {
      auto bound =
          bind_all<io::UdpSocket>(addresses, static_cast<std::uint16_t>(range.min + spare++));
      if (bound) worker = std::move(*bound);
      if (!bound) reason = std::move(bound.error());
    }
    if (worker.empty())
      return fail("no free UDP port for a worker in MEDIASOUP_MIN_PORT to MEDIASOUP_MAX_PORT (" +
                  range_text + "): " + reason);
  }
  return workers;
}

std::vector<StreamListeners> bind_stream_listeners(std::span<const IpAddress> addresses,
                                                   PortRange range,
                                                   std::span<const std::uint16_t> udp_ports,
                                                   std::optional<std::uint16_t> avoided) {
  std::vector<StreamListeners> workers(udp_ports.size());
  const auto try_port = [&](StreamListeners& worker, std::uint16_t port) {
    if (port == avoided) return;
    if (auto bound = bind_all<io::TcpListener>(addresses, port)) worker = std::move(*bound);
  };
  for (std::size_t i = 0; i < workers.size(); ++i) try_port(workers[i], udp_ports[i]);
  std::uint32_t spare = range.min;
  for (StreamListeners& worker : workers)
    while (worker.empty() && spare <= range.max)
      try_port(worker, static_cast<std::uint16_t>(spare++));
  return workers;
}

}  // namespace sfu::worker
