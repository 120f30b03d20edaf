#include "bwe/arrival_recorder.h"

#include <algorithm>
#include <span>

namespace sfu::bwe {

void ArrivalRecorder::note_arrival(Timestamp now, std::uint16_t sequence_number, Ssrc media) {
  const std::int64_t number = unwrapper_.peek(sequence_number);
  const std::int64_t newest = unwrapper_.newest().value_or(number);
  if (number <= newest - kMaxReordering || waiting_.size() == kMaxWaitingArrivals) {
    ++dropped_;
    return;
  }
  const auto place = std::lower_bound(
      waiting_.begin(), waiting_.end(), number,
      [](const rtcp::Arrival& arrival, std::int64_t n) { return arrival.sequence_number < n; });
  if (place != waiting_.end() && place->sequence_number == number) {
    ++dropped_;
    return;
  }
  waiting_.insert(place, {number, now});
  unwrapper_.unwrap(sequence_number);
  media_ = media;
  if (!next_unreported_) next_unreported_ = number;
  if (!deadline_) deadline_ = now + settings_.interval;
  if (waiting_.size() >= kArrivalsThatMakeFeedbackDue) deadline_ = std::min(*deadline_, now);
}

std::optional<Timestamp> ArrivalRecorder::next_timeout() const {
  return waiting_.empty() ? std::nullopt : deadline_;
}

std::size_t ArrivalRecorder::poll_feedback(Timestamp now, MutableBytes out) {
  if (waiting_.empty() || !deadline_ || now < *deadline_) return 0;

  // A late one speaks for itself and those right behind it: the numbers between it and the
  // unreported ones have been reported, and must not be called lost now.
  std::span<const rtcp::Arrival> reported = waiting_;
  const std::int64_t first = waiting_.front().sequence_number;
  const bool is_late = first < *next_unreported_;
  if (is_late) {
    std::size_t in_a_row = 1;
    while (in_a_row < waiting_.size() &&
           waiting_[in_a_row].sequence_number == first + static_cast<std::int64_t>(in_a_row) &&
           waiting_[in_a_row].sequence_number < *next_unreported_)
      ++in_a_row;
    reported = reported.first(in_a_row);
  }
  rtcp::CompoundBuilder builder(out);
  const std::size_t taken =
      rtcp::append_transport_feedback(builder,
                                      {.sender = settings_.sender,
                                       .media = media_,
                                       .feedback_number = feedback_number_,
                                       .base_sequence_number = is_late ? first : *next_unreported_},
                                      reported);
  if (taken == 0) return 0;
  ++feedback_number_;
  const auto arrived = static_cast<std::int64_t>(taken);
  const std::int64_t spoken_of = reported[taken - 1].sequence_number + 1 - *next_unreported_;
  if (is_late)
    loss_.add(now, arrived, 0, arrived);
  else
    loss_.add(now, arrived, spoken_of - arrived);
  next_unreported_ = std::max(*next_unreported_, reported[taken - 1].sequence_number + 1);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
  if (waiting_.empty()) deadline_.reset();
  return builder.size();
}

}  // namespace sfu::bwe
