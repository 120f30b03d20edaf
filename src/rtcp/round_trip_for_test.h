#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "rtcp/packet.h"

namespace sfu::rtcp {

/// A buffer to build into, and the packets that parsing gives back.
class RoundTrip {
 public:
  CompoundBuilder& builder() { return builder_; }
  Bytes bytes() const { return builder_.bytes(); }
  std::vector<PacketView> packets() const {
    const auto compound = Compound::parse(builder_.bytes());
    EXPECT_TRUE(compound.has_value());
    if (!compound) return {};
    return {compound->begin(), compound->end()};
  }
  PacketView packet() const {
    const auto all = packets();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? PacketView{} : all.front();
  }

 private:
  std::array<std::uint8_t, 2000> buffer_{};
  CompoundBuilder builder_{buffer_};
};

}  // namespace sfu::rtcp
