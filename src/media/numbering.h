#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "media/event.h"

namespace sfu::media {

/// What is subtracted from the numbers of incoming packets, each modulo its own size.
struct Shift {
  std::uint32_t timestamp = 0;
  std::uint16_t picture_id = 0;
  std::uint16_t frame_number = 0;  // Of the dependency descriptor.
  std::uint8_t tl0_picture_index = 0;
  Layers layers{};  // What is forwarded meanwhile, for packets that come late.

  friend bool operator==(const Shift&, const Shift&) = default;
};

/// The sequence numbers of one outgoing stream, and which incoming packet has which. What is left
/// out on purpose has no number; what is missing from the publisher keeps one, for it may still
/// come.
///
/// Numbers are held as runs: neighbours among the incoming that are neighbours among the outgoing
/// and share a shift. A stream of which nothing is left out is one run.
class Numbering {
 public:
  /// Beyond these the oldest is forgotten: with a frame left out after each forwarded one, at 60
  /// frames/s, this is 4 s.
  static constexpr std::size_t kMaxRuns = 128;

  explicit Numbering(std::int64_t first) : next_(first) {}

  /// From now on numbers are given to `stream`, beginning with `incoming`.
  void begin(std::uint8_t stream, std::int64_t incoming);
  void end() { active_ = false; }

  bool active() const { return active_; }
  std::uint8_t stream() const { return stream_; }
  /// The greatest incoming number of the stream that was forwarded or left out.
  std::int64_t newest_incoming() const { return newest_incoming_; }
  std::int64_t next() const { return next_; }

  /// What may be forwarded or left out: of a stream whose numbers only go up.
  bool takes(std::int64_t incoming) const { return active_ && incoming > newest_incoming_; }

  // It takes `incoming`. The numbers between are missing; what comes of them yet
  // is wanted only where both the layers of before and those of now include it.

  /// The outgoing number of `incoming`.
  std::int64_t forward(std::int64_t incoming, const Shift& shift) {
    const bool goes_on = active_ && run_is_open_ && incoming == newest_incoming_ + 1 &&
                         runs_[newest_run_].shift == shift;
    if (!goes_on) return forward_elsewhere(incoming, shift);
    ++runs_[newest_run_].count;
    newest_incoming_ = incoming;
    newest_layers_ = shift.layers;
    return next_++;
  }
  void leave_out(std::int64_t incoming, const Shift& shift);

  struct Found {
    std::int64_t number = 0;  // The other one of the pair.
    std::uint8_t stream = 0;
    Shift shift;
    std::int64_t run = 0;  // The outgoing number that its run begins with.
  };
  std::optional<Found> find_incoming(std::uint8_t stream, std::int64_t incoming) const;
  /// `outgoing` as it stands on the wire.
  std::optional<Found> find_outgoing(std::uint16_t outgoing) const;
  /// The outgoing number nearest to the newest with these low bits.
  std::int64_t unwrap(std::uint16_t outgoing) const;

  std::size_t runs() const { return runs_.size(); }

 private:
  struct Run {
    std::int64_t outgoing;
    std::int64_t incoming;
    std::int64_t count;
    Shift shift;
    std::uint8_t stream;
  };

  /// What does not simply follow the packet before it.
  std::int64_t forward_elsewhere(std::int64_t incoming, const Shift& shift);
  void reserve_up_to(std::int64_t incoming, const Shift& shift);
  void extend(std::int64_t first, std::int64_t count, const Shift& shift);
  /// `age` 0 is the newest.
  const Run& run(std::size_t age) const {
    return runs_[(newest_run_ + runs_.size() - age) % runs_.size()];
  }

  std::vector<Run> runs_;  // A ring once it is full.
  std::size_t newest_run_ = 0;
  std::int64_t next_;
  std::int64_t newest_incoming_ = -1;  // Before the first begin(): nothing was passed.
  Layers newest_layers_{};
  std::uint8_t stream_ = 0;
  bool active_ = false;
  bool run_is_open_ = false;  // The newest run ends at newest_incoming_.
};

}  // namespace sfu::media
