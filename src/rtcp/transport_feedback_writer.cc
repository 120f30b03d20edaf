#include <algorithm>
#include <array>
#include <limits>

#include "rtcp/transport_feedback.h"

namespace sfu::rtcp {
namespace {

constexpr std::size_t kFixedSize = 16;
constexpr std::int64_t kMaxStatuses = 0xFFFF;
constexpr std::int64_t kMaxRun = 0x1FFF;
/// What is lost before the first arrival fits one run.
constexpr std::int64_t kMaxLeadingGap = kMaxRun;
/// Chunks and deltas of one packet, beyond any datagram that we send.
constexpr std::size_t kMaxChunks = 512;
constexpr std::size_t kMaxDeltaBytes = 1024;

constexpr std::uint8_t kNotReceived = 0;
constexpr std::uint8_t kSmallDelta = 1;
constexpr std::uint8_t kLargeDelta = 2;

constexpr std::uint16_t kOneBitVector = 0x8000;
constexpr std::uint16_t kTwoBitVector = 0xC000;
constexpr std::size_t kOneBitCapacity = 14;
constexpr std::size_t kTwoBitCapacity = 7;

/// Packs symbols into status chunks: runs while they are equal, else vectors of as few bits as they
/// need. Symbols are held back until their chunk is decided.
class ChunkPacker {
 public:
  void add(std::uint8_t symbol, std::span<std::uint16_t> out) {
    if (held_ == 0 || (uniform() && symbol == symbols_[0])) {
      hold(symbol);
      if (held_ == kMaxRun) write_run(out);
      return;
    }
    while (held_ >= capacity_with(symbol)) {
      if (uniform()) {
        write_run(out);
      } else {
        write_two_bit_vector(out);
      }
    }
    hold(symbol);
    if (!uniform() && held_ == capacity_with(symbol)) {
      if (has_large()) {
        write_two_bit_vector(out);
      } else {
        write_one_bit_vector(out);
      }
    }
  }

  /// `count` times the same, without a call for each.
  void add_run(std::uint8_t symbol, std::int64_t count, std::span<std::uint16_t> out) {
    while (count > 0) {
      if (held_ > 0 && uniform() && symbol == symbols_[0] &&
          held_ >= static_cast<std::int64_t>(kOneBitCapacity)) {
        const std::int64_t taken = std::min(count, kMaxRun - held_);
        held_ += taken;
        count -= taken;
        if (held_ == kMaxRun) write_run(out);
      } else {
        add(symbol, out);
        --count;
      }
    }
  }

  void finish(std::span<std::uint16_t> out) {
    if (held_ == 0) return;
    if (uniform()) {
      write_run(out);
    } else if (has_large()) {
      write_two_bit_vector(out);
    } else {
      write_one_bit_vector(out);
    }
  }

  /// Chunks there will be once finished.
  std::size_t chunks_when_finished() const { return written_ + (held_ > 0 ? 1 : 0); }
  std::size_t written() const { return written_; }

 private:
  /// The symbols that are kept one by one; a longer run is known by its first.
  std::span<const std::uint8_t> kept() const {
    return std::span(symbols_).first(
        static_cast<std::size_t>(std::min<std::int64_t>(held_, kOneBitCapacity)));
  }
  bool uniform() const {
    return std::ranges::all_of(kept(), [&](std::uint8_t s) { return s == symbols_[0]; });
  }
  bool has_large() const { return std::ranges::find(kept(), kLargeDelta) != kept().end(); }
  std::int64_t capacity_with(std::uint8_t symbol) const {
    return symbol == kLargeDelta || has_large() ? kTwoBitCapacity : kOneBitCapacity;
  }
  void hold(std::uint8_t symbol) {
    if (held_ < static_cast<std::int64_t>(kOneBitCapacity))
      symbols_[static_cast<std::size_t>(held_)] = symbol;
    ++held_;
  }
  void write_run(std::span<std::uint16_t> out) {
    put(out, static_cast<std::uint16_t>(symbols_[0] << 13 | held_));
    held_ = 0;
  }
  void write_one_bit_vector(std::span<std::uint16_t> out) {
    unsigned bits = kOneBitVector;
    for (std::size_t i = 0; i < kept().size(); ++i)
      bits |= static_cast<unsigned>(symbols_[i]) << (13 - i);
    put(out, static_cast<std::uint16_t>(bits));
    held_ = 0;
  }
  /// Takes the first seven and keeps the rest.
  void write_two_bit_vector(std::span<std::uint16_t> out) {
    const std::size_t taken = std::min(kept().size(), kTwoBitCapacity);
    unsigned bits = kTwoBitVector;
    for (std::size_t i = 0; i < taken; ++i)
      bits |= static_cast<unsigned>(symbols_[i]) << (12 - 2 * i);
    put(out, static_cast<std::uint16_t>(bits));
    std::copy(symbols_.begin() + static_cast<std::ptrdiff_t>(taken), symbols_.end(),
              symbols_.begin());
    held_ -= static_cast<std::int64_t>(taken);
  }
  void put(std::span<std::uint16_t> out, std::uint16_t chunk) {
    if (written_ < out.size()) out[written_] = chunk;
    ++written_;  // Beyond the end it counts only: the caller then goes back.
  }

