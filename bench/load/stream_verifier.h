#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/units.h"
#include "load/clock.h"
#include "load/payload.h"
#include "rtcp/report_block.h"
#include "rtcp/sender_report.h"
#include "rtp/packet_view.h"
#include "rtp/sequence.h"

namespace sfu::load {

/// What no packet of a right server shows.
enum class Fault : std::uint8_t {
  Damaged,         // The payload is not what its publisher wrote.
  WrongPublisher,  // It is, but of another publisher than signaling said, or of another run.
  WrongPayloadType,
  WrongMid,
  SequenceJump,   // Further than any network loses.
  PictureIdJump,  // Not in step with the publisher's, other than at a key frame.
  TimestampJump,  // The same.
  NotAKeyFrame,   // The first packet is not the start of a key frame.
  Repeated,       // The same packet twice, and not asked for. What was asked for may come twice.
};
inline constexpr std::size_t kFaults = 9;
std::string_view to_string(Fault fault);

/// The measured time, by the clock of the publishers.
struct Window {
  Nanoseconds start = Nanoseconds::max();
  Nanoseconds end = Nanoseconds::max();
  bool holds(Nanoseconds time) const { return time >= start && time < end; }
};

/// One consumer at its viewer: checks every packet by what its publisher wrote into it, counts what
/// is missing, and knows what to ask for again. Allocates nothing.
class StreamVerifier {
 public:
  struct Options {
    bool is_audio = false;
    bool has_layers = false;  // Simulcast: which packets come is the server's choice.
    Ssrc ssrc = {};
    Ssrc rtx_ssrc = {};
    std::uint8_t payload_type = 0;
    std::uint8_t rtx_payload_type = 0;
    std::string mid;
    std::uint8_t mid_id = 0;  // Of the header extension; 0 where there is none.
    std::uint32_t run = 0;
    std::uint32_t publisher = 0;
  };
  struct Counters {
    std::array<std::uint64_t, kFaults> faults{};
    std::uint64_t packets = 0;  // Verified, each once.
    std::uint64_t padding_bytes = 0;
    std::uint64_t padding_packets = 0;  // Those that carry nothing else.
    std::uint64_t late = 0;             // Verified, out of order or sent again.
    std::uint64_t frames = 0;           // Complete.
    std::uint64_t key_frames = 0;       // Complete.
    std::uint64_t broken_frames = 0;    // Begun and never completed.
    std::uint64_t never_came = 0;       // Sequence numbers that were given up.
    std::uint64_t in_window = 0;        // Verified packets that were sent in the window.

    void add(const Counters& other);
    std::uint64_t fault_count() const;
  };
  struct Verdict {
    std::optional<ReadPayload> media;  // Where it was verified, for the first time.
    bool in_order = false;
    bool completed_key_frame = false;  // The first one.
  };

  /// `window` outlives the verifier.
  StreamVerifier(Options options, const Window& window)
      : options_(std::move(options)), window_(window) {}

  Verdict handle_rtp(Nanoseconds arrival, const rtp::PacketView& packet);
  void handle_sender_report(Timestamp now, const rtcp::SenderInfo& info);

  /// Numbers that are to be asked for at `now`, ascending, at most as many as `out` holds.
  std::size_t collect_nack(Timestamp now, std::span<std::uint16_t> out);
  /// Nothing before the first packet.
  std::optional<rtcp::ReportBlock> report(Timestamp now);

  const Options& options() const { return options_; }
  const Counters& counters() const { return counters_; }
  /// The publisher's number of the first packet that came.
  std::optional<std::uint32_t> first_packet() const { return first_packet_; }
  Nanoseconds first_arrival() const { return first_arrival_; }
  bool has_key_frame() const { return counters_.key_frames != 0; }
  /// RFC 3550 §6.4.1
  Nanoseconds jitter() const;
  /// The longest time between two packets since the first complete frame.
  Nanoseconds longest_gap() const { return longest_gap_; }
  void reset_longest_gap() { longest_gap_ = Nanoseconds(0); }
  std::size_t missing() const { return missing_count_; }

 private:
  static constexpr std::size_t kMaxMissing = 128;
  static constexpr std::int64_t kMaxJump = 2000;
  static constexpr std::size_t kRecentPackets = 4096;
  static constexpr std::size_t kRecentQuestions = 2048;
  static constexpr std::size_t kRecentFrames = 64;

  struct Missing {
    std::int64_t sequence = 0;
    Timestamp since;
    Timestamp asked_at;
  };
  struct Frame {
    std::uint32_t number = 0;
    std::uint16_t parts = 0;  // 0: unused.
    std::uint16_t received = 0;
  };
  enum class Order : std::uint8_t { Next, Late, Repeated };

  bool note_fault(Fault fault);
  bool check_header(const rtp::PacketView& packet, bool is_rtx);
  Order note_sequence(Timestamp now, std::uint16_t sequence_number);
  bool was_asked_for(std::uint16_t sequence_number) const {
    return asked_.test(sequence_number % kRecentQuestions);
  }
  void give_up_oldest();
  bool note_number(const Stamp& stamp);
  void check_numbering(const rtp::PacketView& packet, const ReadPayload& media);
  bool note_frame(const Stamp& stamp);
  void note_arrival(Nanoseconds arrival, std::uint32_t timestamp);

  const Options options_;
  const Window& window_;
  Counters counters_;

  rtp::SequenceUnwrapper<std::uint16_t> unwrapper_;
  std::int64_t first_sequence_ = 0;
  std::array<Missing, kMaxMissing> missing_{};  // Ascending.
  std::size_t missing_count_ = 0;
  std::bitset<kRecentQuestions> asked_;  // By sequence number.

  // By the publisher's own numbers, of the encoding that comes now.
  std::optional<std::uint32_t> first_packet_;
  std::uint8_t encoding_ = 0;
  std::uint32_t highest_packet_ = 0;
  std::bitset<kRecentPackets> seen_packets_;
  std::array<Frame, kRecentFrames> frames_{};
  std::uint32_t highest_frame_ = 0;
  std::uint16_t picture_id_offset_ = 0;
  std::uint16_t last_picture_id_ = 0;
  std::uint32_t timestamp_offset_ = 0;

  Nanoseconds first_arrival_{};
  Nanoseconds last_arrival_{};
  Nanoseconds longest_gap_{};
  double last_transit_ = 0;  // RTP ticks
  double jitter_ = 0;        // RTP ticks
  std::int64_t reported_sequence_ = 0;
  std::uint64_t reported_packets_ = 0;
  std::uint64_t sequence_packets_ = 0;
  std::optional<rtcp::SenderInfo> sender_report_;
  Timestamp sender_report_at_;
};

}  // namespace sfu::load
