#include "io/group_sender.h"

#include <algorithm>
#include <cerrno>

namespace sfu::io {
namespace {

DatagramGroup first_of(const DatagramGroup& group, std::size_t datagrams) {
  const std::size_t size = std::min(datagrams * group.datagram_size, group.bytes.size());
  return {group.path, group.bytes.first(size), group.datagram_size};
}

DatagramGroup without_first(const DatagramGroup& group, const DatagramGroup& first) {
  return {group.path, group.bytes.subspan(first.bytes.size()), group.datagram_size};
}

/// Whether it can be the grouping that was refused, and not what is in it: EIO where the way out
/// cannot compute checksums, EMSGSIZE where single datagrams would be fragmented.
bool may_be_for_grouping(const DatagramGroup& group, int error) {
  return group.count() > 1 && (error == EINVAL || error == EIO || error == EMSGSIZE);
}

}  // namespace

void GroupSender::send(DatagramPort& port, std::span<const DatagramGroup> groups) {
  for (const DatagramGroup& group : groups) add(port, group);
  transmit_batch(port);
}

void GroupSender::add(DatagramPort& port, const DatagramGroup& group) {
  const std::size_t datagram_size = std::max<std::size_t>(group.datagram_size, 1);
  const std::size_t fitting = std::max<std::size_t>(kMaxGroupBytes / datagram_size, 1);
  const std::size_t limit = std::min(limit_for(group.path.remote), fitting);
  DatagramGroup rest = group;
  do {
    const DatagramGroup piece = first_of(rest, limit);
    rest = without_first(rest, piece);
    batch_.push_back(piece);
    if (batch_.size() == DatagramPort::kMaxGroups) transmit_batch(port);
  } while (!rest.bytes.empty());
}

void GroupSender::transmit_batch(DatagramPort& port) {
  std::span<const DatagramGroup> rest = batch_;
  while (!rest.empty()) {
    const auto [accepted, error] = transmit(port, rest);
    rest = rest.subspan(accepted);
    if (accepted != 0) continue;  // The next call says what is wrong with the first of the rest.
    handle_refused(port, rest.front(), error);
    rest = rest.subspan(1);
  }
  batch_.clear();
}

void GroupSender::handle_refused(DatagramPort& port, const DatagramGroup& group, int error) {
  if (may_be_for_grouping(group, error))
    send_smaller(port, group, error);
  else
    counters_.failed += group.count();
}

void GroupSender::send_smaller(DatagramPort& port, const DatagramGroup& group, int error) {
  ++counters_.refused;
  std::size_t limit = error == EMSGSIZE ? 1 : group.count() / 2;
  bool any_accepted = false;
  DatagramGroup rest = group;
  while (!rest.bytes.empty()) {
    const DatagramGroup piece = first_of(rest, limit);
    const auto [accepted, why] = transmit(port, {&piece, 1});
    if (accepted == 0 && may_be_for_grouping(piece, why)) {
      ++counters_.refused;
      limit = why == EMSGSIZE ? 1 : piece.count() / 2;
      continue;
    }
    if (accepted == 0) counters_.failed += piece.count();
    any_accepted = any_accepted || accepted != 0;
    rest = without_first(rest, piece);
  }
  // A receiver that takes nothing at all says nothing about groups.
  if (any_accepted) remember(group.path.remote, limit);
}

DatagramPort::Outcome GroupSender::transmit(DatagramPort& port,
                                            std::span<const DatagramGroup> groups) {
  ++counters_.calls;
  const DatagramPort::Outcome outcome = port.transmit(groups);
  counters_.groups += outcome.accepted;
  for (const DatagramGroup& group : groups.first(outcome.accepted)) {
    const std::size_t count = group.count();
    counters_.datagrams += count;
    counters_.bytes += group.bytes.size();
    if (count > 1) single_in_a_row_ = 0;
  }
  return outcome;
}

std::size_t GroupSender::limit_for(const Endpoint& receiver) const {
  if (!segmentation_) return 1;
  if (limits_.empty()) return kMaxDatagrams;
  const auto found = limits_.find(receiver);
  return found == limits_.end() ? kMaxDatagrams : found->second;
}

void GroupSender::remember(const Endpoint& receiver, std::size_t limit) {
  if (limit == 1 && ++single_in_a_row_ >= kReceiversToGiveUp) segmentation_ = false;
  const auto [place, is_new] = limits_.insert_or_assign(receiver, limit);
  if (!is_new) return;
  limited_.push_back(receiver);
  if (limited_.size() <= kMaxLimitedReceivers) return;
  limits_.erase(limited_.front());
  limited_.pop_front();
}

}  // namespace sfu::io
