#include "media/remote_producer.h"

#include <algorithm>
#include <utility>

namespace sfu::media {
namespace {

std::uint32_t bit(std::size_t index) { return std::uint32_t{1} << index; }

}  // namespace

Result<std::unique_ptr<RemoteProducer>, ProducerError> RemoteProducer::create(
    Timestamp now, PipeId pipe, const ProducerOptions& options, Router& router, LinkWriter& back,
    PacketArena& arena) {
  const auto source = Producer::add_source(now, options, router);
  if (!source) return fail(source.error());
  return std::unique_ptr<RemoteProducer>(
      new RemoteProducer(now, pipe, router, **source, back, arena));
}

RemoteProducer::RemoteProducer(Timestamp now, PipeId pipe, Router& router, Source& source,
                               LinkWriter& back, PacketArena& arena)
    : pipe_(pipe),
      router_(router),
      source_(source),
      back_(back),
      arena_(arena),
      next_tick_(now + kTick) {}

RemoteProducer::~RemoteProducer() { router_.remove_source(id()); }

std::optional<RemoteProducer::FramePart> RemoteProducer::handle_packet(Timestamp now,
                                                                       const PacketMessage& message,
                                                                       Bytes datagram) {
  if (message.stream >= source_.stream_count()) return std::nullopt;
  note_number(now, message);
  PacketBuffer buffer = arena_.allocate();
  if (!buffer || datagram.size() > PacketBuffer::kCapacity) {
    ++buffers_missing_;
    source_.handle_lasting_gap(now, message.stream);
    return std::nullopt;
  }
  std::ranges::copy(datagram, buffer.room().begin());
  buffer.set_size(datagram.size());
  const auto view = rtp::PacketView::parse(buffer.bytes());
  if (!view) return std::nullopt;

  ReceivedPacket packet{.buffer = std::move(buffer), .view = *view, .arrival = now};
  packet.sequence = message.sequence;
  packet.stream = message.stream;
  packet.mapped_payload_type = message.mapped_payload_type;
  packet.repaired = message.repaired;
  packet.late = message.late;
  packet.is_empty = message.is_empty;
  packet.info = message.info;
  packet.vp8 = message.vp8;
  packet.vp9 = message.vp9;
  packet.targets = message.targets;
  source_.forward(now, std::move(packet));
  if (!source_.is_video() || message.repaired || message.is_empty) return std::nullopt;
  return FramePart{view->ssrc(), view->marker()};
}

void RemoteProducer::note_number(Timestamp now, const PacketMessage& message) {
  auto& next = next_number_[message.stream];
  const std::uint32_t missing = next ? message.number - *next : 0;
  next = message.number + 1;
  if (missing != 0) source_.handle_lasting_gap(now, message.stream);
}

void RemoteProducer::handle_state(Timestamp now, const StateMessage& state) {
  for (std::size_t i = 0; i < source_.stream_count(); ++i) {
    SourceStream& stream = source_.stream(i);
    const StateMessage::Stream& news = state.streams[i];
    stream.clock = news.clock;
    stream.targets = news.targets;
    stream.target_count = news.target_count;
    stream.temporal_layers = std::max(stream.temporal_layers, news.temporal_layers);
    if (news.score) source_.set_score(now, i, *news.score);
  }
  source_.set_paused(now, state.paused);
}

WishesMessage RemoteProducer::wishes() const {
  WishesMessage wishes;
  wishes.header.pipe = pipe_;
  wishes.is_first = is_first_;
  for (std::size_t i = 0; i < source_.stream_count(); ++i) {
    const SourceStream& stream = source_.stream(i);
    if (stream.waiting > 0) wishes.waiting |= bit(i);
    if (stream.viewers > 0) wishes.viewed |= bit(i);
  }
  return wishes;
}

bool RemoteProducer::has_news() const {
  const WishesMessage now = wishes();
  return now.waiting != told_.waiting || now.viewed != told_.viewed;
}

void RemoteProducer::tell_wishes(Timestamp now) {
  for (std::size_t i = 0; i < source_.stream_count(); ++i)
    if (source_.poll_key_frame_request(now, i)) key_frames_ |= bit(i);
  if (!is_first_ && key_frames_ == 0 && !has_news()) return;
  WishesMessage message = wishes();
  message.key_frames = key_frames_;
  if (!write_link_message(back_, message)) return;
  told_ = message;
  is_first_ = false;
  key_frames_ = 0;
}

void RemoteProducer::handle_timeout(Timestamp now) {
  if (now >= next_tick_) {
    next_tick_ = now + kTick;
    for (std::size_t i = 0; i < source_.stream_count(); ++i) source_.stream(i).history.expire(now);
  }
  tell_wishes(now);
}

Timestamp RemoteProducer::next_timeout() const {
  Timestamp next = next_tick_;
  for (std::size_t i = 0; i < source_.stream_count(); ++i)
    if (const auto at = source_.next_timeout(i)) next = std::min(next, *at);
  return next;
}

}  // namespace sfu::media
