#pragma once

#include <optional>

#include "rtp/packet_writer.h"

namespace sfu::rtp {

/// A PreparedHeader that is used once.
inline std::optional<WrittenHeader> rewrite_header(const PacketView& packet,
                                                   const ExtensionMap& incoming,
                                                   const ExtensionMap& outgoing,
                                                   const Rewrite& rewrite, MutableBytes out) {
  PreparedHeader header;
  if (!header.prepare(packet, incoming, outgoing, rewrite.mid.size())) return std::nullopt;
  return header.write(rewrite, out);
}

}  // namespace sfu::rtp
