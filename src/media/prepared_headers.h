#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "media/received_packet.h"
#include "rtp/header_extensions.h"
#include "rtp/packet_writer.h"

namespace sfu::media {

/// The outgoing headers of one packet of a source, the latest that was asked for. Its viewers'
/// clients mostly agree on extension ids and MID lengths, so one or two layouts serve them all.
class PreparedHeaders {
 public:
  /// Layouts of one packet; beyond these the one made first gives way.
  static constexpr std::size_t kMaxLayouts = 4;

  /// Null where the header can be carried in no form. It holds until the next call. On the hot
  /// path: allocates up to kMaxLayouts times in its life.
  const rtp::PreparedHeader* find(const ReceivedPacket& packet, const rtp::ExtensionMap& incoming,
                                  const rtp::ExtensionMap& outgoing, std::size_t mid_size) {
    if (packet.sequence != sequence_ || packet.stream != stream_) forget(packet);
    for (std::size_t i = 0; i < used_; ++i) {
      const Layout& layout = layouts_[i];
      if (layout.mid_size == mid_size && layout.outgoing == outgoing)
        return layout.is_valid ? &layout.header : nullptr;
    }
    return add(packet, incoming, outgoing, mid_size);
  }

 private:
  struct Layout {
    rtp::ExtensionMap outgoing;
    std::size_t mid_size = 0;
    bool is_valid = false;
    rtp::PreparedHeader header;
  };

  void forget(const ReceivedPacket& packet) {
    sequence_ = packet.sequence;
    stream_ = packet.stream;
    used_ = next_ = 0;
  }
  const rtp::PreparedHeader* add(const ReceivedPacket& packet, const rtp::ExtensionMap& incoming,
                                 const rtp::ExtensionMap& outgoing, std::size_t mid_size);

  std::int64_t sequence_ = std::numeric_limits<std::int64_t>::min();  // Of the packet in hand.
  std::uint8_t stream_ = 0;
  std::vector<Layout> layouts_;
  std::size_t used_ = 0;  // Of layouts_, for this packet.
  std::size_t next_ = 0;  // The place of the next one.
};

}  // namespace sfu::media
