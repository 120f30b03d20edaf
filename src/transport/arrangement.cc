#include "transport/arrangement.h"

#include <algorithm>
#include <array>

namespace sfu::transport {
namespace {

using media::OutgoingPacket;

/// Streams of one flush that are told apart; those beyond share the last lane.
constexpr std::size_t kMaxLanes = 16;

/// The packets of one SSRC, in order.
struct Lane {
  Ssrc ssrc;
  bool is_rtx = false;
  std::size_t first_size = 0;
  std::size_t count = 0;
  std::size_t place = 0;  // Of its next packet.
};

bool is_of_one_stream(std::span<OutgoingPacket* const> packets) {
  return std::ranges::all_of(
      packets, [&](const OutgoingPacket* packet) { return packet->ssrc == packets[0]->ssrc; });
}

/// The packets of several streams as they came, lane after lane, the longest first, so that a
/// single short one can be the last of a call; retransmissions after what they may repeat.
class Lanes {
 public:
  void put(std::span<OutgoingPacket* const> packets, std::vector<PlacedPacket>& placed) {
    for (const OutgoingPacket* packet : packets) {
      Lane& lane = lane_of(packet->ssrc);
      if (lane.count++ != 0) continue;
      lane.first_size = packet->size();
      lane.is_rtx = packet->is_rtx;
    }
    std::array<Lane*, kMaxLanes> by_size;
    for (std::size_t i = 0; i < used_; ++i) by_size[i] = &lanes_[i];
    const auto is_before = [](const Lane* a, const Lane* b) {
      if (a->is_rtx != b->is_rtx) return b->is_rtx;
      return a->first_size != b->first_size ? a->first_size > b->first_size : a < b;
    };
    std::sort(by_size.begin(), by_size.begin() + static_cast<std::ptrdiff_t>(used_), is_before);
    std::size_t place = 0;
    for (std::size_t i = 0; i < used_; ++i) {
      by_size[i]->place = place;
      place += by_size[i]->count;
    }
    placed.resize(packets.size());
    for (OutgoingPacket* packet : packets) placed[lane_of(packet->ssrc).place++] = {packet, 0};
  }

 private:
  Lane& lane_of(Ssrc ssrc) {
    for (std::size_t i = 0; i < used_; ++i)
      if (lanes_[i].ssrc == ssrc) return lanes_[i];
    if (used_ == kMaxLanes) return lanes_.back();
    lanes_[used_].ssrc = ssrc;
    return lanes_[used_++];
  }

  std::array<Lane, kMaxLanes> lanes_;
  std::size_t used_ = 0;
};

std::size_t padding_allowed(const OutgoingPacket& packet) {
  if (packet.payload.empty() || packet.is_repetition) return 0;
  return packet.is_video ? kMaxVideoPadding : kMaxAudioPadding;
}

/// The end of the packets from `begin` on that padding can bring to one size, which is `size`.
std::size_t find_end(std::span<const PlacedPacket> packets, std::size_t begin, std::size_t& size) {
  size = packets[begin].packet->size();
  std::size_t most = size + padding_allowed(*packets[begin].packet);  // That all can be padded to.
  std::size_t end = begin + 1;
  for (; end < packets.size(); ++end) {
    const OutgoingPacket& next = *packets[end].packet;
    if (next.size() > most || next.size() + padding_allowed(next) < size) break;
    size = std::max(size, next.size());
    most = std::min(most, next.size() + padding_allowed(next));
  }
  return end;
}

void pad(std::vector<PlacedPacket>& packets) {
  for (std::size_t begin = 0; begin < packets.size();) {
    std::size_t size = 0;
    std::size_t end = find_end(packets, begin, size);
    // A shorter packet can be the last one, as it is.
    if (end < packets.size() && packets[end].packet->size() < size) ++end;
    for (std::size_t i = begin; i + 1 < end; ++i)
      packets[i].padding = static_cast<std::uint8_t>(size - packets[i].packet->size());
    begin = end;
  }
}

}  // namespace

void arrange(std::span<OutgoingPacket* const> packets, std::vector<PlacedPacket>& placed) {
  placed.clear();
  if (packets.empty()) return;
  if (is_of_one_stream(packets))
    for (OutgoingPacket* packet : packets) placed.push_back({packet, 0});
  else
    Lanes().put(packets, placed);
  pad(placed);
}

}  // namespace sfu::transport
