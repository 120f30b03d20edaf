#include "media/source.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace sfu::media {

Source::Source(const SourceOptions& options, EventQueue& events)
    : options_(options), events_(events), streams_(options.streams) {
  SFU_CHECK(options.streams >= 1 && options.streams <= kMaxStreams);
  for (SourceStream& stream : streams_) stream.temporal_layers = options.temporal_layers;
}

Source::~Source() {
  for (const Subscription& subscription : subscriptions_) {
    subscription.subscriber->source_ = nullptr;
    subscription.subscriber->handle_source_closed();
  }
}

void Source::forward(Timestamp now, ReceivedPacket&& packet) {
  const std::size_t packet_stream = packet.stream;
  SourceStream& stream = streams_[packet_stream];
  const ReceivedPacket& placed = options_.keeps_history ? stream.history.add(now, std::move(packet))
                                                        : stream.history.hold(std::move(packet));
  note(now, placed);
  for (const Subscription& subscription : subscriptions_)
    subscription.subscriber->handle_packet(now, placed, *subscription.sink);
  // Who could not begin here goes on waiting, and must not be forgotten.
  if (placed.info.is_key_frame_start && stream.waiting > 0) request_key_frame(now, packet_stream);
}

void Source::note(Timestamp now, const ReceivedPacket& packet) {
  if (packet.is_empty) return;
  SourceStream& stream = streams_[packet.stream];
  stream.last_media = now;
  const bool is_new_picture =
      !stream.picture_began || packet.view.timestamp() != stream.picture_timestamp;
  if (is_new_picture && !packet.late) {
    stream.previous_picture_began = std::exchange(stream.picture_began, now);
    stream.picture_timestamp = packet.view.timestamp();
  }
  const std::size_t spatial =
      std::min<std::size_t>(packet.info.spatial_layer, kMaxSpatialLayers - 1);
  stream.layer_last_media[spatial] = now;
  if (packet.info.temporal_layer >= stream.temporal_layers)
    stream.temporal_layers = static_cast<std::uint8_t>(packet.info.temporal_layer + 1);
  if (!packet.info.is_key_frame_start) return;
  stream.key_frames.handle_key_frame();
  stream.has_lasting_gap = false;
}

void Source::set_paused(Timestamp now, bool paused) {
  if (paused == paused_) return;
  paused_ = paused;
  if (paused)
    for (SourceStream& stream : streams_) {
      stream.key_frames.cancel();
      stream.has_lasting_gap = false;
      stream.history.clear();
    }
  for (const Subscription& subscription : subscriptions_)
    subscription.subscriber->handle_source_paused(now, paused);
}

bool Source::poll_key_frame_request(Timestamp now, std::size_t stream) {
  SourceStream& wanted = streams_[stream];
  return wanted.key_frames.poll(
      now, wanted.waiting > 0 || (wanted.has_lasting_gap && wanted.viewers > 0));
}

void Source::set_round_trip_time(TimeDelta rtt) {
  for (SourceStream& stream : streams_) stream.key_frames.set_round_trip_time(rtt);
}

void Source::handle_lasting_gap(Timestamp now, std::size_t stream) {
  if (!is_video() || streams_[stream].viewers == 0) return;
  streams_[stream].has_lasting_gap = true;
  request_key_frame(now, stream);
}

bool Source::set_score(Timestamp now, std::size_t stream, std::uint8_t score) {
  if (streams_[stream].score == score) return false;
  streams_[stream].score = score;
  for (const Subscription& subscription : subscriptions_)
    subscription.subscriber->handle_source_score(now);
  return true;
}

void Source::begin_wait(Timestamp now, std::size_t stream) {
  ++streams_[stream].waiting;
  request_key_frame(now, stream);
}

void Source::end_wait(std::size_t stream) {
  if (!SFU_EXPECT(events_.faults(), streams_[stream].waiting > 0)) return;
  --streams_[stream].waiting;
}

void Source::request_key_frame(Timestamp now, std::size_t stream) {
  if (!is_video() || paused_) return;
  KeyFrameRequester& key_frames = streams_[stream].key_frames;
  const auto before = key_frames.next_timeout();
  key_frames.request(now);
  if (key_frames.next_timeout() != before) events_.post(FeedbackWanted{options_.producer});
}

void Source::subscribe(Timestamp now, Subscriber& subscriber, PacketSink& sink) {
  SFU_CHECK(subscriber.source_ == nullptr);
  subscriber.source_ = this;
  subscriber.place_ = static_cast<std::uint32_t>(subscriptions_.size());
  subscriptions_.push_back({&subscriber, &sink});
  subscriber.handle_subscribed(now);
}

void Source::unsubscribe(Subscriber& subscriber) {
  SFU_CHECK(subscriber.source_ == this);
  subscriber.source_ = nullptr;
  // The last one takes its place: who leaves a source of thousands must not cost a walk over them.
  Subscription& left = subscriptions_[subscriber.place_];
  left = subscriptions_.back();
  left.subscriber->place_ = subscriber.place_;
  subscriptions_.pop_back();
}

}  // namespace sfu::media
