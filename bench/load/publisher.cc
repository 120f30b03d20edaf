#include "load/publisher.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "rtcp/fir.h"
#include "rtcp/nack.h"
#include "rtcp/pli.h"
#include "rtcp/receiver_report.h"
#include "rtcp/sender_report.h"
#include "rtcp/source_description.h"

namespace sfu::load {
namespace {

constexpr TimeDelta kReportInterval = std::chrono::seconds(1);
constexpr std::size_t kCompoundSize = 1200;
constexpr std::string_view kVideoMid = "1";
constexpr std::string_view kAudioMid = "0";

}  // namespace

Publisher::Publisher(RunContext& context, std::uint32_t slot, Identity identity,
                     std::uint32_t number, const Tracks& tracks)
    : Participant(context, slot, std::move(identity)),
      number_(number),
      tracks_(tracks),
      cname_("publisher-" + std::to_string(number)) {}

std::size_t Publisher::tracks() const {
  return (tracks_.video.empty() ? 0u : 1u) + (tracks_.audio ? 1u : 0u);
}

void Publisher::handle_transport_announced(Timestamp now) {
  if (tracks_.audio) produce(now, true);
  if (!tracks_.video.empty()) produce(now, false);
}

boost::json::array Publisher::intended_producers() const {
  boost::json::array intended;
  if (tracks_.audio) intended.push_back(request_for(true));
  if (!tracks_.video.empty()) intended.push_back(request_for(false));
  return intended;
}

std::vector<SentEncoding> Publisher::encodings(bool is_audio) const {
  const std::size_t count = is_audio ? 1 : tracks_.video.size();
  std::vector<SentEncoding> encodings;
  for (std::size_t i = 0; i < count; ++i) {
    const auto layer = static_cast<std::uint32_t>(i);
    const std::uint32_t base = (number_ + 1) << 12 | (is_audio ? 0x800u : 0u) | layer << 1;
    encodings.push_back({Ssrc{base}, Ssrc{is_audio ? 0 : base + 1},
                         count > 1 ? "r" + std::to_string(i) : std::string()});
  }
  return encodings;
}

boost::json::object Publisher::request_for(bool is_audio) const {
  return producer_request(is_audio, std::string(is_audio ? kAudioMid : kVideoMid), cname_,
                          encodings(is_audio));
}

void Publisher::produce(Timestamp now, bool is_audio) {
  request(now, "create-producer", request_for(is_audio), "producer-created", JoinStep::Produce,
          [this, is_audio](Timestamp later, const SocketIoClient::Reply&) {
            begin(later, is_audio, std::string(is_audio ? kAudioMid : kVideoMid),
                  encodings(is_audio));
          });
}

void Publisher::begin(Timestamp now, bool is_audio, const std::string& mid,
                      const std::vector<SentEncoding>& encodings) {
  ++produced_;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    const StreamShape& shape = is_audio ? *tracks_.audio : tracks_.video[i];
    const std::uint64_t seed =
        tracks_.seed + (std::uint64_t{number_} << 8) + (is_audio ? 128 : 0) + i;
    // No two streams in step.
    crypto::SeededRandom random(seed);
    const auto phase = Nanoseconds(static_cast<std::int64_t>(
        random.next_u32() % static_cast<std::uint64_t>(shape.frame_interval.count())));
    streams_.push_back(
        {PublisherStream({.shape = shape,
                          .run = context_.run,
                          .publisher = number_,
                          .encoding = static_cast<std::uint8_t>(i),
                          .ssrc = encodings[i].ssrc,
                          .rtx_ssrc = encodings[i].rtx_ssrc,
                          .payload_type = is_audio ? kOpusPayloadType : kVp8PayloadType,
                          .rtx_payload_type = kRtxPayloadType,
                          .mid = mid,
                          .rid = encodings[i].rid,
                          .extensions = is_audio ? audio_extensions() : video_extensions(),
                          .seed = seed},
                         now + std::chrono::duration_cast<TimeDelta>(phase)),
         {}});
  }
}

void Publisher::handle_connected(Timestamp now) { next_report_ = now + kReportInterval; }

bool Publisher::settled() const {
  return produced_ == tracks() && transport_ && transport_->connected();
}

void Publisher::handle_event(Timestamp, const SocketIoClient::Event& event) {
  if (event.name == "error" && !context_.closing)
    fail("the server says: " + boost::json::serialize(event.payload));
}

void Publisher::handle_timeout(Timestamp now) {
  Participant::handle_timeout(now);
  if (!settled()) return;
  if (!stopped_) send_due(now);
  if (next_report_ && now >= *next_report_) send_reports(now);
}

