#include "bwe/sent_packets.h"

#include <algorithm>

namespace sfu::bwe {
namespace {

constexpr std::size_t kFirstRingSize = 64;

}  // namespace

std::uint16_t SentPackets::note_sent(Timestamp now, DataSize size) {
  if (ring_.empty() || deserves_room(now)) grow();
  Sent& sent = at(next_number_);
  if (sent.state == State::InFlight) in_flight_ = in_flight_ - DataSize::from_bytes(sent.size);
  sent = {now, static_cast<std::uint32_t>(size.bytes()), State::InFlight};
  in_flight_ += size;
  statuses_left_ = std::min(statuses_left_ + kMaxStatusesPerPacket, kMaxSavedStatuses);
  return static_cast<std::uint16_t>(next_number_++);
}

/// Whether the packet in the next one's place is worth a larger ring.
bool SentPackets::deserves_room(Timestamp now) {
  const Sent& oldest = at(next_number_);
  return oldest.state == State::InFlight && now - oldest.time < kMaxSentAge &&
         ring_.size() < kMaxSentPackets;
}

void SentPackets::grow() {
  std::vector<Sent> larger(std::max(kFirstRingSize, 2 * ring_.size()));
  ring_.swap(larger);
  for (std::size_t back = 1; back <= larger.size(); ++back) {
    const std::int64_t number = next_number_ - static_cast<std::int64_t>(back);
    at(number) = larger[static_cast<std::size_t>(number) & (larger.size() - 1)];
  }
}

FeedbackOutcome SentPackets::handle_feedback(Timestamp now,
                                             const rtcp::TransportFeedback& feedback) {
  FeedbackOutcome outcome;
  outcome.refused = feedback.status_count() > statuses_left_;
  if (outcome.refused) return outcome;
  statuses_left_ -= feedback.status_count();

  // The number nearest to, and before, the next one: who reports cannot be ahead of us.
  const auto before = [](std::int64_t next, std::uint16_t number) {
    const auto behind = static_cast<std::uint16_t>(static_cast<std::uint16_t>(next) - number);
    return behind == 0 ? next : next - behind;
  };
  // The latest arrival waited for the feedback the shortest, the others longer by as much as they
  // came earlier: the shortest round trip is that of the packet that was on its way the shortest,
  // by two clocks that have nothing in common.
  TimeDelta latest_arrival = TimeDelta::min();
  TimeDelta shortest_way = TimeDelta::max();
  feedback.for_each([&](const rtcp::PacketStatus& status) {
    if (status.received) latest_arrival = std::max(latest_arrival, status.arrival);
    const std::int64_t number = before(next_number_, status.sequence_number);
    if (!is_known(number)) return;
    Sent& sent = at(number);
    if (sent.state == State::Free || sent.state == State::Acked) return;
    if (!status.received) return note_lost(sent, outcome);
    note_acked(sent, outcome);
    shortest_way = std::min(shortest_way, status.arrival - sent.time.time_since_epoch());
  });
  if (outcome.acked > 0)
    outcome.round_trip_time =
        std::max(now.time_since_epoch() - latest_arrival + shortest_way, TimeDelta::zero());
  return outcome;
}

void SentPackets::note_lost(Sent& sent, FeedbackOutcome& outcome) {
  if (sent.state == State::Lost) return;
  const DataSize size = DataSize::from_bytes(sent.size);
  sent.state = State::Lost;
  in_flight_ = in_flight_ - size;
  ++outcome.lost;
  outcome.lost_size += size;
}

void SentPackets::note_acked(Sent& sent, FeedbackOutcome& outcome) {
  const DataSize size = DataSize::from_bytes(sent.size);
  if (sent.state == State::Lost)
    ++outcome.recovered;
  else
    in_flight_ = in_flight_ - size;
  sent.state = State::Acked;
  ++outcome.acked;
  outcome.acked_size += size;
}

}  // namespace sfu::bwe
