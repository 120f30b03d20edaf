#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "dtls/role.h"

namespace sfu::dtls {

/// How far a handshake came: the last messages that went each way, for the one line that says why a
/// call does not connect.
class HandshakeProgress {
 public:
  explicit HandshakeProgress(Role role) : role_(role) {}

  void note_datagram() { any_datagram_ = true; }
  void note_sent(std::uint8_t handshake_type);
  void note_received(std::uint8_t handshake_type);

  /// Grows with each whole message that is received.
  std::uint32_t messages_received() const { return messages_received_; }
  /// "ServerHello sent, the client's certificate awaited"
  std::string_view text() const;

 private:
  std::string_view client_text() const;
  std::string_view server_text() const;

  Role role_;
  bool any_datagram_ = false;
  std::uint8_t last_sent_ = 0;
  std::uint8_t last_received_ = 0;
  std::uint32_t messages_received_ = 0;
};

}  // namespace sfu::dtls