Timestamp Publisher::next_timeout() const {
  Timestamp next = Participant::next_timeout();
  if (!settled()) return next;
  next = std::min(next, next_report_.value_or(Timestamp::max()));
  if (stopped_) return next;
  for (const Stream& one : streams_) next = std::min(next, one.stream.next_timeout());
  return next;
}

void Publisher::send_due(Timestamp now) {
  std::array<std::uint8_t, PublisherStream::kMaxPacketSize + ClientTransport::kRtpRoom> buffer;
  for (Stream& one : streams_) {
    while (const std::size_t size =
               one.stream.write_next(now, monotonic_now(), transport_number_, buffer))
      transport_->send_rtp(MutableBytes(buffer).first(size + ClientTransport::kRtpRoom));
  }
}

void Publisher::send_reports(Timestamp now) {
  next_report_ = now + kReportInterval;
  std::array<std::uint8_t, kCompoundSize> buffer;
  rtcp::CompoundBuilder builder(buffer);
  for (const Stream& one : streams_) {
    if (one.stream.packets_sent() == 0) continue;
    const auto info = one.stream.sender_info(now, context_.ntp.to_ntp(now));
    rtcp::append_sender_report(builder, info);
    rtcp::append_source_description(builder, info.sender, {{rtcp::SdesType::Cname, cname_}});
  }
  transport_->send_rtcp(builder.bytes());
}

PublisherStream* Publisher::stream_of(Ssrc ssrc) {
  for (Stream& one : streams_)
    if (one.stream.options().ssrc == ssrc) return &one.stream;
  return nullptr;
}

void Publisher::handle_rtcp(Timestamp now, Bytes bytes) {
  const auto compound = rtcp::Compound::parse(bytes);
  if (!compound) return fail("a packet that is not RTCP");
  for (const rtcp::PacketView packet : *compound) {
    if (packet.type == rtcp::PacketType::ReceiverReport) {
      const auto report = rtcp::ReceiverReport::parse(packet);
      if (!report) continue;
      for (const rtcp::ReportBlock block : report->reports)
        for (Stream& one : streams_) one.stream.handle_reported(block.ssrc);
    } else {
      handle_feedback(now, packet);
    }
  }
  if (!stopped_) send_due(now);
}

void Publisher::handle_feedback(Timestamp now, const rtcp::PacketView& packet) {
  const auto ask_key_frame = [&](Ssrc ssrc) {
    PublisherStream* const stream = stream_of(ssrc);
    if (!stream) return;
    ++context_.metrics.key_frame_requests;
    stream->request_key_frame(now);
  };
  const bool is_payload_specific = packet.type == rtcp::PacketType::PayloadSpecificFeedback;
  if (is_payload_specific && packet.count == rtcp::kPliFormat) {
    if (const auto pli = rtcp::Pli::parse(packet)) ask_key_frame(pli->media);
  } else if (is_payload_specific && packet.count == rtcp::kFirFormat) {
    const auto fir = rtcp::Fir::parse(packet);
    if (!fir) return;
    for (const rtcp::FirEntry entry : fir->entries) ask_key_frame(entry.media);
  } else if (packet.type == rtcp::PacketType::TransportLayerFeedback &&
             packet.count == rtcp::kNackFormat) {
    const auto nack = rtcp::Nack::parse(packet);
    PublisherStream* const stream = nack ? stream_of(nack->media) : nullptr;
    if (!stream) return;
    ++context_.metrics.nacks_received;
    std::array<std::uint8_t, PublisherStream::kMaxPacketSize + ClientTransport::kRtpRoom> buffer;
    nack->for_each_lost([&](std::uint16_t lost) {
      const std::size_t size = stream->write_again(now, lost, transport_number_, buffer);
      if (size == 0) return;
      ++context_.metrics.retransmitted;
      transport_->send_rtp(MutableBytes(buffer).first(size + ClientTransport::kRtpRoom));
    });
  }
}

void Publisher::set_speed(Timestamp now, double speed) {
  for (Stream& one : streams_) one.stream.set_speed(now, speed);
}

void Publisher::mark_window(bool begins) {
  for (Stream& one : streams_)
    (begins ? one.window.first : one.window.end) = one.stream.packets_sent();
}

std::optional<Publisher::SentInWindow> Publisher::sent_in_window(bool is_audio) const {
  if (!is_audio && tracks_.video.size() != 1) return std::nullopt;
  for (const Stream& one : streams_)
    if (one.stream.options().shape.is_audio == is_audio) return one.window;
  return std::nullopt;
}

std::uint64_t Publisher::packets_sent() const {
  std::uint64_t sum = 0;
  for (const Stream& one : streams_) sum += one.stream.packets_sent();
  return sum;
}

}  // namespace sfu::load
