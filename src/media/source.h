#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "media/event.h"
#include "media/history.h"
#include "media/key_frame_requester.h"
#include "media/prepared_headers.h"
#include "media/received_packet.h"
#include "media/sender_clock.h"
#include "media/subscriber.h"
#include "ortc/parameters.h"
#include "rtp/codec/dependency_descriptor.h"

namespace sfu::media {

struct SourceOptions {
  ProducerId producer;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  std::uint32_t clock_rate = 90'000;
  rtp::ExtensionMap extensions;     // The publisher's ids.
  std::size_t streams = 1;          // Encodings, at most kMaxStreams.
  std::uint8_t spatial_layers = 1;  // Of one stream: above 1 where it is SVC.
  std::uint8_t temporal_layers = 1;
  bool keeps_history = true;  // NACK can be answered.
};

/// One encoding as viewers see it.
struct SourceStream {
  History history;
  std::optional<ClockPair> clock;  // From the latest sender report.
  /// When the newest packet with content came, of the stream and of each spatial layer in it.
  std::optional<Timestamp> last_media;
  std::array<std::optional<Timestamp>, kMaxSpatialLayers> layer_last_media{};
  /// When the newest picture and the one before it began to come.
  std::optional<Timestamp> picture_began;
  std::optional<Timestamp> previous_picture_began;
  std::uint32_t picture_timestamp = 0;  // On the wire.
  /// The decode targets of the latest dependency structure.
  std::array<rtp::codec::DecodeTargetLayers, rtp::codec::kMaxDecodeTargets> targets{};
  std::uint8_t target_count = 0;
  std::uint8_t temporal_layers = 1;  // As signaled or seen, whichever is more.

  KeyFrameRequester key_frames;
  std::uint32_t waiting = 0;          // Subscribers that need a key frame of it.
  std::uint32_t viewers = 0;          // Subscribers that forward it now.
  bool has_lasting_gap = false;       // Viewers stand still until its next key frame.
  std::optional<std::uint8_t> score;  // How it comes from the publisher, once that is known.
};

/// One producer as its subscribers see it: who they are, what came lately, and what they want of
/// the sender. Whoever brings the packets in (a Producer, or a RemoteProducer at the far end of a
/// link) owns the other side. Made and owned by a Router.
class Source {
 public:
  Source(const SourceOptions& options, EventQueue& events);
  ~Source();  // Tells its subscribers.
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  ProducerId producer() const { return options_.producer; }
  ortc::MediaKind kind() const { return options_.kind; }
  bool is_video() const { return options_.kind == ortc::MediaKind::Video; }
  std::uint32_t clock_rate() const { return options_.clock_rate; }
  const rtp::ExtensionMap& extensions() const { return options_.extensions; }
  std::size_t stream_count() const { return options_.streams; }
  std::uint8_t spatial_layers() const { return options_.spatial_layers; }
  SourceStream& stream(std::size_t index) { return streams_[index]; }
  const SourceStream& stream(std::size_t index) const { return streams_[index]; }
  bool paused() const { return paused_; }

  // What brings packets in calls these.

  /// Keeps the packet in its stream's history and hands it to all subscribers. On the hot path:
  /// looks nothing up and allocates nothing.
  void forward(Timestamp now, ReceivedPacket&& packet);
  void set_paused(Timestamp now, bool paused);
  /// True where the sender is to be asked for a key frame of this stream now, which the caller
  /// does.
  bool poll_key_frame_request(Timestamp now, std::size_t stream);
  /// When poll_key_frame_request() is to be asked again.
  std::optional<Timestamp> next_timeout(std::size_t stream) const {
    return streams_[stream].key_frames.next_timeout();
  }
  void set_round_trip_time(TimeDelta rtt);
  /// A gap in this stream cannot be filled. Asks for a key frame where somebody watches.
  void handle_lasting_gap(Timestamp now, std::size_t stream);
  /// How the stream comes from the publisher, 0 to 10. True where that is new.
  bool set_score(Timestamp now, std::size_t stream, std::uint8_t score);

  // Subscribers call these.

  /// From now on this subscriber needs a key frame of the stream, until end_wait().
  void begin_wait(Timestamp now, std::size_t stream);
  void end_wait(std::size_t stream);
  /// The same for viewers of it, who suffer from its gaps.
  void begin_view(std::size_t stream) { ++streams_[stream].viewers; }
  void end_view(std::size_t stream) { --streams_[stream].viewers; }
  /// One key frame of this stream is wanted; nobody stands still without it.
  void request_key_frame(Timestamp now, std::size_t stream);
  EventQueue& events() { return events_; }
  /// How `packet` leaves for receivers with these extension ids and MIDs of this length; null where
  /// that cannot be. It holds until the next call.
  const rtp::PreparedHeader* outgoing_header(const ReceivedPacket& packet,
                                             const rtp::ExtensionMap& outgoing,
                                             std::size_t mid_size) {
    return headers_.find(packet, options_.extensions, outgoing, mid_size);
  }

  void subscribe(Timestamp now, Subscriber& subscriber, PacketSink& sink);
  void unsubscribe(Subscriber& subscriber);
  std::size_t subscriber_count() const { return subscriptions_.size(); }

 private:
  struct Subscription {
    Subscriber* subscriber;
    PacketSink* sink;
  };

  void note(Timestamp now, const ReceivedPacket& packet);

  const SourceOptions options_;
  EventQueue& events_;
  std::vector<SourceStream> streams_;
  std::vector<Subscription> subscriptions_;
  PreparedHeaders headers_;
  bool paused_ = false;
};

}  // namespace sfu::media
