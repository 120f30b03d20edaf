#include "transport/webrtc_transport.h"

#include <algorithm>
#include <utility>

namespace sfu::transport {
namespace {

std::optional<Timestamp> earlier(std::optional<Timestamp> a, std::optional<Timestamp> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

template <class Owned, class Id>
auto find_by_id(std::vector<std::unique_ptr<Owned>>& owned, Id id) {
  return std::find_if(owned.begin(), owned.end(),
                      [id](const auto& candidate) { return candidate->id() == id; });
}

}  // namespace

WebRtcTransport::WebRtcTransport(Options options, const dtls::Context& context,
                                 media::Router& router, SendBatch& batch, RandomSource& random)
    : options_(std::move(options)),
      router_(router),
      batch_(batch),
      random_(random),
      channel_(context, batch.ciphers(), options_.credentials),
      feedback_ssrc_{random.next_u32() | 1u},
      arrivals_({.sender = feedback_ssrc_}),
      queue_(batch, options_.slot) {}

WebRtcTransport::~WebRtcTransport() = default;

Result<void, ConnectError> WebRtcTransport::connect(Timestamp now, bool remote_is_server,
                                                    std::span<const Fingerprint> fingerprints) {
  auto result = channel_.connect(now, remote_is_server, fingerprints);
  if (result && channel_.dtls_state() != dtls::State::Connected)
    connect_deadline_ = now + kConnectPatience;
  drain_channel(now);
  return result;
}

void WebRtcTransport::restart_ice(Timestamp now, ice::Credentials fresh) {
  channel_.restart_ice(std::move(fresh));
  drain_channel(now);
}

Result<void, ProducerRefusal> WebRtcTransport::add_producer(Timestamp now,
                                                            const media::ProducerOptions& options) {
  auto producer = media::Producer::create(now, options, router_, random_);
  if (!producer) return fail(ProducerRefusal(producer.error()));
  if (const auto listens = listener_.add(**producer); !listens)
    return fail(ProducerRefusal(listens.error()));
  producers_.push_back(std::move(*producer));
  if (!reference_time_due_) reference_time_due_ = now;
  return {};
}

void WebRtcTransport::remove_producer(ProducerId id) {
  const auto found = find_by_id(producers_, id);
  if (found == producers_.end()) return;
  listener_.remove(**found);
  producers_.erase(found);
  if (producers_.empty()) reference_time_due_.reset();
}

media::Producer* WebRtcTransport::find_producer(ProducerId id) {
  const auto found = find_by_id(producers_, id);
  return found == producers_.end() ? nullptr : found->get();
}

Result<WebRtcTransport::ConsumerSlot, WebRtcTransport::ConsumerRefusal>
WebRtcTransport::add_consumer(Timestamp now, media::ConsumerOptions options) {
  options.reachable = reachable_;
  auto created = media::Consumer::create(now, options, random_);
  if (!created) return fail(ConsumerRefusal::Unsupported);
  media::Consumer& consumer = **created;
  const auto rtx = consumer.rtx_ssrc();
  if (consumers_by_ssrc_.contains(consumer.ssrc()) || (rtx && consumers_by_ssrc_.contains(*rtx)))
    return fail(ConsumerRefusal::SsrcTaken);
  if (!router_.subscribe(now, options.producer, consumer, queue_))
    return fail(ConsumerRefusal::NoSuchProducer);

  if (free_consumers_.empty()) {
    free_consumers_.push_back(static_cast<ConsumerSlot>(consumers_.size()));
    consumers_.emplace_back();
  }
  const ConsumerSlot slot = free_consumers_.back();
  free_consumers_.pop_back();
  consumers_by_ssrc_[consumer.ssrc()] = slot;
  if (rtx) consumers_by_ssrc_[*rtx] = slot;
  consumers_[slot] = std::move(*created);
  update_deadline(slot);
  return slot;
}

void WebRtcTransport::remove_consumer(ConsumerSlot slot) {
  const media::Consumer& leaving = *consumers_[slot];
  consumers_by_ssrc_.erase(leaving.ssrc());
  if (const auto rtx = leaving.rtx_ssrc()) consumers_by_ssrc_.erase(*rtx);
  consumers_[slot].reset();
  consumer_deadlines_.set(slot, std::nullopt);
  free_consumers_.push_back(slot);
}

ice::Outcome WebRtcTransport::handle_stun(Timestamp now, const Path& path, Bytes datagram) {
  note_received(now, datagram);
  const auto before = channel_.refusals().stun;
  const ice::Outcome outcome = channel_.handle_stun(now, path, datagram);
  drain_channel(now);
  if (channel_.refusals().stun != before) note_refusal(now);
  return outcome;
}

void WebRtcTransport::handle_dtls(Timestamp now, const Path& path, Bytes datagram) {
  note_received(now, datagram);
  const auto before = channel_.refusals().dtls;
  channel_.handle_dtls(now, path, datagram);
  drain_channel(now);
  if (channel_.refusals().dtls != before) note_refusal(now);
}

void WebRtcTransport::handle_rtp(Timestamp now, const Path& path, PacketBuffer&& datagram) {
  note_received(now, datagram.bytes());
  const auto plain = channel_.unprotect_rtp(path, datagram.mutable_bytes());
  if (!plain) return note_refusal(now);
  if (!admit(now)) return;
  datagram.set_size(plain->size());
  const auto packet = rtp::PacketView::parse(datagram.bytes());
  if (!packet) return note_malformed(now);
  ++counters_.rtp_packets_received;

  if (const auto id = listener_.extensions().id(rtp::ExtensionKind::TransportCc); id != 0) {
    if (const auto value = packet->extension(id)) {
      if (const auto number = rtp::read_transport_cc(*value))
        arrivals_.note_arrival(now, *number, packet->ssrc());
    }
  }
  const auto target = listener_.find(*packet);
  if (!target) {
    ++counters_.streams;
    return note_refusal(now);
  }
  (target->is_rtx ? counters_.rtx_bytes_received : counters_.rtp_bytes_received) += plain->size();
  if (target->is_rtx) rtx_receive_rate_.add(now, plain->size());
  const Ssrc ssrc = packet->ssrc();
  const bool ends_frame = packet->marker();
  const auto outcome = target->producer->handle_packet(now, std::move(datagram), *packet,
                                                       target->stream, target->is_rtx);
  if (outcome == media::Producer::Outcome::Forwarded && !target->is_rtx &&
      target->producer->kind() == ortc::MediaKind::Video)
    batch_.hold().note_packet(now, ssrc, ends_frame);
}

void WebRtcTransport::forget_path(Timestamp now, const Path& path) {
  channel_.forget_path(path);
  drain_channel(now);
}

void WebRtcTransport::handle_timeout(Timestamp now) {
  channel_.handle_timeout(now);
  drain_channel(now);
  for (const auto& producer : producers_) producer->handle_timeout(now);
  due_consumers_.clear();
  while (const auto due = consumer_deadlines_.pop_due(now)) due_consumers_.push_back(*due);
  for (const ConsumerSlot due : due_consumers_) consumers_[due]->handle_timeout(now);
  send_rtcp(now);
  send_feedback(now);
  for (const ConsumerSlot due : due_consumers_) update_deadline(due);
  report_if_stuck(now);
}

std::optional<Timestamp> WebRtcTransport::next_timeout() const {
  auto next = earlier(channel_.next_timeout(), arrivals_.next_timeout());
  next = earlier(next, consumer_deadlines_.next());
  next = earlier(next, connect_deadline_);
  for (const auto& producer : producers_) next = earlier(next, producer->next_timeout());
  return next;
}

void WebRtcTransport::update_deadline(ConsumerSlot slot) {
  consumer_deadlines_.set(slot, consumers_[slot]->take_deadline());
}

void WebRtcTransport::flush(Timestamp now, FlushWriter& writer) {
  srtp::OutboundSession* session = channel_.outbound();
  if (!session) return queue_.discard();
  queue_.flush(now, *channel_.selected_path(), *session, sent_, writer);
  if (queue_.counters().without_stream == 0 || told_of_exhaustion_) return;
  told_of_exhaustion_ = true;
  events_.emplace_back(Offence{"has been sent " +
                               std::to_string(srtp::OutboundSession::kMaxStreams) +
                               " streams, and gets no new one before it has a new transport"});
}

void WebRtcTransport::close(Timestamp now) {
  channel_.close();
  drain_channel(now);
}

std::optional<TransportEvent> WebRtcTransport::poll_event() { return events_.pop_front(); }

WebRtcTransport::Rates WebRtcTransport::rates(Timestamp now) const {
  const auto sent_bps = queue_.rate(now).bps() + control_send_rate_.rate(now).bps();
  return {.received = receive_rate_.rate(now),
          .sent = DataRate::from_bps(sent_bps),
          .rtx_received = rtx_receive_rate_.rate(now),
          .rtx_sent = queue_.rtx_rate(now)};
}

void WebRtcTransport::note_received(Timestamp now, Bytes datagram) {
  ++counters_.packets_received;
  counters_.bytes_received += datagram.size();
  receive_rate_.add(now, datagram.size());
}

Refusals WebRtcTransport::refusals() const {
  Refusals all = channel_.refusals();
  all.malformed = counters_.malformed;
  all.streams = counters_.streams;
  all.floods = counters_.floods;
  return all;
}

void WebRtcTransport::note_refusal(Timestamp now) {
  if (!offences_.note(now)) return;
  const Refusals all = refusals();
  const auto& path = channel_.selected_path();
  std::string text = "sends what is refused";
  if (path) text += ", " + path->remote.to_string();
  for (const auto& [name, count] :
       {std::pair("stun", all.stun), std::pair("dtls", all.dtls), std::pair("srtp", all.srtp),
        std::pair("malformed", all.malformed), std::pair("of no stream", all.streams),
        std::pair("too many", all.floods)})
    if (count != 0) text += std::string("; ") + name + ": " + std::to_string(count);
  events_.emplace_back(Offence{std::move(text)});
}

void WebRtcTransport::note_malformed(Timestamp now) {
  ++counters_.malformed;
  note_refusal(now);
}

bool WebRtcTransport::admit(Timestamp now) {
  if (flood_gate_.admit(now)) return true;
  ++counters_.floods;
  note_refusal(now);
  return false;
}

void WebRtcTransport::note_control_sent(Timestamp now, std::size_t bytes) {
  ++counters_.control_packets_sent;
  counters_.control_bytes_sent += bytes;
  control_send_rate_.add(now, bytes);
}

void WebRtcTransport::drain_channel(Timestamp now) {
  while (const auto transmit = channel_.poll_transmit()) {
    batch_.add_control(transmit->path, transmit->payload);
    note_control_sent(now, transmit->payload.size());
  }
  while (const auto event = channel_.poll_event()) {
    if (const auto* routing = std::get_if<RoutingEvent>(&*event)) {
      events_.emplace_back(*routing);
      continue;
    }
    const auto& state = std::get<SecureChannel::StateChanged>(*event);
    events_.emplace_back(StateChanged{state.ice, state.dtls});
    if (state.dtls == dtls::State::Connected) connect_deadline_.reset();
    if (state.dtls == dtls::State::Failed) {
      connect_deadline_.reset();
      events_.emplace_back(Report{true, explain()});
    }
    if (state.ice == ice::State::Disconnected) events_.emplace_back(Report{false, explain()});
  }
  follow_reachability(now);
}

void WebRtcTransport::follow_reachability(Timestamp now) {
  const bool reachable = channel_.outbound() != nullptr;
  if (reachable == reachable_) return;
  reachable_ = reachable;
  for (const auto& consumer : consumers_)
    if (consumer) consumer->set_reachable(now, reachable);
}

std::string WebRtcTransport::explain() const {
  return channel_.describe(options_.candidates, options_.candidates_are_local);
}

void WebRtcTransport::report_if_stuck(Timestamp now) {
  if (!connect_deadline_ || now < *connect_deadline_) return;
  connect_deadline_.reset();
  events_.emplace_back(Report{true, explain()});
}

}  // namespace sfu::transport
