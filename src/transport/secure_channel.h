#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/fifo.h"
#include "base/random.h"
#include "base/result.h"
#include "base/sans_io.h"
#include "dtls/association.h"
#include "ice/lite_agent.h"
#include "srtp/inbound_session.h"
#include "srtp/outbound_session.h"
#include "transport/offender_watch.h"

namespace sfu::transport {

struct Fingerprint {
  crypto::HashAlgorithm algorithm = crypto::HashAlgorithm::Sha256;
  std::string value;
};

enum class ConnectError : std::uint8_t {
  AlreadyConnected,  // connect() was called before.
  NoFingerprint,     // None that this server can check.
};

/// The owner's table of paths and ufrags has to follow.
using RoutingEvent = std::variant<ice::PathAdded, ice::PathRemoved, ice::UfragRetired>;

/// One peer's ICE, DTLS and SRTP: a way for packets that is open once the peer has proved that it
/// holds the certificate which was signaled. Sans-IO.
class SecureChannel {
 public:
  struct StateChanged {
    ice::State ice;
    dtls::State dtls;
  };
  using Event = std::variant<RoutingEvent, StateChanged>;

  /// `context` and `ciphers` outlive the channel.
  SecureChannel(const dtls::Context& context, srtp::CipherBackend& ciphers,
                ice::Credentials credentials);

  /// What the peer said in signaling. `remote_is_server`: it waits for our ClientHello. Of several
  /// fingerprints the strongest hash counts.
  Result<void, ConnectError> connect(Timestamp now, bool remote_is_server,
                                     std::span<const Fingerprint> fingerprints);

  /// As LiteAgent::restart().
  void restart_ice(ice::Credentials fresh);

  ice::Outcome handle_stun(Timestamp now, const Path& path, Bytes datagram);
  /// Dropped unless `path` is validated (RFC 8827 §6.5 lets DTLS run only over ICE).
  void handle_dtls(Timestamp now, const Path& path, Bytes datagram);
  /// The decrypted packet at the front of `packet`, or nothing: not validated, no keys yet, or
  /// refused by SRTP.
  std::optional<MutableBytes> unprotect_rtp(const Path& path, MutableBytes packet);
  std::optional<MutableBytes> unprotect_rtcp(const Path& path, MutableBytes packet);

  void handle_timeout(Timestamp now);
  std::optional<Timestamp> next_timeout() const;
  std::optional<Transmit> poll_transmit();
  std::optional<Event> poll_event();

  /// Says goodbye to the peer; poll_transmit() has the datagram.
  void close();
  /// Another transport has got `path`.
  void forget_path(const Path& path);

  const ice::Credentials& credentials() const { return ice_.credentials(); }
  ice::State ice_state() const { return ice_.state(); }
  dtls::State dtls_state() const { return dtls_.state(); }
  const std::optional<Path>& selected_path() const { return ice_.selected_path(); }
  /// Protects what leaves; null until the handshake is done and the fingerprint checked, and where
  /// there is no path to send along.
  srtp::OutboundSession* outbound();
  std::string_view srtp_profile() const;  // Empty before the keys are there.
  /// How many datagrams were refused; by its ICE, by its DTLS, by its SRTP.
  const Refusals& refusals() const { return refusals_; }

  /// One line: how far ICE and DTLS came and what is missing. `candidates` is what was announced;
  /// where they are not this machine's own addresses, nobody can tell to which of them a check
  /// came, so they are named only if none came at all.
  std::string describe(std::span<const Endpoint> candidates, bool are_local) const;

 private:
  void drain_ice();
  void drain_dtls();
  void report_state();

  const dtls::Context& context_;
  srtp::CipherBackend& ciphers_;
  ice::LiteAgent ice_;
  dtls::Association dtls_;
  bool connect_called_ = false;
  std::optional<srtp::InboundSession> inbound_;
  std::optional<srtp::OutboundSession> outbound_;
  StateChanged reported_{ice::State::New, dtls::State::New};
  std::string failure_;
  Refusals refusals_;
  Fifo<Transmit> outbox_;  // Bounded by one flight: the owner drains after each call.
  Fifo<Event> events_;
};

}  // namespace sfu::transport
