#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "base/units.h"
#include "crypto/certificate.h"
#include "dtls/association.h"
#include "load/clock.h"
#include "load/datagram_socket.h"
#include "srtp/cipher_backend.h"
#include "srtp/inbound_session.h"
#include "srtp/outbound_session.h"
#include "stun/message.h"

namespace sfu::load {

/// A client's end of one transport: a socket, a controlling ICE agent with one candidate pair (RFC
/// 8445; the server is lite, so every check nominates, as browsers do), a DTLS client, SRTP.
class ClientTransport {
 public:
  /// Of ICE, the same for all clients: a server that checks them too has to know it.
  static constexpr std::string_view kPassword = "of-all-clients-of-sfu-load";

  struct Remote {
    Endpoint server;
    std::string ufrag;
    std::string password;
    crypto::HashAlgorithm hash = crypto::HashAlgorithm::Sha256;
    std::string fingerprint;
  };
  /// How long the server took, as seen from here.
  struct Times {
    std::optional<TimeDelta> check;    // From the first check to its answer.
    TimeDelta dtls_flights{};          // From each flight of ours to the answer's first datagram.
    std::optional<Timestamp> started;  // The first check.
    std::optional<Timestamp> connected;
  };
  struct Counters {
    std::uint64_t undecryptable = 0;
    std::uint64_t checks = 0;
    std::uint64_t answers = 0;  // Of checks, authentic.
  };
  /// No answer for so long: consent is lost (RFC 7675 §5.1).
  static constexpr TimeDelta kConsentTimeout = std::chrono::seconds(30);
  /// What send_rtp() adds at the end of a packet.
  static constexpr std::size_t kRtpRoom = srtp::kMaxRtpOverhead;

  /// What the clients of one process share.
  struct Shared {
    const dtls::Context& dtls;
    srtp::CipherBackend& ciphers;
    RandomSource& random;
  };

  /// What is `shared` outlives it.
  static Result<ClientTransport, std::string> open(const Shared& shared, Remote remote);

  int fd() const { return socket_.fd(); }
  void start(Timestamp now);
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;

  /// Decides on one datagram. A media packet is decrypted in place and returned.
  struct Media {
    MutableBytes packet;
    bool is_rtcp = false;
  };
  std::optional<Media> handle_datagram(Timestamp now, MutableBytes datagram);

  bool connected() const { return outbound_.has_value(); }
  /// Why there will be no connection, or empty.
  const std::string& failure() const { return failure_; }

  /// Encrypts the packet in place, which has kRtpRoom bytes of room behind it, and sends it.
  void send_rtp(MutableBytes packet_and_room);
  void send_rtcp(Bytes compound);

  DatagramSocket& socket() { return socket_; }
  const DatagramSocket& socket() const { return socket_; }
  const Times& times() const { return times_; }
  const Counters& counters() const { return counters_; }
  std::optional<srtp::Profile> profile() const;

 private:
  static constexpr TimeDelta kFirstChecks = std::chrono::milliseconds(50);
  static constexpr TimeDelta kConsentChecks = std::chrono::milliseconds(2500);

  ClientTransport(const Shared& shared, Remote remote, DatagramSocket socket);

  void send_check(Timestamp now);
  bool is_of_a_check(const stun::TransactionId& id) const;
  void handle_stun(Timestamp now, Bytes datagram);
  void answer_check(const stun::MessageView& check);
  void drain_dtls(Timestamp now);

  Shared shared_;
  Remote remote_;
  DatagramSocket socket_;
  dtls::Association dtls_;
  std::uint64_t tie_breaker_;
  std::string local_ufrag_;
  stun::TransactionId transaction_{};  // Of the latest check: its last byte counts them.
  Timestamp check_sent_at_;
  std::optional<Timestamp> next_check_;
  Timestamp last_answer_;
  std::optional<Timestamp> flight_sent_at_;
  std::optional<srtp::InboundSession> inbound_;
  std::optional<srtp::OutboundSession> outbound_;
  Times times_;
  Counters counters_;
  std::string failure_;
};

}  // namespace sfu::load
