#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/endpoint.h"
#include "base/units.h"
#include "load/client_transport.h"
#include "load/metrics.h"
#include "load/poller.h"
#include "load/signaling_connection.h"
#include "load/stream_verifier.h"
#include "rtp/ntp.h"

namespace sfu::load {

/// What all participants of a run share.
struct RunContext {
  const ServerAddress& server;
  IpAddress server_ip;
  ClientTransport::Shared shared;
  std::string fingerprint;  // Of the certificate that all clients have.
  rtp::NtpClock ntp;
  Poller& poller;
  std::uint32_t run = 0;  // See Stamp.
  /// Participant id to number of the publisher.
  std::unordered_map<std::string, std::uint32_t> publishers;
  bool has_layers = false;
  bool closing = false;  // Connections may end now.
  Window window;
  Nanoseconds realtime_offset{};
  Metrics& metrics;
  DatagramBatch batch;
};

/// A person in a meeting, as far as the server can tell: a signaling connection and one transport.
/// What goes wrong ends it, with a reason. Publisher and Viewer say what it does there.
class Participant {
 public:
  struct Identity {
    std::string user_id;
    std::string token;
    std::string room;
  };

  /// `context` outlives it; `slot` is its number in the poller.
  Participant(RunContext& context, std::uint32_t slot, Identity identity);
  virtual ~Participant() = default;
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  /// Connects and joins.
  void start(Timestamp now);
  void handle_signaling(Timestamp now);
  void handle_media(Timestamp now);
  virtual void handle_timeout(Timestamp now);
  virtual Timestamp next_timeout() const;
  void leave();

  /// In the meeting, with all media flowing.
  virtual bool settled() const = 0;
  const std::string& failure() const { return failure_; }
  const Identity& identity() const { return identity_; }
  const std::optional<ClientTransport>& transport() const { return transport_; }

 protected:
  enum class Direction : std::uint8_t { Send, Receive };

  virtual Direction direction() const = 0;
  /// The payloads of create-producer to come.
  virtual boost::json::array intended_producers() const { return {}; }
  /// The server has been told of our end of the transport; DTLS may still be on its way.
  virtual void handle_transport_announced(Timestamp now) = 0;
  virtual void handle_connected(Timestamp now) = 0;
  virtual void handle_event(Timestamp now, const SocketIoClient::Event& event) = 0;
  virtual void handle_rtp(Nanoseconds arrival, MutableBytes packet) = 0;
  virtual void handle_rtcp(Timestamp now, Bytes compound) = 0;

  /// Fails the participant where the reply is not good; else calls `then`.
  void request(Timestamp now, std::string_view name, const boost::json::object& payload,
               std::string_view reply_event, std::optional<JoinStep> step,
               SocketIoClient::OnReply then);
  void add_step(JoinStep step, TimeDelta time);
  void finish_join() { context_.metrics.add_step(JoinStep::ServerTime, server_time_); }
  void fail(const std::string& why);

  RunContext& context_;
  std::optional<ClientTransport> transport_;
  std::optional<Timestamp> joining_since_;
  const boost::json::object& router_capabilities() const { return router_capabilities_; }

 private:
  void join(Timestamp now);
  void create_transport(Timestamp now);
  void open_transport(Timestamp now, const boost::json::object& reply);
  void announce_once(Timestamp now);
  void look_for_connection(Timestamp now);

  const Identity identity_;
  const std::uint32_t slot_;
  std::optional<SignalingConnection> signaling_;
  Timestamp started_at_;
  boost::json::object router_capabilities_;
  /// A server that negotiates by SDP asks for it: with create-webrtc-transport the client says what
  /// it will send and by which certificate.
  bool announces_early_ = false;
  bool announced_ = false;
  bool connected_ = false;
  TimeDelta server_time_{};
  std::string failure_;
};

}  // namespace sfu::load
