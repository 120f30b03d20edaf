#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/endpoint.h"
#include "io/datagram_port.h"

namespace sfu::io {

/// Sends groups of datagrams in as few calls as the kernel and the way to each receiver allow. A
/// group that is refused for being one leaves in smaller ones: halves, then single datagrams. What
/// a receiver's way does not carry is remembered, so that it is not tried with each flush.
class GroupSender {
 public:
  /// The kernel takes 64 (128 from Linux 6.9 on) and, with its headers, 64 KB.
  static constexpr std::size_t kMaxDatagrams = 60;
  static constexpr std::size_t kMaxGroupBytes = 63 * 1024;
  /// Receivers whose limit is remembered; of more, the oldest is forgotten and learned again.
  static constexpr std::size_t kMaxLimitedReceivers = 1024;
  /// So many receivers in a row that took nothing but single datagrams end it for the machine.
  static constexpr std::size_t kReceiversToGiveUp = 16;

  struct Counters {
    std::uint64_t calls = 0;
    std::uint64_t groups = 0;  // That left, single datagrams among them.
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    std::uint64_t failed = 0;   // Datagrams: unreachable, or the send buffer was full.
    std::uint64_t refused = 0;  // Groups that had to leave in smaller ones.
  };

  /// `segmentation`: whether groups of more than one datagram are to be tried at all.
  explicit GroupSender(bool segmentation) : segmentation_(segmentation) {}

  /// Sends in order. What is refused as a single datagram is counted and dropped, as a network
  /// would.
  void send(DatagramPort& port, std::span<const DatagramGroup> groups);

  /// False from the start, or since the machine has turned out not to carry groups.
  bool segmentation() const { return segmentation_; }
  const Counters& counters() const { return counters_; }

 private:
  std::size_t limit_for(const Endpoint& receiver) const;
  void remember(const Endpoint& receiver, std::size_t limit);
  /// Cuts `group` into what may leave in one, and sends when the batch is full.
  void add(DatagramPort& port, const DatagramGroup& group);
  void transmit_batch(DatagramPort& port);
  /// Sends a group that was refused with `error`.
  void handle_refused(DatagramPort& port, const DatagramGroup& group, int error);
  void send_smaller(DatagramPort& port, const DatagramGroup& group, int error);
  DatagramPort::Outcome transmit(DatagramPort& port, std::span<const DatagramGroup> groups);

  bool segmentation_;
  std::vector<DatagramGroup> batch_;
  std::unordered_map<Endpoint, std::size_t> limits_;  // Datagrams in one group.
  std::deque<Endpoint> limited_;                      // The oldest first.
  std::size_t single_in_a_row_ = 0;
  Counters counters_;
};

}  // namespace sfu::io
