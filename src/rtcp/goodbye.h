#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

struct WireSsrc : Ssrc {
  static constexpr std::size_t kWireSize = 4;
  static WireSsrc read(Bytes bytes) { return {Ssrc{load_be32(bytes, 0)}}; }
};

/// RFC 3550 §6.6.
struct Goodbye {
  WireList<WireSsrc> sources;
  std::string_view reason;  // Empty where there is none.

  static Result<Goodbye, ParseError> parse(const PacketView& packet);
};

inline constexpr std::size_t kMaxGoodbyeSources = 31;

bool append_goodbye(CompoundBuilder& builder, std::span<const Ssrc> sources,
                    std::string_view reason = {});

}  // namespace sfu::rtcp