  std::array<std::uint8_t, kOneBitCapacity> symbols_{};
  std::int64_t held_ = 0;
  std::size_t written_ = 0;
};

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

/// The contents of one packet as they grow. An arrival that does not fit is undone by going back to
/// the copy of `Progress` from before: what lies beyond its counts does not matter.
class Draft {
 public:
  Draft(std::int64_t base, Timestamp first, std::size_t room)
      : reference_(floor_divide(first.time_since_epoch().count(), kReferenceTimeUnit.count())),
        base_(base),
        room_(room) {
    progress_.next_number = base;
    progress_.previous = Timestamp(kReferenceTimeUnit * reference_);
  }

  bool add(const Arrival& arrival) {
    const Progress before = progress_;
    if (arrival.sequence_number - base_ >= kMaxStatuses || !put(arrival)) {
      progress_ = before;
      return false;
    }
    return true;
  }

  std::uint16_t status_count() const {
    return static_cast<std::uint16_t>(progress_.next_number - base_);
  }
  std::uint32_t reference() const { return static_cast<std::uint32_t>(reference_) & 0xFFFFFF; }

  /// Rounded up to whole words.
  std::size_t body_size() const {
    return (kFixedSize + 2 * progress_.packer.chunks_when_finished() + progress_.delta_bytes + 3) /
           4 * 4;
  }

  void write_statuses(MutableBytes out) {
    progress_.packer.finish(chunks_);
    std::size_t at = 0;
    for (std::size_t i = 0; i < progress_.packer.written(); ++i, at += 2)
      store_be16(out, at, chunks_[i]);
    std::copy_n(deltas_.begin(), progress_.delta_bytes, out.subspan(at).begin());
    std::ranges::fill(out.subspan(at + progress_.delta_bytes), std::uint8_t{0});
  }

 private:
  struct Progress {
    ChunkPacker packer;
    std::size_t delta_bytes = 0;
    std::int64_t next_number = 0;
    Timestamp previous;  // As the deltas so far tell it, so that rounding does not add up.
  };

  bool put(const Arrival& arrival) {
    const std::int64_t half_unit = kArrivalDeltaUnit.count() / 2;
    const std::int64_t ticks = floor_divide((arrival.time - progress_.previous).count() + half_unit,
                                            kArrivalDeltaUnit.count());
    if (ticks < std::numeric_limits<std::int16_t>::min() ||
        ticks > std::numeric_limits<std::int16_t>::max())
      return false;
    const bool small = ticks >= 0 && ticks <= std::numeric_limits<std::uint8_t>::max();
    const std::size_t size = small ? 1 : 2;
    if (progress_.delta_bytes + size > deltas_.size()) return false;
    if (small) {
      deltas_[progress_.delta_bytes] = static_cast<std::uint8_t>(ticks);
    } else {
      store_be16(deltas_, progress_.delta_bytes, static_cast<std::uint16_t>(ticks));
    }
    progress_.delta_bytes += size;
    progress_.previous += kArrivalDeltaUnit * ticks;

    progress_.packer.add_run(kNotReceived, arrival.sequence_number - progress_.next_number,
                             chunks_);
    progress_.packer.add(small ? kSmallDelta : kLargeDelta, chunks_);
    progress_.next_number = arrival.sequence_number + 1;
    return progress_.packer.chunks_when_finished() <= kMaxChunks && body_size() <= room_;
  }

  std::int64_t reference_;
  std::int64_t base_;
  std::size_t room_;
  Progress progress_;
  std::array<std::uint16_t, kMaxChunks> chunks_{};
  std::array<std::uint8_t, kMaxDeltaBytes> deltas_{};
};

}  // namespace

std::size_t append_transport_feedback(CompoundBuilder& builder, const FeedbackHeader& header,
                                      std::span<const Arrival> arrivals) {
  if (arrivals.empty() || builder.room() < kHeaderSize + kFixedSize) return 0;
  const std::int64_t base =
      std::max(header.base_sequence_number, arrivals.front().sequence_number - kMaxLeadingGap);
  Draft draft(base, arrivals.front().time, builder.room() - kHeaderSize);
  std::size_t taken = 0;
  while (taken < arrivals.size() && draft.add(arrivals[taken])) ++taken;
  if (taken == 0) return 0;

  const MutableBytes body =
      builder.open(PacketType::TransportLayerFeedback, kTransportCcFormat, draft.body_size());
  if (body.empty()) return 0;
  store_be32(body, 0, header.sender.value);
  store_be32(body, 4, header.media.value);
  store_be16(body, 8, static_cast<std::uint16_t>(base));
  store_be16(body, 10, draft.status_count());
  store_be24(body, 12, draft.reference());
  body[15] = header.feedback_number;
  draft.write_statuses(body.subspan(kFixedSize));
  return taken;
}

}  // namespace sfu::rtcp
