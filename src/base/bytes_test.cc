#include "base/bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sfu {
namespace {

using testing::ElementsAre;

constexpr std::array<std::uint8_t, 10> kBytes = {0x00, 0xF1, 0xE2, 0xD3, 0xC4,
                                                 0xB5, 0xA6, 0x97, 0x88, 0x00};

TEST(Bytes, LoadsNetworkOrderWithoutSignExtension) {
  EXPECT_EQ(load_be16(kBytes, 1), 0xF1E2);
  EXPECT_EQ(load_be24(kBytes, 1), 0xF1E2D3U);
  EXPECT_EQ(load_be32(kBytes, 1), 0xF1E2D3C4U);
  EXPECT_EQ(load_be64(kBytes, 1), 0xF1E2D3C4B5A69788U);
}

TEST(Bytes, StoresWhatItLoadsAndTouchesNothingBeside) {
  std::array<std::uint8_t, 10> out{};
  store_be64(out, 1, 0xF1E2D3C4B5A69788);
  EXPECT_EQ(out, kBytes);
  out.fill(0xEE);
  store_be24(out, 2, 0x010203);
  EXPECT_THAT(Bytes(out).first(6), ElementsAre(0xEE, 0xEE, 1, 2, 3, 0xEE));
  store_be16(out, 0, 0xFFFE);
  store_be32(out, 2, 0x80000001);
  EXPECT_THAT(Bytes(out).first(7), ElementsAre(0xFF, 0xFE, 0x80, 0, 0, 1, 0xEE));
}

TEST(Bytes, AreTextAndBackWithoutACopy) {
  const std::string_view text("a\0b", 3);
  EXPECT_EQ(as_text(as_bytes(text)), text);
  EXPECT_EQ(as_text(as_bytes(text)).data(), text.data());
  EXPECT_TRUE(as_bytes("").empty());
}

}  // namespace
}  // namespace sfu
