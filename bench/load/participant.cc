#include "load/participant.h"

#include <algorithm>

#include "load/rtp_parameters.h"

namespace sfu::load {
namespace {

namespace json = boost::json;

/// Longest time from the start to being in the room with a transport.
constexpr TimeDelta kJoinTimeout = std::chrono::seconds(30);

}  // namespace

Participant::Participant(RunContext& context, std::uint32_t slot, Identity identity)
    : context_(context), identity_(std::move(identity)), slot_(slot) {}

void Participant::start(Timestamp now) {
  started_at_ = now;
  auto opened = SignalingConnection::open(context_.server, identity_.token, context_.shared.random);
  if (!opened) return fail(opened.error());
  signaling_.emplace(std::move(*opened));
  context_.poller.watch(signaling_->fd(), slot_, Poller::Kind::Signaling);
}

void Participant::handle_signaling(Timestamp now) {
  if (!signaling_ || signaling_->closed()) return;
  signaling_->handle_ready(now);
  if (signaling_->client().state() == SocketIoClient::State::Connected && !joining_since_)
    join(now);
  while (const auto event = signaling_->client().poll_event()) handle_event(now, *event);
  signaling_->flush();
  if (signaling_->closed() && !context_.closing) fail("signaling: " + signaling_->reason());
}

void Participant::join(Timestamp now) {
  joining_since_ = now;
  context_.metrics.add_step(JoinStep::Signaling, now - started_at_);
  request(now, "join-room", {{"roomId", identity_.room}}, "router-rtp-capabilities",
          JoinStep::JoinRoom, [this](Timestamp later, const SocketIoClient::Reply& reply) {
            const json::value* capabilities = reply.fields.if_contains("rtpCapabilities");
            if (!capabilities || !capabilities->is_object())
              return fail("join-room gave no rtpCapabilities");
            router_capabilities_ = capabilities->get_object();
            announces_early_ = reply.fields.contains("announceEarly");
            create_transport(later);
          });
}

void Participant::create_transport(Timestamp now) {
  const char* const name = direction() == Direction::Send ? "send" : "recv";
  json::object payload{{"roomId", identity_.room}, {"direction", name}};
  if (announces_early_) {
    payload = connect_request(name, context_.fingerprint);
    payload["roomId"] = identity_.room;
    payload["iceParameters"] = json::object{{"password", ClientTransport::kPassword}};
    payload["producers"] = intended_producers();
  }
  request(now, "create-webrtc-transport", payload, "webrtc-transport-created",
          JoinStep::CreateTransport, [this](Timestamp later, const SocketIoClient::Reply& reply) {
            open_transport(later, reply.fields);
          });
}

void Participant::open_transport(Timestamp now, const json::object& reply) {
  auto remote = read_transport(reply, context_.server_ip);
  if (!remote) return fail(remote.error());
  auto opened = ClientTransport::open(context_.shared, std::move(*remote));
  if (!opened) return fail(opened.error());
  transport_.emplace(std::move(*opened));
  context_.poller.watch(transport_->fd(), slot_, Poller::Kind::Media);
  request(now, "connect-webrtc-transport",
          connect_request(direction() == Direction::Send ? "send" : "recv", context_.fingerprint),
          "webrtc-transport-connected", JoinStep::Connect,
          [this](Timestamp later, const SocketIoClient::Reply&) { announce_once(later); });
  transport_->start(now);
}

/// Servers that never answer connect-webrtc-transport show by DTLS that they have understood it.
void Participant::announce_once(Timestamp now) {
  if (announced_) return;
  announced_ = true;
  handle_transport_announced(now);
}

void Participant::look_for_connection(Timestamp now) {
  if (!transport_->failure().empty()) fail(transport_->failure());
  if (connected_ || !transport_->connected()) return;
  connected_ = true;
  const ClientTransport::Times& times = transport_->times();
  if (times.check) add_step(JoinStep::Check, *times.check);
  add_step(JoinStep::Dtls, times.dtls_flights);
  announce_once(now);
  handle_connected(now);
  signaling_->flush();
}

void Participant::handle_media(Timestamp now) {
  if (!transport_) return;
  DatagramBatch& batch = context_.batch;
  transport_->socket().receive(context_.realtime_offset, batch);
  for (std::size_t i = 0; i < batch.count; ++i) {
    DatagramBatch::Item& item = batch.items[i];
    const auto media = transport_->handle_datagram(now, MutableBytes(item.bytes).first(item.size));
    if (!media) continue;
    if (media->is_rtcp) {
      handle_rtcp(now, media->packet);
    } else {
      context_.metrics.read_delay.add(to_nanoseconds(now) - item.arrived_at);
      handle_rtp(item.arrived_at, media->packet);
    }
  }
  look_for_connection(now);
}

void Participant::handle_timeout(Timestamp now) {
  if (!failure_.empty()) return;
  if (!connected_ && now - started_at_ > kJoinTimeout) return fail("the join took too long");
  if (!transport_) return;
  transport_->handle_timeout(now);
  look_for_connection(now);
}

Timestamp Participant::next_timeout() const {
  if (!failure_.empty()) return Timestamp::max();
  Timestamp next = connected_ ? Timestamp::max() : started_at_ + kJoinTimeout + TimeDelta(1);
  if (transport_) next = std::min(next, transport_->next_timeout());
  return next;
}

void Participant::leave() {
  if (!signaling_ || signaling_->closed()) return;
  signaling_->client().close();
  signaling_->flush();
}

void Participant::request(Timestamp now, std::string_view name, const json::object& payload,
                          std::string_view reply_event, std::optional<JoinStep> step,
                          SocketIoClient::OnReply then) {
  signaling_->client().request(now, name, payload, reply_event,
                               [this, name = std::string(name), step, then = std::move(then)](
                                   Timestamp later, const SocketIoClient::Reply& reply) {
                                 context_.metrics.add_answer(reply.elapsed);
                                 if (step) add_step(*step, reply.elapsed);
                                 if (!reply.ok) return fail(name + " failed: " + reply.error);
                                 if (then) then(later, reply);
                               });
}

void Participant::add_step(JoinStep step, TimeDelta time) {
  context_.metrics.add_step(step, time);
  server_time_ += time;
}

void Participant::fail(const std::string& why) {
  if (failure_.empty()) failure_ = why;
}

}  // namespace sfu::load
