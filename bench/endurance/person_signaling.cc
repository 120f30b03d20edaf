#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "endurance/json_fields.h"
#include "endurance/person.h"
#include "ortc/json.h"

namespace sfu::endurance {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr TimeDelta kRetry = 500ms;

}  // namespace

void Person::come(Timestamp now) {
  stage_ = Stage::Joining;
  joining_since_ = now;
  connect(now);
}

void Person::connect(Timestamp now) {
  retry_at_ = now + kRetry;
  auto opened = load::SignalingConnection::open(world_.server, identity_.token, world_.random);
  if (!opened) return;
  connected_once_ = false;
  connected_to_server_ = world_.server_number;
  signaling_.emplace(std::move(*opened));
}

void Person::step_signaling(Timestamp now) {
  if (!signaling_) return;
  if (deaf_) return signaling_->flush();
  signaling_->handle_ready(now);
  if (!connected_once_ && signaling_->client().state() == load::SocketIoClient::State::Connected)
    join(now);
  while (const auto event = signaling_->client().poll_event()) handle_event(now, *event);
  signaling_->flush();
  if (std::exchange(give_up_connection_, false)) return lose_signaling(now, Ending::Reset);
  if (!signaling_->closed()) return;
  if (signaling_->reason() != "the connection broke")
    world_.journal.count("a connection ended: " + signaling_->reason());
  signaling_.reset();
  if (!absent_since_) absent_since_ = now;
  retry_at_ = now + kRetry;
}

void Person::request(Timestamp now, std::string_view name, const json::value& payload, Then then) {
  if (!signaling_) return;
  signaling_->client().request(now, name, payload, "",
                               [this, name = std::string(name), then = std::move(then)](
                                   Timestamp later, const Reply& reply) {
                                 if (!reply.ok)
                                   world_.journal.count(name + " was refused: " + reply.error);
                                 if (then) then(later, reply);
                               });
}

void Person::join(Timestamp now) {
  connected_once_ = true;
  const bool resume = stage_ == Stage::Settled;
  request(now, "join-room", json::object{{"roomId", identity_.room}, {"resume", resume}},
          [this, resume](Timestamp later, const Reply& reply) {
            if (!reply.ok) return void(give_up_connection_ = true);
            if (resume && flag_at(reply.fields, "resumed")) return come_back(later, reply.fields);
            if (resume) note_lost_stay(later);
            begin_anew(later, reply.fields);
          });
}

/// By docs/api.md a stay is kept for the grace period, unless its server died.
void Person::note_lost_stay(Timestamp now) {
  const TimeDelta absent = absent_since_ ? now - *absent_since_ : TimeDelta(0);
  constexpr TimeDelta kUnsure = 1s;
  if (settled_at_server_ == world_.server_number && absent + kUnsure < world_.grace)
    world_.journal.fail(identity_.user_id + " came back after " +
                        std::to_string(absent.count() / 1000) + " ms and its stay was not kept");
}

void Person::begin_anew(Timestamp now, const json::object& fields) {
  stage_ = Stage::Joining;
  if (!joining_since_) joining_since_ = now;
  settled_at_server_ = connected_to_server_;
  absent_since_.reset();
  const json::object* const capabilities = object_at(fields, "rtpCapabilities");
  router_capabilities_ = capabilities ? *capabilities : json::object();
  while (!consumers_.empty()) remove_consumer(std::string(consumers_.begin()->first));
  for (Track& one : tracks_) stop_sending(one);
  carriers_.clear();
  capabilities_set_ = false;
  restarting_.clear();
  browser_ = std::make_unique<sim::Browser>(world_.dtls, world_.server_ip, random_.next_u64());
  for (const char* direction : {"send", "recv"})
    request(now, "create-webrtc-transport",
            json::object{{"roomId", identity_.room}, {"direction", direction}},
            [this, direction = std::string(direction)](Timestamp later, const Reply& reply) {
              if (reply.ok) open(later, direction, reply.fields);
            });
}

