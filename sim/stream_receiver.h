#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/units.h"
#include "rtcp/packet.h"
#include "rtcp/sender_report.h"
#include "rtp/packet_view.h"
#include "rtp/sequence.h"
#include "sim/test_picture.h"

namespace sfu::sim {

/// One consumer at the client: checks every packet, asks for what is missing, and decodes: a frame
/// counts when it is whole and the one before it was decoded, or when it is a key frame.
class StreamReceiver {
 public:
  struct Options {
    bool is_video = true;
    Ssrc ssrc;
    std::optional<Ssrc> rtx_ssrc;
    std::uint8_t payload_type = 0;
    std::uint8_t rtx_payload_type = 0;
    std::string mid;
    std::uint8_t mid_id = 0;  // Of the header extension.
    std::uint32_t clock_rate = 90'000;
    TimeDelta frame_interval = std::chrono::milliseconds(50);  // The sender's.
  };

  explicit StreamReceiver(Options options) : options_(std::move(options)) {}

  void handle_rtp(Timestamp now, Bytes packet);
  void handle_sender_report(Timestamp now, const rtcp::SenderInfo& info);
  /// NACK, PLI and receiver reports that are due.
  void collect_rtcp(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder);

  const Options& options() const { return options_; }
  std::uint64_t packets() const { return packets_; }
  std::uint64_t frames_decoded() const { return frames_decoded_; }
  std::uint64_t key_frames_decoded() const { return key_frames_decoded_; }
  std::uint8_t last_stream() const { return last_stream_; }
  /// How far the RTP timestamps of two decoded frames in a row were from their capture times, at
  /// most since reset_gap().
  TimeDelta worst_timestamp() const { return worst_timestamp_; }
  /// From the sender's start to the capture of what has this RTP timestamp.
  TimeDelta capture_time(std::uint32_t timestamp) const;
  std::uint64_t missing() const { return missing_.size(); }
  std::uint64_t nacks() const { return nacks_; }
  std::uint64_t repaired() const { return repaired_; }
  std::uint64_t plis() const { return plis_; }
  /// The longest time between two decoded frames since reset_gap().
  TimeDelta longest_gap(Timestamp now) const;
  void reset_gap(Timestamp now);
  std::optional<Timestamp> first_frame_at() const { return first_frame_at_; }
  const std::optional<rtcp::SenderInfo>& sender_report() const { return sender_report_; }
  /// What no packet of a right server would cause, in words; empty is good.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  struct Frame {
    PicturePart head;
    std::uint32_t timestamp = 0;
    std::set<std::uint16_t> parts;
  };

  void handle_media(Timestamp now, std::uint16_t sequence_number, const rtp::PacketView& packet,
                    Bytes payload, bool is_rtx);
  void decode(Timestamp now);
  void check_order(std::int64_t timestamp, const PicturePart& head);
  void append_report(Timestamp now, Ssrc sender, rtcp::CompoundBuilder& builder);
  void complain(const std::string& what);

  const Options options_;
  rtp::SequenceUnwrapper<std::uint16_t> unwrapper_;
  std::optional<std::int64_t> first_;
  std::set<std::int64_t> received_;            // Of late.
  std::int64_t received_count_ = 0;            // Of all.
  std::map<std::int64_t, Timestamp> missing_;  // And when it was asked for last.
  rtp::TimestampUnwrapper timestamps_;
  std::map<std::int64_t, Frame> frames_;      // By unwrapped RTP timestamp.
  std::optional<std::int64_t> last_decoded_;  // Timestamp.
  std::optional<std::uint16_t> last_picture_id_;
  std::optional<Timestamp> last_frame_at_;
  std::optional<Timestamp> first_frame_at_;
  std::optional<Timestamp> stuck_since_;
  std::optional<Timestamp> last_packet_at_;
  std::optional<Timestamp> last_pli_;
  std::optional<Timestamp> last_report_;
  std::optional<Timestamp> sender_report_at_;
  std::optional<PicturePart> last_frame_;
  TimeDelta worst_timestamp_{};
  TimeDelta longest_gap_{};
  std::uint8_t last_stream_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t repaired_ = 0;
  std::uint64_t frames_decoded_ = 0;
  std::uint64_t key_frames_decoded_ = 0;
  std::uint64_t plis_ = 0;
  std::uint64_t nacks_ = 0;
  std::optional<rtcp::SenderInfo> sender_report_;
  std::vector<std::string> complaints_;
};

}  // namespace sfu::sim
