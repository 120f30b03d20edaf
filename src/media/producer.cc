#include "media/producer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "media/random_span.h"
#include "ortc/producer_parameters.h"
#include "rtcp/receiver_report.h"
#include "rtp/codec/h264.h"
#include "rtp/codec/vp8.h"
#include "rtp/codec/vp9.h"
#include "rtp/extension_values.h"
#include "rtp/rtx.h"

namespace sfu::media {
namespace {

using rtp::codec::Codec;

ortc::ScalabilityMode scalability_mode(const ortc::RtpParameters& parameters) {
  for (const ortc::RtpEncodingParameters& encoding : parameters.encodings)
    if (encoding.scalability_mode) return ortc::parse_scalability_mode(*encoding.scalability_mode);
  return {};
}

SourceOptions source_options(const ProducerOptions& options, const CodecEntry& codec) {
  const ortc::ScalabilityMode mode = scalability_mode(options.parameters);
  SourceOptions source;
  source.producer = options.id;
  source.kind = options.kind;
  source.clock_rate = codec.clock_rate;
  source.extensions = extension_map(options.parameters);
  source.streams = options.parameters.encodings.size();
  if (source.streams == 1)
    source.spatial_layers =
        std::min<std::uint8_t>(std::max<std::uint8_t>(1, mode.spatial_layers), kMaxSpatialLayers);
  source.temporal_layers =
      std::min<std::uint8_t>(std::max<std::uint8_t>(1, mode.temporal_layers), kMaxTemporalLayers);
  source.keeps_history = codec.nack || options.kind == ortc::MediaKind::Video;
  return source;
}

}  // namespace

Result<Source*, ProducerError> Producer::add_source(Timestamp now, const ProducerOptions& options,
                                                    Router& router) {
  const std::size_t streams = options.parameters.encodings.size();
  if (streams == 0 || streams > kMaxStreams) return fail(ProducerError::TooManyStreams);
  const CodecTable codecs = CodecTable::from(options.parameters, &options.mapping);
  if (!codecs.first()) return fail(ProducerError::NoCodec);
  if (router.find(options.id)) return fail(ProducerError::IdTaken);
  Source* source = router.add_source(source_options(options, *codecs.first()));
  if (!source) return fail(ProducerError::RouterFull);
  if (options.paused) source->set_paused(now, true);
  return source;
}

Result<std::unique_ptr<Producer>, ProducerError> Producer::create(Timestamp now,
                                                                  const ProducerOptions& options,
                                                                  Router& router,
                                                                  RandomSource& random) {
  const auto source = add_source(now, options, router);
  if (!source) return fail(source.error());
  CodecTable codecs = CodecTable::from(options.parameters, &options.mapping);
  return std::unique_ptr<Producer>(
      new Producer(options, std::move(codecs), router, **source, random));
}

Producer::Producer(const ProducerOptions& options, CodecTable codecs, Router& router,
                   Source& source, RandomSource& random)
    : id_(options.id),
      mid_(options.parameters.mid),
      codecs_(std::move(codecs)),
      router_(router),
      source_(source),
      random_(random) {
  const CodecEntry& codec = *codecs_.first();
  for (const ortc::RtpEncodingParameters& encoding : options.parameters.encodings) {
    StreamReceiver::Options receiver;
    receiver.ssrc = encoding.ssrc;
    receiver.rtx_ssrc = encoding.rtx_ssrc;
    receiver.rid = encoding.rid;
    receiver.clock_rate = codec.clock_rate;
    receiver.nack = codec.nack;
    receiver.pli = codec.pli;
    receiver.fir = codec.fir;
    receivers_.emplace_back(receiver);
  }
  if (kind() == ortc::MediaKind::Audio && source_.extensions().has(rtp::ExtensionKind::AudioLevel))
    meter_ = std::make_unique<AudioMeter>(id_, router_.audio());
}

Producer::~Producer() { router_.remove_source(id_); }

Producer::Outcome Producer::handle_packet(Timestamp now, PacketBuffer&& buffer,
                                          const rtp::PacketView& packet, std::size_t stream,
                                          bool is_rtx) {
  if (!SFU_EXPECT(source_.events().faults(), stream < receivers_.size())) return Outcome::Malformed;
  StreamReceiver& receiver = receivers_[stream];
  receiver.count_packet(now, packet.datagram().size(), is_rtx);
  if (!next_report_) schedule_report(now);

  rtp::PacketView original = packet;
  if (is_rtx) {
    Outcome outcome{};
    const auto unwrapped = unwrap(buffer, packet, receiver, outcome);
    if (!unwrapped) return outcome;
    original = *unwrapped;
  }
  const CodecEntry* codec = codecs_.find(original.payload_type());
  if (!codec) {
    receiver.count_discarded();
    return Outcome::UnknownPayloadType;
  }
  const auto placed =
      receiver.place(now, original.sequence_number(), original.timestamp(), is_rtx, paused());
  using Verdict = StreamReceiver::Placed::Verdict;
  if (placed.verdict == Verdict::Duplicate) return Outcome::Duplicate;
  if (placed.verdict == Verdict::OnProbation) return Outcome::OnProbation;
  const bool late = placed.verdict == Verdict::Late;
  if (late && is_rtx) receiver.count_repaired();
  if (paused()) return Outcome::Paused;
  if (meter_) measure_volume(now, original);

  ReceivedPacket received{.buffer = std::move(buffer), .view = original, .arrival = now};
  received.sequence = placed.sequence;
  received.stream = static_cast<std::uint8_t>(stream);
  received.mapped_payload_type = codec->mapped_payload_type;
  received.repaired = is_rtx;
  received.late = late;
  inspect(received, *codec);
  const bool is_empty = received.is_empty;
  if (!is_empty)
    receiver.count_layer(now, received.view.datagram().size(), received.info.spatial_layer,
                         received.info.temporal_layer);
  if (received.info.is_key_frame_start) receiver.handle_key_frame(placed.sequence);
  source_.forward(now, std::move(received));
  return is_empty ? Outcome::Empty : Outcome::Forwarded;
}

std::optional<rtp::PacketView> Producer::unwrap(PacketBuffer& buffer, const rtp::PacketView& rtx,
                                                const StreamReceiver& receiver,
                                                Outcome& outcome) const {
  const CodecEntry* codec = codecs_.find_by_rtx(rtx.payload_type());
  if (!codec) {
    outcome = Outcome::UnknownPayloadType;
    return std::nullopt;
  }
  // Browsers probe the bandwidth with RTX that carries padding alone, also before the media's SSRC
  // is known.
  outcome = Outcome::Empty;
  if (!receiver.ssrc() || !rtp::original_sequence_number(rtx)) return std::nullopt;
  const auto unwrapped =
      rtp::unwrap_rtx(buffer.mutable_bytes(), *receiver.ssrc(), codec->payload_type);
  outcome = Outcome::Malformed;
  if (!unwrapped) return std::nullopt;
  const auto parsed = rtp::PacketView::parse(*unwrapped);
  if (!parsed) return std::nullopt;
  return *parsed;
}

void Producer::inspect(ReceivedPacket& packet, const CodecEntry& codec) {
  StreamReceiver& receiver = receivers_[packet.stream];
  const Bytes payload = packet.view.payload();
  if (payload.empty()) {
    packet.is_empty = true;
    return;
  }
  rtp::codec::DependencyDescriptor descriptor;
  const bool has_descriptor = read_descriptor(packet, descriptor);
  const auto info = rtp::codec::inspect(codec.codec, payload, packet.view.marker(),
                                        has_descriptor ? &descriptor : nullptr);
  if (!info) {
    // Audio is forwarded whatever it is; video that cannot be read cannot be renumbered.
    if (kind() == ortc::MediaKind::Audio) return;
    receiver.count_discarded();
    packet.is_empty = true;
    packet.targets.reset();
    return;
  }
  packet.info = *info;
  if (codec.codec == Codec::H264 && packet.info.is_key_frame_start)
    packet.info.is_key_frame_start = opens_key_frame(packet);
  if (packet.info.is_key_frame_start && kind() == ortc::MediaKind::Video)
    receiver.count_key_frame();
  if (codec.codec == Codec::Vp8) {
    if (const auto vp8 = rtp::codec::parse_vp8(payload)) packet.vp8 = *vp8;
  } else if (codec.codec == Codec::Vp9) {
    if (const auto vp9 = rtp::codec::parse_vp9(payload))
      packet.vp9 = Vp9Numbers{vp9->picture_id, vp9->tl0_picture_index, vp9->long_picture_id,
                              vp9->inter_picture_predicted};
  }
}

void Producer::measure_volume(Timestamp now, const rtp::PacketView& packet) {
  const auto value = packet.extension(source_.extensions().id(rtp::ExtensionKind::AudioLevel));
  const auto level = value ? rtp::read_audio_level(*value) : std::nullopt;
  if (level) meter_->handle_level(now, level->level);
}

bool Producer::opens_key_frame(const ReceivedPacket& packet) const {
  const auto h264 = rtp::codec::parse_h264(packet.view.payload());
  if (h264 && h264->has_sps) return true;
  // An IDR slice opens its frame only where no parameter sets came before it, nor could have.
  const ReceivedPacket* before = source_.stream(packet.stream).history.find(packet.sequence - 1);
  return before && before->view.timestamp() != packet.view.timestamp();
}

bool Producer::read_descriptor(ReceivedPacket& packet,
                               rtp::codec::DependencyDescriptor& descriptor) {
  const std::uint8_t id = source_.extensions().id(rtp::ExtensionKind::DependencyDescriptor);
  if (id == 0) return false;
  const auto value = packet.view.extension(id);
  if (!value) return false;
  StreamReceiver::Structures& structures = receivers_[packet.stream].structures();
  const auto parsed = rtp::codec::parse_dependency_descriptor(
      *value, structures.has_latest ? &structures.latest : nullptr, structures.attached);
  if (!parsed) return false;
  descriptor = *parsed;
  if (descriptor.attaches_structure) {
    std::swap(structures.latest, structures.attached);
    structures.has_latest = true;
    SourceStream& stream = source_.stream(packet.stream);
    stream.targets = structures.latest.target_layers;
    stream.target_count = structures.latest.decode_target_count;
  }
  FrameTargets targets;
  targets.frame_number = descriptor.frame_number;
  for (std::size_t i = 0; i < descriptor.decode_target_count; ++i) {
    using Indication = rtp::codec::DecodeTargetIndication;
    const std::uint32_t bit = std::uint32_t{1} << i;
    if (descriptor.frame.indications[i] != Indication::NotPresent) targets.members |= bit;
    if (descriptor.frame.indications[i] == Indication::Switch) targets.switches |= bit;
  }
  packet.targets = targets;
  return true;
}

void Producer::handle_sender_report(Timestamp now, std::size_t stream,
                                    const rtcp::SenderInfo& info) {
  receivers_[stream].reception().handle_sender_report(now, info.ntp);
  // Zero says that the sender has no wall clock (RFC 3550 §6.4.1).
  if (info.ntp.value != 0)
    source_.stream(stream).clock = ClockPair{info.ntp, info.rtp_timestamp, now};
}

void Producer::set_ssrc(std::size_t stream, Ssrc ssrc, bool is_rtx) {
  if (is_rtx) {
    receivers_[stream].set_rtx_ssrc(ssrc);
  } else {
    if (receivers_[stream].ssrc() != ssrc) source_.stream(stream).clock.reset();
    receivers_[stream].set_ssrc(ssrc);
  }
}

void Producer::set_paused(Timestamp now, bool paused) {
  for (StreamReceiver& receiver : receivers_) receiver.forget_losses();
  if (meter_) meter_->forget();
  source_.set_paused(now, paused);
}

void Producer::set_round_trip_time(TimeDelta rtt) {
  if (rtt > kMaxRoundTripTime) return;
  rtt_ = rtt;
  source_.set_round_trip_time(rtt);
  for (StreamReceiver& receiver : receivers_) receiver.set_round_trip_time(rtt);
}

void Producer::handle_timeout(Timestamp now) {
  check_losses(now);
  for (std::size_t i = 0; i < receivers_.size(); ++i) source_.stream(i).history.expire(now);
}

void Producer::check_losses(Timestamp now) {
  for (std::size_t i = 0; i < receivers_.size(); ++i)
    if (receivers_[i].expire_losses(now) && !paused()) source_.handle_lasting_gap(now, i);
}

std::optional<Timestamp> Producer::next_timeout() const {
  std::optional<Timestamp> next = next_report_;
  const auto consider = [&](std::optional<Timestamp> at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    consider(receivers_[i].next_timeout());
    if (receivers_[i].can_request_key_frame()) consider(source_.next_timeout(i));
  }
  return next;
}

bool Producer::collect_rtcp(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder) {
  check_losses(now);
  if (!collect_reports(now, sender, builder)) return false;
  constexpr std::size_t kMaxKeyFrameRequest = 20;  // A FIR of one entry.
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    StreamReceiver& receiver = receivers_[i];
    if (!receiver.collect_nack(now, sender, builder)) return false;
    if (!receiver.can_request_key_frame()) continue;
    if (builder.room() < kMaxKeyFrameRequest) return false;
    if (source_.poll_key_frame_request(now, i)) receiver.append_key_frame_request(sender, builder);
  }
  return true;
}