void Person::open(Timestamp now, const std::string& direction, const json::object& fields) {
  auto offer = read_offer(fields);
  if (!offer) return world_.journal.fail(identity_.user_id + " got a transport that is none");
  udp_ = offer->udp;
  tcp_ = offer->tcp;
  offer->remote.server = protocol_ == IpProtocol::Tcp ? tcp_ : udp_;
  request(now, "connect-webrtc-transport", load::connect_request(direction, world_.fingerprint),
          nullptr);
  if (direction == "send") {
    browser_->open_send(now, offer->remote);
    for (Track& one : tracks_)
      if (one.wanted) produce(now, one);
    return;
  }
  browser_->open_receive(now, offer->remote);
  request(now, "set-rtp-capabilities",
          json::object{{"rtpCapabilities", load::receive_capabilities(router_capabilities_)}},
          [this](Timestamp, const Reply& reply) { capabilities_set_ = reply.ok; });
}

void Person::settle(Timestamp now) {
  if (stage_ != Stage::Joining || !signaling_ || !capabilities_set_) return;
  if (!browser_->send_connected() || !browser_->receive_connected()) return;
  if (!std::ranges::all_of(tracks_, [](const Track& one) { return !one.wanted || one.produced; }))
    return;
  stage_ = Stage::Settled;
  gone_for_long_ = false;
  if (joining_since_)
    world_.journal.note(identity_.user_id + " settled after " +
                        std::to_string((now - *joining_since_).count() / 1000) + " ms");
  joining_since_.reset();
}

void Person::produce(Timestamp now, Track& track) {
  if (track.asked) return;
  track.asked = true;
  track.ssrc = Ssrc{random_.next_u32() & 0x7ffffffe};
  track.mid = std::to_string(next_mid_++);
  request(now, "create-producer",
          json::object{
              {"kind", track.is_video ? "video" : "audio"},
              {"rtpParameters", ortc::to_json(publishing(track.is_video, track.mid, track.ssrc))},
              {"appData", json::object{{"screen", track.media == "screen-video"}}}},
          [this, media = track.media, ssrc = track.ssrc](Timestamp later, const Reply& reply) {
            Track& one = this->track(media);
            if (!one.asked || one.ssrc != ssrc) return;  // It was given up meanwhile.
            one.produced = reply.ok;
            one.asked = reply.ok;
            if (reply.ok && one.paused) set_paused(later, media, true);
          });
}

void Person::restart_direction(Timestamp now, const std::string& direction) {
  restarting_.insert(direction);
  request(
      now, "restart-ice", json::object{{"direction", direction}},
      [this, direction](Timestamp, const Reply& reply) {
        restarting_.erase(direction);
        const json::object* const ice = object_at(reply.fields, "iceParameters");
        if (!reply.ok || !ice || stage_ != Stage::Settled) return;
        const bool is_send = direction == "send";
        (browser_.get()->*(is_send ? &sim::Browser::restart_send : &sim::Browser::restart_receive))(
            text_at(*ice, "usernameFragment"), text_at(*ice, "password"));
      });
}

void Person::handle_event(Timestamp now, const load::SocketIoClient::Event& event) {
  const json::object* const payload = event.payload.if_object();
  if (!payload) return;
  if (event.name == "new-consumer") {
    add_consumer(now, event.payload);
  } else if (event.name == "consumer-closed") {
    remove_consumer(text_at(*payload, "consumerId"));
  } else if (event.name == "transport-state-changed") {
    if (text_at(*payload, "iceState") == "disconnected" && stage_ == Stage::Settled)
      restart_direction(now, text_at(*payload, "direction"));
  } else if (event.name == "participant-replaced") {
    world_.journal.fail(identity_.user_id + " was replaced, and by nobody");
  } else if (event.name == "error") {
    world_.journal.count("an error of the server's: " + json::serialize(*payload));
  }
}

