#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "media/event.h"
#include "media/received_packet.h"
#include "media/source.h"

namespace sfu::media {

/// A layer from which nothing came for so long, while two later pictures came of others, is silent:
/// the sender has dropped it. Longer than two frames of the slowest camera (5 frames/s), and short
/// enough that a picture, until the next lower layer has sent a key frame, stands still for less
/// than a second. A screen that does not move takes longer from frame to frame, in all its layers.
inline constexpr TimeDelta kLayerSilence = std::chrono::milliseconds(500);
/// What comes of two streams within this may be of one moment.
inline constexpr TimeDelta kStreamSkew = std::chrono::milliseconds(100);

/// What becomes of one packet.
struct Choice {
  enum class Verdict : std::uint8_t {
    Drop,
    Forward,
    Start,  // Forwarded, the first of its stream: a key frame begins here.
  };
  Verdict verdict = Verdict::Drop;
  bool ends_picture = false;  // As LayerSelector::ends_picture() says.
  bool changed = false;       // layers() or wanted() may have.
  Layers layers{};            // What is let through from here on, of the stream in hand.
};

/// Decides which packets of a video producer one receiver gets: the highest spatial layer that
/// arrives, up to the target. Starts and switches happen at key frames only. Simulcast and SVC
/// differ here and nowhere else.
class LayerSelector {
 public:
  virtual ~LayerSelector() = default;

  virtual void set_target(Layers target) = 0;
  /// For each packet with content, in the order of its stream's numbers.
  virtual Choice choose(Timestamp now, const ReceivedPacket& packet, const Source& source) = 0;
  /// Whether a packet of the stream in question belongs to these layers.
  virtual bool includes(const ReceivedPacket& packet, const Source& source,
                        Layers layers) const = 0;
  /// Whether no more of its picture belongs to these layers, where the packet's own marker may not
  /// say so: who gets these layers needs a marker there.
  virtual bool ends_picture(const ReceivedPacket& packet, Layers layers) const = 0;
  /// What is being forwarded; nothing before the start.
  virtual std::optional<Layers> layers() const = 0;
  /// The streams of which a key frame is needed, a bit for each.
  virtual std::uint32_t wanted(Timestamp now, const Source& source) const = 0;
  /// Needs a key frame to go on.
  virtual void stop() = 0;
  /// Leaves layers that went silent. Returns when to be called again, while something is forwarded.
  virtual std::optional<Timestamp> check_silence(Timestamp now, const Source& source) = 0;
};

/// Temporal layers of one stream: down at the next picture, up where the stream allows it.
class TemporalFilter {
 public:
  void set_target(std::uint8_t target) { target_ = target; }
  /// A key frame: all layers may follow.
  void start(std::uint32_t timestamp) {
    current_ = target_;
    timestamp_ = timestamp;
  }
  void handle_packet(const ReceivedPacket& packet);
  std::uint8_t current() const { return current_; }

 private:
  std::uint8_t target_ = kMaxTemporalLayers - 1;
  std::uint8_t current_ = 0;
  std::uint32_t timestamp_ = 0;  // Of the picture in hand.
};

/// One or more streams, each an encoding of its own.
class SimulcastSelector final : public LayerSelector {
 public:
  /// Aims at all there is.
  SimulcastSelector() = default;

  void set_target(Layers target) override;
  Choice choose(Timestamp now, const ReceivedPacket& packet, const Source& source) override;
  bool includes(const ReceivedPacket& packet, const Source& source, Layers layers) const override;
  bool ends_picture(const ReceivedPacket&, Layers) const override { return false; }
  std::optional<Layers> layers() const override;
  std::uint32_t wanted(Timestamp now, const Source& source) const override;
  void stop() override { current_.reset(); }
  std::optional<Timestamp> check_silence(Timestamp now, const Source& source) override;

 private:
  Layers limits() const { return {current_.value_or(0), temporal_.current()}; }
  /// The highest that is not silent, up to the target; while nothing comes, the current one.
  std::uint8_t best(Timestamp now, const Source& source) const;
  bool takes(Timestamp now, std::uint8_t stream, const Source& source) const;
  std::uint8_t top(const Source& source) const;

  Layers target_{kMaxStreams - 1, kMaxTemporalLayers - 1};
  std::optional<std::uint8_t> current_;
  TemporalFilter temporal_;
};

/// One stream that carries several spatial layers: VP9 by its payload descriptor, AV1 by the
/// dependency descriptor.
class SvcSelector final : public LayerSelector {
 public:
  /// `is_key_svc`: layers refer to each other in key pictures only ("L3T3_KEY"), so that below the
  /// highest forwarded one they are needed only there.
  explicit SvcSelector(bool is_key_svc) : is_key_svc_(is_key_svc) {}

  void set_target(Layers target) override;
  Choice choose(Timestamp now, const ReceivedPacket& packet, const Source& source) override;
  bool includes(const ReceivedPacket& packet, const Source& source, Layers layers) const override;
  bool ends_picture(const ReceivedPacket& packet, Layers layers) const override {
    return packet.info.is_frame_end && packet.info.spatial_layer == layers.spatial;
  }
  std::optional<Layers> layers() const override;
  std::uint32_t wanted(Timestamp now, const Source& source) const override;
  void stop() override;
  std::optional<Timestamp> check_silence(Timestamp now, const Source& source) override;

 private:
  Layers limits() const { return {spatial_, temporal_.current()}; }
  void begin_picture(const ReceivedPacket& packet);
  std::uint8_t best(Timestamp now, const Source& source) const;

  const bool is_key_svc_;
  Layers target_{kMaxSpatialLayers - 1, kMaxTemporalLayers - 1};
  bool started_ = false;
  std::uint8_t spatial_ = 0;
  TemporalFilter temporal_;
  std::uint32_t timestamp_ = 0;  // Of the picture in hand.
  bool in_key_picture_ = false;
  std::uint8_t key_picture_top_ = 0;  // The highest spatial layer that came in the key picture.
};

}  // namespace sfu::media
