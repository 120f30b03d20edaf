#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "crypto/certificate.h"
#include "dtls/association.h"
#include "sim/network.h"
#include "srtp/inbound_session.h"
#include "srtp/outbound_session.h"

namespace sfu::sim {

/// The client's end of one transport, as a browser has it: a full ICE agent that checks one
/// candidate, a DTLS client, SRTP.
class PeerChannel {
 public:
  struct Remote {
    Endpoint server;
    std::string ufrag;
    std::string password;
    std::string sha256_fingerprint;
  };
  struct Plain {
    bool is_rtcp = false;
    std::vector<std::uint8_t> bytes;
  };

  PeerChannel(const dtls::Context& context, const Endpoint& local, Remote remote,
              RandomSource& random);

  void start(Timestamp now);
  /// A media packet of the server, if the datagram was one that is authentic.
  std::optional<Plain> handle_datagram(Timestamp now, const Path& path, Bytes datagram);
  void handle_timeout(Timestamp now);
  Timestamp next_timeout() const;
  void flush(Outbox& outbox);

  bool connected() const { return outbound_.has_value(); }
  void send_rtp(Bytes packet);
  void send_rtcp(Bytes compound);

  /// The network under the client changes: it goes on from another address, and checks it.
  void move_to(const Endpoint& local);
  /// The same, but the client does not know, as behind a NAT that forgot it.
  void rebind(const Endpoint& local) { local_ = local; }
  /// From now on it talks to this address of the server.
  void talk_to(const Endpoint& server);
  /// Follows an ICE restart: its checks carry these from now on.
  void restart_ice(std::string ufrag, std::string password);
  const Endpoint& local() const { return local_; }
  const Remote& remote() const { return remote_; }
  /// Datagrams that came from another address than the one that this end talks to.
  std::uint64_t strays() const { return strays_; }

 private:
  static constexpr TimeDelta kFirstChecks = std::chrono::milliseconds(50);
  static constexpr TimeDelta kLaterChecks = std::chrono::milliseconds(2500);

  void send_check(Timestamp now);
  void handle_stun(Timestamp now, Bytes datagram);
  void drain_dtls();
  void put(Bytes datagram);
  Path path() const { return {local_, remote_.server, IpProtocol::Udp}; }

  Endpoint local_;
  Remote remote_;
  RandomSource& random_;
  dtls::Association dtls_;
  bool answered_ = false;
  std::uint64_t strays_ = 0;
  std::optional<Timestamp> next_check_;
  /// Not the one that a server prefers, where it can choose: they have to agree.
  const std::unique_ptr<srtp::CipherBackend> ciphers_ =
      srtp::make_cipher_backend(srtp::CipherLibrary::OpenSsl);
  std::optional<srtp::InboundSession> inbound_;
  std::optional<srtp::OutboundSession> outbound_;
  std::vector<std::pair<Path, std::vector<std::uint8_t>>> outbox_;
};

}  // namespace sfu::sim
