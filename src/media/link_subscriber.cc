#include "media/link_subscriber.h"

#include "media/source.h"

namespace sfu::media {
namespace {

bool same_clock(const std::optional<ClockPair>& a, const std::optional<ClockPair>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->arrival == b->arrival && a->ntp.value == b->ntp.value &&
         a->rtp_timestamp == b->rtp_timestamp;
}

PacketMessage describe(PipeId pipe, std::uint32_t number, const ReceivedPacket& packet) {
  PacketMessage message;
  message.header.pipe = pipe;
  message.number = number;
  message.stream = packet.stream;
  message.mapped_payload_type = packet.mapped_payload_type;
  message.repaired = packet.repaired;
  message.late = packet.late;
  message.is_empty = packet.is_empty;
  message.sequence = packet.sequence;
  message.info = packet.info;
  message.vp8 = packet.vp8;
  message.vp9 = packet.vp9;
  message.targets = packet.targets;
  return message;
}

}  // namespace

LinkSubscriber::~LinkSubscriber() {
  if (source()) adopt(Timestamp{}, 0, 0);
}

bool LinkSubscriber::subscribe(Timestamp now, Router& router, ProducerId producer) {
  return router.subscribe(now, producer, *this, no_sink_);
}

void LinkSubscriber::handle_subscribed(Timestamp) { tell_state(); }

void LinkSubscriber::handle_packet(Timestamp now, const ReceivedPacket& packet, PacketSink&) {
  if (state_untold_ || is_news(packet)) tell_state();
  const std::uint32_t number = numbers_[packet.stream]++;
  const bool sent = !state_untold_ && write_link_message(link_, describe(pipe_, number, packet),
                                                         packet.view.datagram());
  ++(sent ? counters_.packets : counters_.dropped);
  // The key frame that they wait for, as far as can be told here. Who cannot begin with it will say
  // so; another one is not asked for before.
  if (sent && packet.info.is_key_frame_start)
    adopt(now, waiting_ & ~(std::uint32_t{1} << packet.stream), viewed_);
}

void LinkSubscriber::handle_source_paused(Timestamp, bool) { tell_state(); }

void LinkSubscriber::handle_source_score(Timestamp) { tell_state(); }

void LinkSubscriber::handle_source_closed() {
  waiting_ = 0;
  viewed_ = 0;
}

bool LinkSubscriber::is_news(const ReceivedPacket& packet) const {
  const SourceStream& stream = source()->stream(packet.stream);
  const StateMessage::Stream& told = told_.streams[packet.stream];
  if (!same_clock(stream.clock, told.clock)) return true;
  if (!packet.targets) return false;
  return stream.target_count != told.target_count || stream.targets != told.targets;
}

void LinkSubscriber::tell_state() {
  told_.header.pipe = pipe_;
  told_.paused = source()->paused();
  for (std::size_t i = 0; i < source()->stream_count(); ++i) {
    const SourceStream& stream = source()->stream(i);
    told_.streams[i] = {stream.clock, stream.targets, stream.target_count, stream.temporal_layers,
                        stream.score};
  }
  state_untold_ = !write_link_message(link_, told_);
}

void LinkSubscriber::handle_wishes(Timestamp now, const WishesMessage& wishes) {
  if (!source()) return;
  if (wishes.is_first || state_untold_) tell_state();
  adopt(now, wishes.waiting, wishes.viewed);
  for (std::size_t i = 0; i < source()->stream_count(); ++i)
    if ((wishes.key_frames >> i & 1) != 0) source()->request_key_frame(now, i);
}

void LinkSubscriber::adopt(Timestamp now, std::uint32_t waiting, std::uint32_t viewed) {
  for (std::size_t i = 0; i < source()->stream_count(); ++i) {
    const std::uint32_t bit = std::uint32_t{1} << i;
    if ((waiting & ~waiting_ & bit) != 0) source()->begin_wait(now, i);
    if ((waiting_ & ~waiting & bit) != 0) source()->end_wait(i);
    if ((viewed & ~viewed_ & bit) != 0) source()->begin_view(i);
    if ((viewed_ & ~viewed & bit) != 0) source()->end_view(i);
  }
  waiting_ = waiting;
  viewed_ = viewed;
}

}  // namespace sfu::media