void Person::add_consumer(Timestamp now, const json::value& event) {
  const auto offer = load::read_new_consumer(event);
  if (!offer || !browser_)
    return world_.journal.fail(identity_.user_id + " got a consumer that no browser could use");
  if (consumers_.contains(offer->consumer_id)) return;
  const std::string media = text_at(event.get_object(), "mediaType");
  consumers_[offer->consumer_id] = {offer->participant_id, media, offer->ssrc};
  sim::StreamReceiver::Options options;
  options.is_video = !offer->is_audio;
  options.ssrc = offer->ssrc;
  if (offer->rtx_ssrc.value != 0) options.rtx_ssrc = offer->rtx_ssrc;
  options.payload_type = offer->payload_type;
  options.rtx_payload_type = offer->rtx_payload_type;
  options.mid = offer->mid;
  options.mid_id = offer->mid_id;
  options.clock_rate = offer->is_audio ? 48'000 : 90'000;
  options.frame_interval = frame_interval(media);
  browser_->add_receiver(std::move(options));
  request(now, "resume-consumer", json::object{{"consumerId", offer->consumer_id}}, nullptr);
}

void Person::collect_complaints(const sim::StreamReceiver& receiver) {
  for (const std::string& complaint : receiver.complaints())
    world_.journal.fail(identity_.user_id + " got what no right server sends: " + complaint);
}

void Person::remove_consumer(const std::string& id) {
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return;
  const Consumer& consumer = found->second;
  if (const sim::StreamReceiver* const receiver = receiver_of(consumer)) {
    collect_complaints(*receiver);
    earlier_frames_[{consumer.publisher, consumer.media}] += receiver->frames_decoded();
    frames_decoded_ += receiver->frames_decoded();
  }
  browser_->remove_receiver(consumer.ssrc);
  consumers_.erase(found);
}

// --- coming back ---

void Person::come_back(Timestamp now, const json::object& fields) {
  absent_since_.reset();
  joining_since_.reset();
  gone_for_long_ = false;
  if (array_at(fields, "transports").size() != 2)
    world_.journal.fail(identity_.user_id + " came back to " +
                        std::to_string(array_at(fields, "transports").size()) + " transports");
  reconcile_tracks(now, fields);
  reconcile_consumers(now, fields);
  for (const json::value& one : array_at(fields, "transports"))
    if (const json::object* const transport = one.if_object())
      if (text_at(*transport, "iceState") == "disconnected")
        restarting_.insert(text_at(*transport, "direction"));
  for (const std::string& direction : std::set(restarting_)) restart_direction(now, direction);
}

void Person::reconcile_tracks(Timestamp now, const json::object& fields) {
  for (Track& one : tracks_) {
    const json::object* producer = nullptr;
    for (const json::value& value : array_at(fields, "producers"))
      if (const json::object* const object = value.if_object())
        if (text_at(*object, "mediaType") == one.media) producer = object;
    if (one.wanted && (!producer || !one.produced)) {
      stop_sending(one);
      produce(now, one);
    } else if (!one.wanted && producer) {
      request(now, "close-producer", json::object{{"kind", one.media}}, nullptr);
    } else if (one.wanted && (flag_at(*producer, "paused") != one.paused || one.resuming)) {
      set_paused(now, one.media, one.paused);
    }
  }
}

void Person::reconcile_consumers(Timestamp now, const json::object& fields) {
  std::set<std::string> kept;
  for (const json::value& value : array_at(fields, "consumers")) {
    const json::object* const object = value.if_object();
    if (!object) continue;
    const std::string id = text_at(*object, "consumerId");
    kept.insert(id);
    if (!consumers_.contains(id)) {
      add_consumer(now, value);
    } else if (flag_at(*object, "paused")) {
      request(now, "resume-consumer", json::object{{"consumerId", id}}, nullptr);
    }
  }
  std::vector<std::string> closed;
  for (const auto& [id, consumer] : consumers_)
    if (!kept.contains(id)) closed.push_back(id);
  for (const std::string& id : closed) remove_consumer(id);
}

}  // namespace sfu::endurance
