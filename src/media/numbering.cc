#include "media/numbering.h"

#include <algorithm>
#include <ranges>

#include "base/check.h"
#include "rtp/sequence.h"

namespace sfu::media {

void Numbering::begin(std::uint8_t stream, std::int64_t incoming) {
  active_ = true;
  stream_ = stream;
  newest_incoming_ = incoming - 1;
  run_is_open_ = false;
}

std::int64_t Numbering::forward_elsewhere(std::int64_t incoming, const Shift& shift) {
  reserve_up_to(incoming, shift);
  extend(incoming, 1, shift);
  run_is_open_ = true;
  return next_ - 1;
}

void Numbering::leave_out(std::int64_t incoming, const Shift& shift) {
  reserve_up_to(incoming, shift);
  run_is_open_ = false;
}

void Numbering::reserve_up_to(std::int64_t incoming, const Shift& shift) {
  SFU_CHECK(takes(incoming));
  const std::int64_t missing = incoming - newest_incoming_ - 1;
  if (missing > 0) {
    Shift both = shift;
    both.layers.spatial = std::min(shift.layers.spatial, newest_layers_.spatial);
    both.layers.temporal = std::min(shift.layers.temporal, newest_layers_.temporal);
    extend(newest_incoming_ + 1, missing, both);
    run_is_open_ = true;
  }
  newest_incoming_ = incoming;
  newest_layers_ = shift.layers;
}

void Numbering::extend(std::int64_t first, std::int64_t count, const Shift& shift) {
  if (run_is_open_ && runs_[newest_run_].shift == shift) {
    runs_[newest_run_].count += count;
  } else {
    const Run added{next_, first, count, shift, stream_};
    if (runs_.size() < kMaxRuns) {
      runs_.push_back(added);
      newest_run_ = runs_.size() - 1;
    } else {
      newest_run_ = (newest_run_ + 1) % kMaxRuns;
      runs_[newest_run_] = added;
    }
  }
  next_ += count;
}

std::optional<Numbering::Found> Numbering::find_incoming(std::uint8_t stream,
                                                         std::int64_t incoming) const {
  for (std::size_t age = 0; age < runs_.size(); ++age) {
    const Run& candidate = run(age);
    const std::int64_t offset = incoming - candidate.incoming;
    if (candidate.stream == stream && offset >= 0 && offset < candidate.count)
      return Found{candidate.outgoing + offset, stream, candidate.shift, candidate.outgoing};
  }
  return std::nullopt;
}

std::int64_t Numbering::unwrap(std::uint16_t outgoing) const {
  const std::int64_t newest = next_ - 1;
  return newest + rtp::distance(static_cast<std::uint16_t>(newest), outgoing);
}

std::optional<Numbering::Found> Numbering::find_outgoing(std::uint16_t outgoing) const {
  const std::int64_t wanted = unwrap(outgoing);
  const auto ages = std::views::iota(std::size_t{0}, runs_.size());
  const auto age = std::ranges::partition_point(
      ages, [&](std::size_t newer) { return run(newer).outgoing > wanted; });
  if (age == ages.end()) return std::nullopt;
  const Run& candidate = run(*age);
  const std::int64_t offset = wanted - candidate.outgoing;
  if (offset >= candidate.count) return std::nullopt;
  return Found{candidate.incoming + offset, candidate.stream, candidate.shift, candidate.outgoing};
}

}  // namespace sfu::media
