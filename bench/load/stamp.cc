#include "load/stamp.h"

#include <cstring>

namespace sfu::load {
namespace {

constexpr std::uint32_t kMagic = 0x4c6f6164;
constexpr std::size_t kChecksumAt = 40;
constexpr std::uint8_t kKeyFrame = 1;
constexpr std::uint8_t kAudio = 2;

/// Fletcher's sums over words of 64 bits: they tell where each word stood, for a tenth of a
/// nanosecond a byte.
class Checksum {
 public:
  void add(Bytes bytes) {
    while (bytes.size() >= sizeof(std::uint64_t)) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data(), sizeof word);
      add_word(word);
      bytes = bytes.subspan(sizeof word);
    }
    if (bytes.empty()) return;
    std::uint64_t rest = 0;
    std::memcpy(&rest, bytes.data(), bytes.size());
    add_word(rest ^ std::uint64_t{bytes.size()} << 56);
  }
  std::uint64_t value() const { return sum_ ^ (sum_of_sums_ << 32 | sum_of_sums_ >> 32); }

 private:
  void add_word(std::uint64_t word) {
    sum_ += word;
    sum_of_sums_ += sum_;
  }
  std::uint64_t sum_ = 1;
  std::uint64_t sum_of_sums_ = 0;
};

std::uint64_t checksum(Bytes body, std::size_t stamp_at) {
  Checksum sum;
  sum.add(body.first(stamp_at + kChecksumAt));
  sum.add(body.subspan(stamp_at + kStampSize));
  return sum.value();
}

}  // namespace

void write_stamp(const Stamp& stamp, std::size_t at, MutableBytes body) {
  const MutableBytes out = body.subspan(at, kStampSize);
  store_be32(out, 0, kMagic);
  store_be32(out, 4, stamp.run);
  store_be32(out, 8, stamp.publisher);
  store_be32(out, 12, stamp.frame);
  store_be32(out, 16, stamp.packet);
  store_be16(out, 20, stamp.part);
  store_be16(out, 22, stamp.parts);
  store_be32(out, 24, stamp.rtp_timestamp);
  out[28] = stamp.encoding;
  out[29] = static_cast<std::uint8_t>((stamp.is_key_frame ? kKeyFrame : 0) |
                                      (stamp.is_audio ? kAudio : 0));
  store_be16(out, 30, static_cast<std::uint16_t>(body.size()));
  store_be64(out, 32, static_cast<std::uint64_t>(stamp.sent_at.count()));
  store_be64(out, kChecksumAt, checksum(body, at));
}

std::optional<Stamp> read_stamp(Bytes body, std::size_t at) {
  if (body.size() < at + kStampSize) return std::nullopt;
  const Bytes in = body.subspan(at, kStampSize);
  if (load_be32(in, 0) != kMagic || load_be16(in, 30) != body.size()) return std::nullopt;
  if (load_be64(in, kChecksumAt) != checksum(body, at)) return std::nullopt;
  return Stamp{.run = load_be32(in, 4),
               .publisher = load_be32(in, 8),
               .frame = load_be32(in, 12),
               .packet = load_be32(in, 16),
               .part = load_be16(in, 20),
               .parts = load_be16(in, 22),
               .rtp_timestamp = load_be32(in, 24),
               .encoding = in[28],
               .is_audio = (in[29] & kAudio) != 0,
               .is_key_frame = (in[29] & kKeyFrame) != 0,
               .sent_at = Nanoseconds(static_cast<std::int64_t>(load_be64(in, 32)))};
}

}  // namespace sfu::load
