#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/units.h"
#include "crypto/certificate.h"
#include "crypto/srtp_keys.h"
#include "dtls/context.h"
#include "dtls/role.h"

namespace sfu::dtls {

enum class State : std::uint8_t {
  New,                  // Nothing sent, nothing received.
  Connecting,           // The handshake runs.
  AwaitingFingerprint,  // The handshake is done, the fingerprint to check is not yet known.
  Connected,            // Done, checked, keys handed out.
  Closed,               // By close_notify of the peer, or by close().
  Failed,
};

enum class FailureReason : std::uint8_t {
  Timeout,              // The peer fell silent, or never spoke after our ClientHello.
  FingerprintMismatch,  // The peer's certificate is not the one that was signaled.
  NoSrtpProfile,        // Nothing in common among the SRTP protection profiles.
  PeerAlert,            // The peer sent a fatal alert.
  ProtocolError,        // The peer sent what DTLS does not allow, or nothing we both speak.
};

std::string_view to_string(State state);
std::string_view to_string(FailureReason reason);

/// The certificate is the signaled one; media may pass.
struct Connected {
  crypto::SrtpKeyMaterial local;   // protects what we send
  crypto::SrtpKeyMaterial remote;  // unprotects what we receive
};
struct Failed {
  FailureReason reason;
  std::string detail;  // For the log: what exactly, and how far the handshake had come.
};
/// The peer said close_notify.
struct Closed {};
using Event = std::variant<Connected, Failed, Closed>;

/// One DTLS 1.2 association (RFC 6347) that yields SRTP keys (RFC 5764) and carries nothing else:
/// application data is dropped. It is made over OpenSSL, but without sockets and on our clock: the
/// engine itself keeps the last flight and sends it again (see Retransmission).
///
/// After each call that changes it, drain poll_transmit() and poll_event(), then call
/// handle_timeout() no later than next_timeout(). Feed it only datagrams from addresses that ICE
/// has validated.
class Association {
 public:
  struct Config {
    Role role = Role::Server;
    /// The largest datagram we send, without IP and UDP headers, in bytes; at least kMinMtu.
    std::size_t mtu = 1200;
  };

  static constexpr std::size_t kMinMtu = 256;
  /// Larger datagrams are dropped.
  static constexpr std::size_t kMaxDatagramSize = 2048;
  /// Datagrams that wait for poll_transmit(); the oldest of more are dropped.
  static constexpr std::size_t kMaxPendingDatagrams = 256;
  /// From start(), or from the first ClientHello, to Connected or AwaitingFingerprint.
  static constexpr TimeDelta kHandshakeTimeout = std::chrono::seconds(30);
  /// A fatal alert before the keys are agreed proves nothing about who sent it (RFC 6347
  /// §4.1.2.7): the handshake fails only where it makes no progress for this long afterwards.
  static constexpr TimeDelta kPlaintextAlertGrace = std::chrono::milliseconds(500);

  /// `context` outlives the association.
  Association(const Context& context, const Config& config);
  ~Association();
  Association(Association&&) noexcept;
  Association& operator=(Association&&) noexcept;

  /// Sends the ClientHello. Client only; later calls do nothing. A server answers the first
  /// ClientHello without being started.
  void start(Timestamp now);

  /// What the peer's certificate must be, as it was signaled; before or after the handshake. The
  /// first call counts.
  void set_remote_fingerprint(crypto::HashAlgorithm algorithm, std::string_view fingerprint);

  void handle_datagram(Timestamp now, Bytes datagram);
  void handle_timeout(Timestamp now);
  std::optional<std::vector<std::uint8_t>> poll_transmit();
  std::optional<Event> poll_event();
  std::optional<Timestamp> next_timeout() const;

  /// Says close_notify where there is somebody to say it to. No event follows.
  void close();

  State state() const;
  Role role() const;
  /// How far the handshake came, in words for a log line: "ClientHello never came",
  /// "ServerHello sent, the client's certificate awaited".
  std::string_view last_step() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfu::dtls
