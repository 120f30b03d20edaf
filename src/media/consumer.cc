#include "media/consumer.h"

#include <algorithm>
#include <utility>

#include "media/stream_receiver.h"
#include "ortc/producer_parameters.h"
#include "rtp/packet_writer.h"
#include "rtp/rtx.h"

// What the application wants, what comes from the source, and how it leaves. The viewer's feedback
// is in consumer_feedback.cc; what is waited for, in consumer_waits.cc.

namespace sfu::media {
namespace {

/// Below half of the numbers, so that a receiver that misses the first packets does not take the
/// first wrap for a late one (RFC 3711 §3.3.1).
constexpr std::int64_t kMaxFirstNumber = 0x7fff;

std::int64_t random_first_number(RandomSource& random) {
  return static_cast<std::int64_t>(random.next_u32() % kMaxFirstNumber);
}

std::unique_ptr<LayerSelector> make_selector(const ConsumerOptions& options) {
  if (options.kind == ortc::MediaKind::Audio) return nullptr;
  if (options.type != ConsumerType::Svc) return std::make_unique<SimulcastSelector>();
  const auto& mode = options.parameters.encodings.front().scalability_mode;
  return std::make_unique<SvcSelector>(mode && ortc::parse_scalability_mode(*mode).k_svc);
}

}  // namespace

Result<std::unique_ptr<Consumer>, ConsumerError> Consumer::create(Timestamp now,
                                                                  const ConsumerOptions& options,
                                                                  RandomSource& random) {
  const auto& encodings = options.parameters.encodings;
  if (encodings.size() != 1 || !encodings.front().ssrc) return fail(ConsumerError::NoSsrc);
  CodecTable codecs = CodecTable::from(options.parameters);
  if (!codecs.first()) return fail(ConsumerError::NoCodec);
  return std::unique_ptr<Consumer>(
      new Consumer(now, options, std::move(codecs), *encodings.front().ssrc, random));
}

Consumer::Consumer(Timestamp now, const ConsumerOptions& options, CodecTable codecs, Ssrc ssrc,
                   RandomSource& random)
    : id_(options.id),
      producer_(options.producer),
      kind_(options.kind),
      type_(options.type),
      ssrc_(ssrc),
      rtx_ssrc_(options.parameters.encodings.front().rtx_ssrc),
      codecs_(std::move(codecs)),
      extensions_(extension_map(options.parameters)),
      mid_(options.parameters.mid.value_or("")),
      cname_(options.parameters.rtcp.cname),
      created_(now),
      paused_(options.paused),
      reachable_(options.reachable),
      awaits_first_resume_(options.paused),
      selector_(make_selector(options)),
      numbering_(random_first_number(random)),
      timeline_(random.next_u32()),
      next_rtx_(random_first_number(random)),
      tellings_(kTellingsPerSecond, kTellingBurst, now),
      reports_(ssrc,
               options.kind == ortc::MediaKind::Video ? SenderReports::kVideoInterval
                                                      : SenderReports::kAudioInterval,
               random) {}

Consumer::~Consumer() {
  if (!source()) return;
  set_viewed(std::nullopt);
  paused_ = true;
  update_waits(created_);
}

// What comes from the application.

void Consumer::pause(Timestamp now) {
  if (paused_) return;
  paused_ = true;
  stop(now);
}

void Consumer::resume(Timestamp now) {
  awaits_first_resume_ = false;
  if (!paused_) return;
  paused_ = false;
  update_waits(now);
}

void Consumer::set_reachable(Timestamp now, bool reachable) {
  if (reachable == reachable_) return;
  reachable_ = reachable;
  if (reachable)
    update_waits(now);
  else
    stop(now);
}

Layers Consumer::set_preferred_layers(Timestamp now, std::uint8_t spatial,
                                      std::optional<std::uint8_t> temporal) {
  if (!is_video() || !source()) return {};
  const std::size_t spatial_layers =
      type_ == ConsumerType::Svc ? source()->spatial_layers() : source()->stream_count();
  Layers target;
  target.spatial = static_cast<std::uint8_t>(std::min<std::size_t>(spatial, spatial_layers - 1));
  const std::size_t stream = type_ == ConsumerType::Svc ? 0 : target.spatial;
  const auto top = static_cast<std::uint8_t>(source()->stream(stream).temporal_layers - 1);
  target.temporal = std::min(temporal.value_or(top), top);
  // "All" stays all, should more of them appear.
  const bool wants_all = target.temporal == top;
  selector_->set_target(
      {target.spatial, wants_all ? std::uint8_t{kMaxTemporalLayers - 1} : target.temporal});
  update_waits(now);
  return target;
}

std::optional<Layers> Consumer::current_layers() const {
  if (!is_video() || !source() || !numbering_.active() || rests_) return std::nullopt;
  auto layers = selector_->layers();
  if (layers)
    layers->temporal = std::min<std::uint8_t>(
        layers->temporal,
        static_cast<std::uint8_t>(source()->stream(numbering_.stream()).temporal_layers - 1));
  return layers;
}

void Consumer::request_key_frame(Timestamp now) {
  if (!is_video() || !can_flow()) return;
  if (numbering_.active()) {
    needs_refresh_ = true;
    source()->request_key_frame(now, numbering_.stream());
  }
  update_waits(now);
}

// What comes from the source.

void Consumer::handle_subscribed(Timestamp now) { update_waits(now); }

void Consumer::handle_source_paused(Timestamp now, bool paused) {
  if (paused)
    stop(now);
  else
    update_waits(now);
}

void Consumer::handle_source_closed() {
  numbering_.end();
  waits_ = 0;
  viewed_.reset();
  needs_refresh_ = false;
  stands_still_since_.reset();
  silence_check_.reset();
}

void Consumer::handle_packet(Timestamp now, const ReceivedPacket& packet, PacketSink& sink) {
  if (paused_ || !reachable_) return;
  if (packet.late)
    handle_late(now, packet, sink);
  else
    handle_in_order(now, packet, sink);
}

void Consumer::handle_in_order(Timestamp now, const ReceivedPacket& packet, PacketSink& sink) {
  const bool is_mine = numbering_.active() && packet.stream == numbering_.stream();
  if (is_mine && packet.sequence - numbering_.newest_incoming() >= StreamReceiver::kMaxDropout) {
    stop(now);  // The publisher began anew.
    return handle_in_order(now, packet, sink);
  }
  const Choice choice = choose(now, packet);
  switch (choice.verdict) {
    case Choice::Verdict::Drop:
      if (is_mine) leave_out(packet, choice);
      break;
    case Choice::Verdict::Start: start(now, packet); [[fallthrough]];
    case Choice::Verdict::Forward: forward(now, packet, choice, sink); break;
  }
  const bool wakes = rests_ && choice.verdict != Choice::Verdict::Drop;
  if (wakes) rests_ = false;
  if (!choice.changed && !wakes) return;
  update_waits(now);
  update_layers(now);
}

Choice Consumer::choose(Timestamp now, const ReceivedPacket& packet) {
  Choice choice{.layers = shift_.layers};
  if (packet.is_empty || !codec_of(packet)) return choice;
  if (is_video()) return selector_->choose(now, packet, *source());
  choice.verdict = numbering_.active() ? Choice::Verdict::Forward : Choice::Verdict::Start;
  return choice;
}

void Consumer::start(Timestamp now, const ReceivedPacket& packet) {
  numbering_.begin(packet.stream, packet.sequence);
  first_number_ = numbering_.next();
  shift_.timestamp = timeline_.start(now, packet.stream, packet.view.timestamp(), *source());
  pictures_.start(packet, shift_);
  set_viewed(packet.stream);
  if (!is_video() || silence_check_) return;
  silence_check_ = now + kLayerSilence;
  note_deadline_moved();
}

void Consumer::stop(Timestamp now) {
  numbering_.end();
  if (selector_) selector_->stop();
  needs_refresh_ = false;
  rests_ = false;
  silence_check_.reset();
  set_viewed(std::nullopt);
  update_waits(now);
  update_layers(now);
}

void Consumer::forward(Timestamp now, const ReceivedPacket& packet, const Choice& choice,
                       PacketSink& sink) {
  if (!SFU_EXPECT(source()->events().faults(), numbering_.takes(packet.sequence))) return;
  shift_.layers = choice.layers;
  Leaving leaving{.number = numbering_.forward(packet.sequence, shift_), .shift = shift_};
  leaving.ends_picture = choice.ends_picture;
  pictures_.handle_forwarded(packet, shift_);
  timeline_.handle_sent(now, packet.view.timestamp() - shift_.timestamp);
  note_key_frame(now, packet);
  send(now, packet, leaving, sink);
}

void Consumer::note_key_frame(Timestamp now, const ReceivedPacket& packet) {
  if (!is_video() || !packet.info.is_key_frame_start) return;
  ++key_frames_;
  if (!std::exchange(needs_refresh_, false)) return;
  update_waits(now);
}

void Consumer::leave_out(const ReceivedPacket& packet, const Choice& choice) {
  if (!SFU_EXPECT(source()->events().faults(), numbering_.takes(packet.sequence))) return;
  shift_.layers = choice.layers;
  numbering_.leave_out(packet.sequence, shift_);
  pictures_.handle_left_out(packet, shift_);
}

void Consumer::handle_late(Timestamp now, const ReceivedPacket& packet, PacketSink& sink) {
  if (numbering_.active()) {
    if (const auto place = numbering_.find_incoming(packet.stream, packet.sequence)) {
      const Leaving leaving = out_of_order(packet, *place);
      send(now, packet, leaving, sink);
      if (place->number < first_number_) return;
      if (leaving.with_payload) pictures_.handle_late(packet, place->shift);
      note_key_frame(now, packet);
      return;
    }
  }
  // A key frame that one waits for may begin with a packet that comes late; not one from before the
  // stop, of which the viewer has the rest.
  const bool was_passed =
      packet.stream == numbering_.stream() && packet.sequence <= numbering_.newest_incoming();
  if (!is_video() || was_passed || !packet.info.is_key_frame_start) return;
  handle_in_order(now, packet, sink);
  if (numbering_.active() && numbering_.stream() == packet.stream)
    catch_up(now, packet.stream, packet.sequence, sink);
}

void Consumer::catch_up(Timestamp now, std::uint8_t stream, std::int64_t sequence,
                        PacketSink& sink) {
  const History& history = source()->stream(stream).history;
  const std::int64_t newest = history.newest().value_or(sequence);
  for (std::int64_t next = sequence + 1; next <= newest; ++next)
    if (const ReceivedPacket* packet = history.find(next)) handle_in_order(now, *packet, sink);
}

// What leaves.

Consumer::Leaving Consumer::out_of_order(const ReceivedPacket& packet,
                                         const Numbering::Found& place) const {
  Leaving leaving{.number = place.number, .shift = place.shift};
  const bool is_svc = type_ == ConsumerType::Svc && is_video();
  if (is_svc) leaving.shift.layers = layers_of_picture(packet, place);
  leaving.with_payload = is_wanted(packet, leaving.number, leaving.shift);
  leaving.ends_picture = is_svc && leaving.with_payload &&
                         selector_->ends_picture(packet, leaving.shift.layers) &&
                         !picture_goes_on(packet, place.number + 1);
  return leaving;
}

bool Consumer::is_wanted(const ReceivedPacket& packet, std::int64_t number,
                         const Shift& shift) const {
  if (packet.is_empty) return false;
  if (!selector_) return true;
  if (number < first_number_ && pictures_.repeats_numbers(packet, shift)) return false;
  return selector_->includes(packet, *source(), shift.layers);
}

Layers Consumer::layers_of_picture(const ReceivedPacket& packet,
                                   const Numbering::Found& place) const {
  const auto before = in_picture(packet, place.run - 1);
  if (!before || before->shift.layers.spatial <= place.shift.layers.spatial)
    return place.shift.layers;
  return before->shift.layers;
}

bool Consumer::picture_goes_on(const ReceivedPacket& packet, std::int64_t number) const {
  const auto next = in_picture(packet, number);
  return next && selector_->includes(*source()->stream(next->stream).history.find(next->number),
                                     *source(), next->shift.layers);
}

std::optional<Numbering::Found> Consumer::in_picture(const ReceivedPacket& packet,
                                                     std::int64_t number) const {
  const auto found = numbering_.find_outgoing(static_cast<std::uint16_t>(number));
  if (!found || found->stream != packet.stream) return std::nullopt;
  const ReceivedPacket* other = source()->stream(found->stream).history.find(found->number);
  if (!other || other->view.timestamp() != packet.view.timestamp()) return std::nullopt;
  return found;
}

bool Consumer::send(Timestamp now, const ReceivedPacket& packet, const Leaving& leaving,
                    PacketSink& sink) {
  OutgoingPacket* out = codec_of(packet) ? sink.emplace() : nullptr;
  if (!out) {
    ++discarded_;
    return false;
  }
  if (!write(packet, leaving, *out)) {
    sink.cancel();
    ++discarded_;
    return false;
  }
  const std::size_t size = out->size();
  bytes_ += size;
  ++sent_;
  rate_.add(now, size);
  if (!leaving.is_repetition) {
    budget_.handle_forwarded(size);
    if (reports_.handle_sent(now, out->prefix_size + out->payload.size())) note_deadline_moved();
  }
  return true;
}

bool Consumer::write(const ReceivedPacket& packet, const Leaving& leaving, OutgoingPacket& out) {
  constexpr std::size_t kMaxPrefix = rtp::kOsnSize + kMaxRewrittenDescriptor;
  const bool is_rtx = leaving.is_repetition && rtx_ssrc_ && codec_->rtx_payload_type;
  const std::int64_t number = is_rtx ? next_rtx_ : leaving.number;
  rtp::Rewrite rewrite;
  rewrite.ssrc = is_rtx ? *rtx_ssrc_ : ssrc_;
  rewrite.sequence_number = static_cast<std::uint16_t>(number);
  rewrite.timestamp = packet.view.timestamp() - leaving.shift.timestamp;
  rewrite.payload_type = is_rtx ? *codec_->rtx_payload_type : codec_->payload_type;
  rewrite.marker = leaving.ends_picture || packet.view.marker();
  rewrite.mid = mid_;

  const MutableBytes head(out.head);
  const auto* prepared = source()->outgoing_header(packet, extensions_, mid_.size());
  const auto written =
      prepared ? prepared->write(rewrite, head.first(head.size() - kMaxPrefix)) : std::nullopt;
  if (!written) return false;
  if (leaving.shift.frame_number != 0 && packet.targets && written->dependency_descriptor != 0)
    shift_frame_number(head, written->dependency_descriptor, leaving.shift.frame_number);

  std::size_t prefix = 0;
  if (is_rtx) {
    store_be16(head, written->size, static_cast<std::uint16_t>(leaving.number));
    prefix = rtp::kOsnSize;
  }
  if (leaving.with_payload) {
    const std::size_t replaced = write_descriptor(
        packet, leaving.shift, head.subspan(written->size + prefix, kMaxRewrittenDescriptor));
    prefix += replaced;
    out.payload = packet.view.payload().subspan(replaced);
    out.keeps_payload = packet.buffer;
  }
  out.ssrc = rewrite.ssrc;
  out.index = static_cast<std::uint64_t>(number);
  out.patch = written->patch;
  out.header_size = static_cast<std::uint16_t>(written->size);
  out.prefix_size = static_cast<std::uint8_t>(prefix);
  out.marker = *rewrite.marker;
  out.is_video = is_video();
  out.is_rtx = is_rtx;
  out.is_repetition = leaving.is_repetition && !is_rtx;
  if (is_rtx) ++next_rtx_;
  return true;
}

const CodecEntry* Consumer::codec_of(const ReceivedPacket& packet) {
  if (!codec_ || codec_->payload_type != packet.mapped_payload_type)
    codec_ = codecs_.find(packet.mapped_payload_type);
  return codec_;
}

}  // namespace sfu::media
