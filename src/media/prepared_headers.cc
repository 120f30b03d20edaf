#include "media/prepared_headers.h"

#include <algorithm>

namespace sfu::media {

const rtp::PreparedHeader* PreparedHeaders::add(const ReceivedPacket& packet,
                                                const rtp::ExtensionMap& incoming,
                                                const rtp::ExtensionMap& outgoing,
                                                std::size_t mid_size) {
  if (next_ == layouts_.size()) layouts_.emplace_back();
  Layout& layout = layouts_[next_];
  next_ = (next_ + 1) % kMaxLayouts;
  used_ = std::min(used_ + 1, kMaxLayouts);
  layout.outgoing = outgoing;
  layout.mid_size = mid_size;
  layout.is_valid = layout.header.prepare(packet.view, incoming, outgoing, mid_size);
  return layout.is_valid ? &layout.header : nullptr;
}

}  // namespace sfu::media
