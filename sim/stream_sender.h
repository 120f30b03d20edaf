#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "rtp/header_extensions.h"
#include "rtp/ntp.h"

namespace sfu::sim {

/// One encoding as a browser sends it: frames in bursts, NACKs answered by RTX, a key frame when
/// asked for one. Audio is a video of one small packet a frame that has no key frames.
class StreamSender {
 public:
  struct Options {
    bool is_video = true;
    Ssrc ssrc;
    std::optional<Ssrc> rtx_ssrc;
    std::uint8_t payload_type = 0;
    std::uint8_t rtx_payload_type = 0;
    std::string mid;
    std::string rid;  // Sent, with the MID, until reported on.
    std::uint8_t stream = 0;
    TimeDelta frame_interval = std::chrono::milliseconds(50);
    int packets_per_frame = 3;
    std::uint32_t clock_rate = 90'000;
    std::uint16_t first_sequence_number = 0;
    std::uint32_t first_timestamp = 0;
    rtp::ExtensionMap extensions;  // The client's ids.
  };
  using Packet = std::vector<std::uint8_t>;

  StreamSender(Options options, Timestamp start);

  /// Puts what is due at `now` at the end of `out`: whole frames.
  void produce(Timestamp now, std::vector<Packet>& out);
  Timestamp next_timeout() const { return next_frame_; }

  /// Retransmits what it still has.
  void handle_nack(std::uint16_t sequence_number, std::vector<Packet>& out);
  void request_key_frame() { key_frame_wanted_ = true; }
  /// The server reports on the media's SSRC, or on the RTX one: as Chrome, it sends no MID and RID
  /// with that SSRC any more.
  void handle_reported(Ssrc ssrc);
  void set_active(bool active, Timestamp now);
  /// How loud the packets say they are (RFC 6464): 0 to 127, which is silence. Until then they say
  /// nothing.
  void set_audio_level(std::uint8_t level) { audio_level_ = level; }

  const Options& options() const { return options_; }
  /// The RTP timestamp of `now`, for sender reports.
  std::uint32_t timestamp_at(Timestamp now) const;
  std::uint32_t packets_sent() const { return packets_sent_; }
  std::uint32_t key_frames_sent() const { return key_frames_; }
  std::uint32_t frames_sent() const { return frames_; }
  Timestamp start() const { return start_; }
  /// Assigns the transport-wide number of the client's transport; shared by its senders.
  void share_transport_sequence(std::uint16_t& counter) { transport_sequence_ = &counter; }

 private:
  static constexpr std::size_t kHistory = 500;  // Packets kept for RTX.

  Packet build(bool marker, const std::vector<std::uint8_t>& payload, std::uint16_t sequence,
               std::uint32_t timestamp, bool rtx);
  void produce_frame(std::vector<Packet>& out);

  const Options options_;
  const Timestamp start_;
  Timestamp next_frame_;
  bool active_ = true;
  bool media_identifies_ = true;
  bool rtx_identifies_ = true;
  bool key_frame_wanted_ = true;
  std::optional<std::uint8_t> audio_level_;
  std::uint16_t sequence_;
  std::uint16_t rtx_sequence_ = 1000;
  std::uint32_t frame_ = 0;  // Counts on while nothing is sent: it tells the time of capture.
  std::uint32_t frames_ = 0;
  std::uint16_t picture_id_ = 100;
  std::uint8_t tl0_ = 0;
  std::uint32_t packets_sent_ = 0;
  std::uint32_t key_frames_ = 0;
  struct Kept {
    std::vector<std::uint8_t> payload;
    std::uint32_t timestamp;
    bool marker;
  };
  std::map<std::uint16_t, Kept> history_;
  std::vector<std::uint16_t> history_order_;
  std::uint16_t* transport_sequence_ = nullptr;
};

}  // namespace sfu::sim