bool Producer::collect_reports(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder) {
  if (!next_report_ || now < *next_report_) return true;
  constexpr std::size_t kReportHeader = 8;
  if (builder.room() < kReportHeader + kMaxStreams * rtcp::ReportBlock::kWireSize) return false;
  std::array<rtcp::ReportBlock, kMaxStreams> blocks;
  std::size_t count = 0;
  for (StreamReceiver& receiver : receivers_) {
    if (!receiver.ssrc()) continue;
    if (const auto block = receiver.reception().make_report(now, *receiver.ssrc()))
      blocks[count++] = *block;
  }
  rtcp::append_receiver_report(builder, sender, std::span(blocks).first(count));
  measure_scores(now);
  schedule_report(now);
  return true;
}

void Producer::schedule_report(Timestamp now) {
  next_report_ = now + random_between(random_, kReportInterval / 2, kReportInterval * 3 / 2);
}

void Producer::measure_scores(Timestamp now) {
  bool changed = false;
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    receivers_[i].measure_score(now, paused());
    if (const auto score = receivers_[i].score()) changed |= source_.set_score(now, i, *score);
  }
  if (changed) source_.events().post(ProducerScored{id_});
}

std::vector<EncodingScore> Producer::scores() const {
  std::vector<EncodingScore> scores;
  for (const StreamReceiver& receiver : receivers_)
    if (const auto score = receiver.score()) scores.push_back({receiver.rid(), *score});
  return scores;
}

ProducerStats Producer::stats(Timestamp now) const {
  ProducerStats stats;
  stats.producer = id_;
  stats.paused = paused();
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    if (!receivers_[i].ssrc()) continue;
    RtpStreamStats stream = receivers_[i].stats(now);
    stream.encoding = static_cast<std::uint8_t>(i);
    stream.timestamp_ms = to_milliseconds(now);
    stream.kind = source_.kind();
    stream.mime_type = mime_type_of(codecs_.first()->codec);
    stream.round_trip_time_ms = std::chrono::duration<double, std::milli>(rtt_).count();
    stats.streams.push_back(std::move(stream));
  }
  return stats;
}

}  // namespace sfu::media
