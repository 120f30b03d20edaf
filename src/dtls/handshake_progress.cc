#include "dtls/handshake_progress.h"

#include <openssl/ssl3.h>

namespace sfu::dtls {

void HandshakeProgress::note_sent(std::uint8_t handshake_type) { last_sent_ = handshake_type; }

void HandshakeProgress::note_received(std::uint8_t handshake_type) {
  last_received_ = handshake_type;
  ++messages_received_;
}

std::string_view HandshakeProgress::text() const {
  return role_ == Role::Client ? client_text() : server_text();
}

std::string_view HandshakeProgress::client_text() const {
  if (last_sent_ == 0) return "ClientHello not yet sent";
  switch (last_received_) {
    case 0:
      return any_datagram_ ? "ClientHello sent, no whole ServerHello came"
                           : "ClientHello sent, ServerHello never came";
    case SSL3_MT_FINISHED: return "handshake complete";
    case SSL3_MT_SERVER_DONE:
      return last_sent_ == SSL3_MT_FINISHED ? "Finished sent, the server's Finished awaited"
                                            : "the server's flight came, ours not yet sent";
    default: return "ServerHello came, the rest of the server's flight awaited";
  }
}

std::string_view HandshakeProgress::server_text() const {
  switch (last_received_) {
    case 0:
      return any_datagram_ ? "datagrams came, but no whole ClientHello" : "ClientHello never came";
    case SSL3_MT_CLIENT_HELLO:
      return last_sent_ == 0 ? "ClientHello came, ServerHello not sent"
                             : "ServerHello sent, the client's certificate awaited";
    case SSL3_MT_FINISHED:
      return last_sent_ == SSL3_MT_FINISHED ? "handshake complete"
                                            : "the client's Finished came, ours not sent";
    default: return "the client's certificate came, its Finished awaited";
  }
}

}  // namespace sfu::dtls
