#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/certificate.h"
#include "crypto/srtp_keys.h"
#include "dtls/context.h"
#include "dtls/datagram_bio.h"
#include "dtls/handshake_progress.h"
#include "dtls/record_protection.h"
#include "dtls/role.h"

namespace sfu::dtls {

/// OpenSSL's side of one association: datagrams in, flights out, no clock. OpenSSL never sends
/// anything again by itself. It lives until the handshake is done and checked; RecordProtection
/// goes on from there. While it waits for a fingerprint its record buffers, 33 KiB, exist only
/// within a call.
class TlsSession {
 public:
  enum class Status : std::uint8_t {
    WantsInput,  // All is well, and nothing to do before the next datagram.
    Done,        // The handshake is complete.
    PeerClosed,  // close_notify came.
    Failed,      // See error().
  };

  /// How many copies a client makes of its last flight, beside the flight itself. A server that has
  /// it already and whose own Finished was lost takes it as a replay unless it comes in records
  /// with new numbers, which only OpenSSL can write. (OpenSSL fails after 12.)
  static constexpr int kSpareFlights = 10;

  TlsSession(const Context& context, Role role, std::size_t mtu);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Goes on with the handshake; a client begins it with an empty datagram.
  Status handshake(Bytes datagram);
  /// After the handshake: heeds the alerts in a datagram, and drops its application data.
  Status read(Bytes datagram);
  void send_close_notify();

  /// What is to be sent: the flight, and after it the copies to be sent in its place later.
  std::vector<Flight> take_flights() { return pipe_.take_flights(); }

  const HandshakeProgress& progress() const { return progress_; }
  HandshakeProgress& progress() { return progress_; }
  /// Why it failed, in OpenSSL's words.
  const std::string& error() const { return error_; }
  /// The fatal alert that the peer sent under the agreed keys.
  std::optional<std::uint8_t> peer_alert() const { return peer_alert_; }

  // Once the handshake is complete.
  bool peer_certificate_matches(crypto::HashAlgorithm algorithm,
                                std::string_view fingerprint) const;
  struct SrtpKeys {
    crypto::SrtpKeyMaterial client;  // protects what the client sends
    crypto::SrtpKeyMaterial server;
  };
  /// Nothing where no profile was agreed.
  std::optional<SrtpKeys> export_srtp_keys() const;
  /// What goes on in place of this session.
  RecordProtection record_protection() const { return {*ssl_, role_}; }

 private:
  static void on_message(int is_write, int version, int content_type, const void* data,
                         std::size_t size, SSL* ssl, void* session);
  static unsigned int retransmit_delay_us(SSL* ssl, unsigned int previous_us);
  Status status_of(int result);

  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };
  const Role role_;
  DatagramPipe pipe_;
  HandshakeProgress progress_;
  int spare_flights_left_ = kSpareFlights;
  std::string error_;
  std::optional<std::uint8_t> peer_alert_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

/// "handshake_failure", or "alert 99" (RFC 5246 §7.2).
std::string alert_text(std::uint8_t alert);

}  // namespace sfu::dtls
