#include "load/viewer.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "rtcp/nack.h"
#include "rtcp/pli.h"
#include "rtcp/receiver_report.h"
#include "rtcp/source_description.h"
#include "rtp/extension_values.h"

namespace sfu::load {
namespace {

namespace json = boost::json;

constexpr Ssrc kOwnSsrc{1};
constexpr TimeDelta kReportInterval = std::chrono::seconds(1);
/// How soon a gap is asked about: reordering on the way must not look like loss.
constexpr TimeDelta kQuestionInterval = std::chrono::milliseconds(20);
constexpr std::size_t kCompoundSize = 1200;
constexpr std::size_t kMaxQuestions = 128;
/// mediasoup probes for bandwidth with packets of this SSRC, which no consumer has.
constexpr Ssrc kProbationSsrc{1234};

std::string text_at(const json::value& event, std::string_view key) {
  const json::object* const object = event.if_object();
  const json::value* const value = object ? object->if_contains(key) : nullptr;
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Viewer::Viewer(RunContext& context, std::uint32_t slot, Identity identity, std::size_t expected)
    : Participant(context, slot, std::move(identity)),
      expected_(expected),
      arrivals_({.sender = kOwnSsrc}) {}

void Viewer::handle_transport_announced(Timestamp now) {
  request(now, "set-rtp-capabilities",
          {{"rtpCapabilities", receive_capabilities(router_capabilities())}},
          "rtp-capabilities-set", JoinStep::Capabilities, nullptr);
}

/// As mediasoup-client does it: a consumer is resumed once media could flow.
void Viewer::handle_connected(Timestamp now) {
  next_report_ = now + kReportInterval;
  for (const auto& consumer : consumers_) resume(now, *consumer);
}

void Viewer::handle_event(Timestamp now, const SocketIoClient::Event& event) {
  if (event.name == "new-consumer") {
    add_consumer(now, event.payload);
  } else if (event.name == "consumer-closed") {
    close_consumer(event.payload);
  } else if (event.name == "error" && !context_.closing) {
    fail("the server says: " + json::serialize(event.payload));
  }
}

void Viewer::add_consumer(Timestamp now, const json::value& event) {
  auto offer = read_new_consumer(event);
  if (!offer) return fail("a new-consumer that no browser could use: " + json::serialize(event));
  const auto publisher = context_.publishers.find(offer->participant_id);
  if (publisher == context_.publishers.end())
    return fail("consumer of " + offer->participant_id + ", who is not of this run");
  StreamVerifier::Options options{.is_audio = offer->is_audio,
                                  .has_layers = context_.has_layers,
                                  .ssrc = offer->ssrc,
                                  .rtx_ssrc = offer->rtx_ssrc,
                                  .payload_type = offer->payload_type,
                                  .rtx_payload_type = offer->rtx_payload_type,
                                  .mid = offer->mid,
                                  .mid_id = offer->mid_id,
                                  .run = context_.run,
                                  .publisher = publisher->second};
  transport_cc_id_ = offer->transport_cc_id;
  Consumer& consumer = *consumers_.emplace_back(std::make_unique<Consumer>(
      Consumer{.offer = std::move(*offer),
               .verifier = StreamVerifier(std::move(options), context_.window),
               .resumed_at = {}}));
  by_ssrc_[consumer.offer.ssrc] = &consumer;
  if (consumer.offer.rtx_ssrc.value != 0) by_ssrc_[consumer.offer.rtx_ssrc] = &consumer;
  if (transport_ && transport_->connected()) resume(now, consumer);
}

void Viewer::close_consumer(const json::value& event) {
  const std::string id = text_at(event, "consumerId");
  for (const auto& consumer : consumers_)
    if (consumer->offer.consumer_id == id) consumer->closed = true;
}

void Viewer::resume(Timestamp now, Consumer& consumer) {
  if (consumer.resumed_at) return;
  consumer.resumed_at = now;
  request(now, "resume-consumer", {{"consumerId", consumer.offer.consumer_id}}, "consumer-resumed",
          std::nullopt, nullptr);
}

Viewer::Consumer* Viewer::consumer_of(Ssrc ssrc) {
  if (last_consumer_ && ssrc == last_ssrc_) return last_consumer_;
  const auto found = by_ssrc_.find(ssrc);
  if (found == by_ssrc_.end()) return nullptr;
  last_ssrc_ = ssrc;
  last_consumer_ = found->second;
  return last_consumer_;
}

void Viewer::handle_rtp(Nanoseconds arrival, MutableBytes bytes) {
  const auto packet = rtp::PacketView::parse(bytes);
  if (!packet) return fail("a packet that is not RTP");
  if (transport_cc_id_ != 0)
    if (const auto value = packet->extension(transport_cc_id_))
      if (const auto number = rtp::read_transport_cc(*value))
        arrivals_.note_arrival(to_timestamp(arrival), *number, packet->ssrc());
  Consumer* const consumer = consumer_of(packet->ssrc());
  if (!consumer) {
    ++(packet->ssrc() == kProbationSsrc ? context_.metrics.probation_packets
                                        : context_.metrics.unknown_streams);
    return;
  }
  note_media(arrival, *consumer, consumer->verifier.handle_rtp(arrival, *packet));
}

void Viewer::note_media(Nanoseconds arrival, Consumer& consumer,
                        const StreamVerifier::Verdict& verdict) {
  if (!verdict.media) return;
  Metrics& metrics = context_.metrics;
  ++metrics.verified;
  if (consumer.verifier.counters().packets == 1) note_first_packet(arrival, consumer);
  if (verdict.completed_key_frame) {
    ++flowing_;
    if (!has_first_key_frame_)
      metrics.first_key_frame.add(arrival - to_nanoseconds(*joining_since_));
    has_first_key_frame_ = true;
  }
  if (!verdict.in_order) return;
  const Stamp& stamp = verdict.media->stamp;
  const Nanoseconds latency = arrival - stamp.sent_at;
  metrics.recent_latency.add(latency);
  if (!context_.window.holds(stamp.sent_at)) return;
  metrics.latency.add(latency);
  if (!stamp.is_key_frame) metrics.delta_latency.add(latency);
}

void Viewer::note_first_packet(Nanoseconds arrival, const Consumer& consumer) {
  if (consumer.offer.is_audio) ++flowing_;
  if (has_first_packet_) return;
  has_first_packet_ = true;
  context_.metrics.first_packet.add(arrival - to_nanoseconds(*joining_since_));
  if (consumer.resumed_at) {
    add_step(JoinStep::FirstMedia, to_timestamp(arrival) - *consumer.resumed_at);
    finish_join();
  }
}

void Viewer::handle_rtcp(Timestamp now, Bytes bytes) {
  const auto compound = rtcp::Compound::parse(bytes);
  if (!compound) return fail("a packet that is not RTCP");
  for (const rtcp::PacketView packet : *compound) {
    if (packet.type != rtcp::PacketType::SenderReport) continue;
    const auto report = rtcp::SenderReport::parse(packet);
    Consumer* const consumer = report ? consumer_of(report->info.sender) : nullptr;
    if (consumer) consumer->verifier.handle_sender_report(now, report->info);
  }
}

void Viewer::handle_timeout(Timestamp now) {
  Participant::handle_timeout(now);
  if (!transport_ || !transport_->connected()) return;
  send_feedback(now);
  if (now >= next_question_) {
    next_question_ = now + kQuestionInterval;
    ask_again(now);
  }
  if (next_report_ && now >= *next_report_) send_reports(now);
}

Timestamp Viewer::next_timeout() const {
  Timestamp next = Participant::next_timeout();
  if (!transport_ || !transport_->connected()) return next;
  next = std::min(next, arrivals_.next_timeout().value_or(Timestamp::max()));
  return std::min(next, next_report_.value_or(Timestamp::max()));
}

void Viewer::send_feedback(Timestamp now) {
  std::array<std::uint8_t, kCompoundSize> buffer;
  while (const std::size_t size = arrivals_.poll_feedback(now, buffer)) {
    transport_->send_rtcp(Bytes(buffer).first(size));
    ++context_.metrics.feedback_sent;
  }
}

/// RFC 3550 §6.4.2: as many reports as it takes, then who we are.
void Viewer::send_reports(Timestamp now) {
  next_report_ = now + kReportInterval;
  std::array<std::uint8_t, kCompoundSize> buffer;
  std::array<rtcp::ReportBlock, rtcp::kMaxReportBlocks> blocks;
  std::size_t count = 0;
  const auto send = [&] {
    rtcp::CompoundBuilder builder(buffer);
    rtcp::append_receiver_report(builder, kOwnSsrc, std::span(blocks).first(count));
    rtcp::append_source_description(builder, kOwnSsrc, {{rtcp::SdesType::Cname, "viewer"}});
    transport_->send_rtcp(builder.bytes());
    count = 0;
  };
  for (const auto& consumer : consumers_) {
    const auto block = consumer->verifier.report(now);
    if (block && !consumer->closed) blocks[count++] = *block;
    if (count == blocks.size()) send();
  }
  if (count != 0) send();
}

/// A NACK for what is missing, and a PLI for what will not come any more.
void Viewer::ask_again(Timestamp now) {
  std::array<std::uint8_t, kCompoundSize> buffer;
  std::array<std::uint16_t, kMaxQuestions> lost;
  for (const auto& consumer : consumers_) {
    rtcp::CompoundBuilder builder(buffer);
    const std::size_t count = consumer->verifier.collect_nack(now, lost);
    if (count != 0) {
      rtcp::append_nack(builder, kOwnSsrc, consumer->offer.ssrc, std::span(lost).first(count));
      ++context_.metrics.nacks_sent;
    }
    const std::uint64_t given_up = consumer->verifier.counters().never_came;
    if (given_up != consumer->given_up && !consumer->offer.is_audio)
      rtcp::append_pli(builder, {kOwnSsrc, consumer->offer.ssrc});
    consumer->given_up = given_up;
    if (!builder.empty()) transport_->send_rtcp(builder.bytes());
  }
}

bool Viewer::settled() const { return flowing_ >= expected_; }

}  // namespace sfu::load
