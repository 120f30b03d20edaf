#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"
#include "media/received_packet.h"

namespace sfu::media {

/// What one incoming stream brought lately, for retransmission: kept once for all of its viewers.
/// A ring by incoming number that grows up to its bound and then allocates nothing.
class History {
 public:
  static constexpr TimeDelta kMaxAge = std::chrono::seconds(2);
  static constexpr std::size_t kMaxPackets = 2048;  // A power of two.
  static constexpr std::size_t kMaxBytes = 2 * 1024 * 1024;

  /// Keeps `packet` and returns it in its place; one that is older than all that is kept, or is
  /// kept already, is only held. The reference holds until the next add(), hold() or expire().
  const ReceivedPacket& add(Timestamp now, ReceivedPacket&& packet);
  /// Gives `packet` a place without keeping it, under the same terms.
  const ReceivedPacket& hold(ReceivedPacket&& packet);

  /// Null where it never came or is gone.
  const ReceivedPacket* find(std::int64_t sequence) const;
  /// Lets go of what is older than kMaxAge.
  void expire(Timestamp now);
  void clear();

  std::optional<std::int64_t> newest() const { return newest_; }
  std::size_t packets() const { return packets_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t slots() const { return ring_.size(); }

 private:
  static constexpr std::size_t kFirstSlots = 32;

  std::size_t place(std::int64_t sequence) const {
    return static_cast<std::size_t>(sequence) & (ring_.size() - 1);
  }
  void make_room_for(std::int64_t sequence);
  void drop_oldest();

  std::vector<std::optional<ReceivedPacket>> ring_;
  std::optional<ReceivedPacket> held_;
  std::int64_t oldest_ = 0;  // Nothing is kept below it.
  std::optional<std::int64_t> newest_;
  std::size_t packets_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace sfu::media
