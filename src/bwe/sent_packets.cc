#include "bwe/sent_packets.h"

#include <algorithm>

namespace sfu::bwe {
namespace {

constexpr std::size_t kFirstRingSize = 64;

}  // namespace

std::uint16_t SentPackets::note_sent(Timestamp now, DataSize size) {
  if (ring_.empty()) ring_.resize(kFirstRingSize);
  const auto place = [this] { return static_cast<std::size_t>(next_number_) % ring_.size(); };
  // Only an unjudged packet is worth more room than its number needs.
  if (ring_[place()].state == State::InFlight && ring_.size() < kMaxSentPackets) grow();

  Sent& sent = ring_[place()];
  if (sent.state == State::InFlight) in_flight_ = in_flight_ - DataSize::from_bytes(sent.size);
  sent = {now, static_cast<std::uint32_t>(size.bytes()), State::InFlight};
  in_flight_ += size;
  statuses_left_ = std::min(statuses_left_ + kMaxStatusesPerPacket, kMaxSavedStatuses);
  return static_cast<std::uint16_t>(next_number_++);
}

void SentPackets::grow() {
  std::vector<Sent> larger(2 * ring_.size());
  for (std::size_t back = 1; back <= ring_.size(); ++back) {
    const auto number = static_cast<std::size_t>(next_number_) - back;
    larger[number % larger.size()] = ring_[number % ring_.size()];
  }
  ring_ = std::move(larger);
}

SentPackets::Sent* SentPackets::find(std::int64_t number) {
  if (number < 0 || number >= next_number_ ||
      number < next_number_ - static_cast<std::int64_t>(ring_.size()))
    return nullptr;
  Sent& sent = ring_[static_cast<std::size_t>(number) % ring_.size()];
  return sent.state == State::Free ? nullptr : &sent;
}

FeedbackOutcome SentPackets::handle_feedback(Timestamp now,
                                             const rtcp::TransportFeedback& feedback) {
  FeedbackOutcome outcome;
  outcome.refused = feedback.status_count() > statuses_left_;
  if (outcome.refused) return outcome;
  statuses_left_ -= feedback.status_count();
  // The latest arrival was waiting for the feedback the shortest; the others waited longer by as
  // much as they came earlier.
  std::optional<TimeDelta> latest_arrival;
  feedback.for_each([&](const rtcp::PacketStatus& status) {
    if (status.received)
      latest_arrival = std::max(latest_arrival.value_or(status.arrival), status.arrival);
  });

  feedback.for_each([&](const rtcp::PacketStatus& status) {
    // The number nearest to, and before, the next one: who reports cannot be ahead of us.
    const auto behind = static_cast<std::uint16_t>(static_cast<std::uint16_t>(next_number_) -
                                                   status.sequence_number);
    Sent* sent = behind == 0 ? nullptr : find(next_number_ - behind);
    if (!sent || sent->state == State::Acked) return;
    const DataSize size = DataSize::from_bytes(sent->size);
    if (!status.received) {
      if (sent->state == State::Lost) return;
      sent->state = State::Lost;
      in_flight_ = in_flight_ - size;
      ++outcome.lost;
      outcome.lost_size += size;
      return;
    }
    if (sent->state == State::Lost) {
      ++outcome.recovered;
    } else {
      in_flight_ = in_flight_ - size;
    }
    sent->state = State::Acked;
    ++outcome.acked;
    outcome.acked_size += size;
    const TimeDelta waited = *latest_arrival - status.arrival;
    const TimeDelta round_trip = std::max(now - sent->time - waited, TimeDelta::zero());
    outcome.round_trip_time = std::min(outcome.round_trip_time.value_or(round_trip), round_trip);
  });
  return outcome;
}

}  // namespace sfu::bwe
