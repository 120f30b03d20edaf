#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/units.h"
#include "core/events.h"
#include "ortc/parameters.h"
#include "service/consumer_handler.h"
#include "service/payload_fields.h"
#include "service/producer_handler.h"
#include "signaling/auth/jwt.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

class Worker;

/// One stay of one person in one room. Never used twice, so an id that is looked up after a wait
/// cannot name somebody else.
using ParticipantId = StrongId<struct ParticipantIdTag, std::uint64_t>;

/// The service's view of a transport.
struct Transport {
  TransportId id;
  bool heard = false;          // An authenticated packet has come.
  bool connected = false;      // connect-webrtc-transport has succeeded.
  std::string cname;           // Of all producers on it, from the first one on.
  std::uint32_t next_mid = 0;  // Of its consumers.
  // As its worker told last.
  core::IceState ice = core::IceState::New;
  core::DtlsState dtls = core::DtlsState::New;
};

/// A person in a room, through one connection at a time. One whose connection broke off has
/// vanished: it is kept with its media until it comes back through another connection or its grace
/// ends.
class Participant {
 public:
  using ConnectionId = signaling::socketio::ConnectionId;

  Participant(ParticipantId id, ConnectionId connection, signaling::auth::Identity identity)
      : id_(id), connection_(connection), identity_(std::move(identity)) {}

  ParticipantId id() const { return id_; }
  /// Of one that has vanished, the connection that broke off.
  ConnectionId connection() const { return connection_; }
  bool has_vanished() const { return vanished_at_.has_value(); }
  std::optional<Timestamp> vanished_at() const { return vanished_at_; }
  void vanish(Timestamp now) { vanished_at_ = now; }
  void move_to(ConnectionId connection) {
    connection_ = connection;
    vanished_at_.reset();
  }

  /// What clients call participantId.
  const std::string& user_id() const { return identity_.user_id; }
  /// `{ email, userId, name? }`
  boost::json::object user_info() const;

  /// Where its transports are, from before the first one on; it never moves.
  Worker* worker() const { return worker_; }
  void place_on(Worker& worker) { worker_ = &worker; }

  std::optional<Transport>& transport(Direction direction) {
    return transports_[static_cast<std::size_t>(direction)];
  }
  const std::optional<Transport>& transport(Direction direction) const {
    return transports_[static_cast<std::size_t>(direction)];
  }
  /// An authenticated packet has come on one of its transports.
  bool has_been_heard() const;

  ProducerHandler& producers() { return producers_; }
  const ProducerHandler& producers() const { return producers_; }
  ConsumerHandler& consumers() { return consumers_; }
  const ConsumerHandler& consumers() const { return consumers_; }

  /// True from the first transport on: the others know of this participant.
  bool announced = false;
  /// Came back without asking to resume. A client that knows nothing of it makes everything anew,
  /// and needs to be told of the others with its first transport.
  bool may_start_anew = false;
  std::optional<ortc::RtpCapabilities> capabilities;

 private:
  const ParticipantId id_;
  ConnectionId connection_;
  std::optional<Timestamp> vanished_at_;
  const signaling::auth::Identity identity_;
  Worker* worker_ = nullptr;
  std::array<std::optional<Transport>, 2> transports_;
  ProducerHandler producers_;
  ConsumerHandler consumers_;
};

}  // namespace sfu::service
