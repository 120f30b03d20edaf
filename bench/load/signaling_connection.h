#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "io/file_descriptor.h"
#include "io/socket_address.h"
#include "load/socketio_client.h"

namespace sfu::load {

/// Where a server is reached: http://host:port.
struct ServerAddress {
  std::string host;  // As the Host header has it, port included.
  io::SocketAddress address;

  static Result<ServerAddress, std::string> resolve(std::string_view url);
};

/// A Socket.IO client on a TCP connection of its own.
class SignalingConnection {
 public:
  static Result<SignalingConnection, std::string> open(const ServerAddress& server,
                                                       std::string_view token,
                                                       RandomSource& random);

  int fd() const { return fd_.get(); }
  /// The descriptor is readable or writable.
  void handle_ready(Timestamp now);
  /// Writes what waits, as far as it goes.
  void flush();
  bool wants_to_write() const { return !client_.output().empty(); }
  bool closed() const { return broken_ || client_.state() == SocketIoClient::State::Closed; }
  std::string reason() const { return broken_ ? "the connection broke" : client_.reason(); }

  SocketIoClient& client() { return client_; }

 private:
  SignalingConnection(io::FileDescriptor fd, SocketIoClient client)
      : fd_(std::move(fd)), client_(std::move(client)) {}

  io::FileDescriptor fd_;
  SocketIoClient client_;
  bool broken_ = false;
};

/// One POST of JSON, waited for. The body of an answer of status 200, else what went wrong.
Result<std::string, std::string> post_json(const ServerAddress& server, std::string_view target,
                                           std::string_view body);

}  // namespace sfu::load
