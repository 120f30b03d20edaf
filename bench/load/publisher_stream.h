#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/units.h"
#include "load/clock.h"
#include "load/frame_schedule.h"
#include "rtcp/sender_report.h"
#include "rtp/header_extensions.h"
#include "rtp/packet_writer.h"

namespace sfu::load {

/// One encoding of one track as a browser sends it: VP8 frames or opus packets by a schedule, the
/// header extensions of Chromium, retransmissions from a history, a key frame when asked for one.
/// Every packet carries a Stamp.
class PublisherStream {
 public:
  struct Options {
    StreamShape shape;
    std::uint32_t run = 0;
    std::uint32_t publisher = 0;
    std::uint8_t encoding = 0;
    Ssrc ssrc = {};
    Ssrc rtx_ssrc = {};  // Video only.
    std::uint8_t payload_type = 0;
    std::uint8_t rtx_payload_type = 0;
    std::string mid;
    std::string rid;  // With more than one encoding; else empty.
    rtp::ExtensionMap extensions;
    std::uint64_t seed = 0;
  };
  /// Packets that can be sent again.
  static constexpr std::size_t kHistory = 512;
  /// Room for any packet that is written here.
  static constexpr std::size_t kMaxPacketSize = 1500;

  PublisherStream(Options options, Timestamp start);

  Timestamp next_timeout() const { return schedule_.next(); }
  /// Writes the packet that is due into `out` and returns its size; 0 where none is. `clock` is
  /// what it says of its sending. Call until 0.
  std::size_t write_next(Timestamp now, Nanoseconds clock, std::uint16_t& transport_number,
                         MutableBytes out);
  /// Writes the packet with this number again, as RTX (RFC 4588); 0 where it is not kept.
  std::size_t write_again(Timestamp now, std::uint16_t sequence_number,
                          std::uint16_t& transport_number, MutableBytes out);

  void request_key_frame(Timestamp now) { schedule_.request_key_frame(now); }
  void set_speed(Timestamp now, double speed) { schedule_.set_speed(now, speed); }
  /// The server has reported on this SSRC, so it knows it: as Chromium, the stream repeats its MID
  /// and RID no longer.
  void handle_reported(Ssrc ssrc);

  const Options& options() const { return options_; }
  std::uint32_t packets_sent() const { return packets_; }
  rtcp::SenderInfo sender_info(Timestamp now, rtp::NtpTime ntp) const;

 private:
  struct Kept {
    std::uint16_t sequence_number = 0;
    bool marker = false;
    std::uint32_t timestamp = 0;
    std::size_t size = 0;  // 0: nothing kept.
  };

  std::uint32_t timestamp_at(Timestamp time) const;
  std::size_t write_header(Timestamp now, const rtp::HeaderFields& fields, bool identifies,
                           bool is_rtx, std::uint16_t transport_number, MutableBytes out) const;
  MutableBytes kept_payload(std::uint16_t sequence_number);

  const Options options_;
  const std::uint32_t first_timestamp_;
  const Timestamp start_;
  FrameSchedule schedule_;
  std::uint16_t sequence_number_;
  std::uint16_t rtx_sequence_number_;
  std::uint16_t first_picture_id_;
  std::uint32_t packets_ = 0;
  std::uint32_t octets_ = 0;
  bool media_identifies_ = true;
  bool rtx_identifies_ = true;
  std::array<Kept, kHistory> history_{};
  std::vector<std::uint8_t> payloads_;  // kMaxPacketSize for each of the history.
};

}  // namespace sfu::load
