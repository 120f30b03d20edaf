#include "rtp/sequence.h"

#include <gtest/gtest.h>

namespace sfu::rtp {
namespace {

using Number = std::uint16_t;

TEST(NewerThan, GoesTheShorterWayRound) {
  EXPECT_TRUE(newer_than<Number>(1, 0));
  EXPECT_FALSE(newer_than<Number>(0, 1));
  EXPECT_FALSE(newer_than<Number>(5, 5));
  EXPECT_TRUE(newer_than<Number>(0, 65535));
  EXPECT_FALSE(newer_than<Number>(65535, 0));
  EXPECT_TRUE(newer_than<Number>(32767, 0));
  EXPECT_FALSE(newer_than<Number>(32769, 0));
}

TEST(NewerThan, OfTwoHalfACircleApartExactlyOneIsNewer) {
  for (const int value : {0, 1, 32767, 32768, 65535}) {
    const auto number = static_cast<Number>(value);
    const auto opposite = static_cast<Number>(number + 32768);
    EXPECT_NE(newer_than(number, opposite), newer_than(opposite, number)) << number;
  }
}

TEST(SequenceUnwrapper, CountsThroughManyWraps) {
  SequenceUnwrapper<Number> unwrapper;
  for (std::int64_t expected = 60000; expected < 400000; expected += 777)
    ASSERT_EQ(unwrapper.unwrap(static_cast<Number>(expected)), expected);
}

TEST(SequenceUnwrapper, PlacesLateNumbersBeforeTheWrap) {
  SequenceUnwrapper<Number> unwrapper;
  EXPECT_EQ(unwrapper.unwrap(65535), 65535);
  EXPECT_EQ(unwrapper.unwrap(1), 65537);
  EXPECT_EQ(unwrapper.unwrap(65534), 65534);
  EXPECT_EQ(unwrapper.unwrap(2), 65538);
  EXPECT_EQ(unwrapper.newest(), 65538);
}

TEST(SequenceUnwrapper, GoesBelowZeroForWhatWasSentBeforeTheFirst) {
  SequenceUnwrapper<Number> unwrapper;
  EXPECT_EQ(unwrapper.unwrap(0), 0);
  EXPECT_EQ(unwrapper.unwrap(65535), -1);
  EXPECT_EQ(unwrapper.unwrap(1), 1);
}

TEST(SequenceUnwrapper, PeekingRemembersNothing) {
  SequenceUnwrapper<Number> unwrapper;
  EXPECT_EQ(unwrapper.peek(7), 7);
  EXPECT_EQ(unwrapper.newest(), std::nullopt);
  unwrapper.unwrap(65000);
  EXPECT_EQ(unwrapper.peek(10), 65546);
  EXPECT_EQ(unwrapper.newest(), 65000);
}

TEST(TimestampUnwrapper, CrossesThe32BitWrap) {
  TimestampUnwrapper unwrapper;
  EXPECT_EQ(unwrapper.unwrap(0xFFFFFF00), 0xFFFFFF00);
  EXPECT_EQ(unwrapper.unwrap(0x00000B94), 0x100000B94);
  EXPECT_EQ(unwrapper.unwrap(0xFFFFFF00), 0xFFFFFF00);
}

}  // namespace
}  // namespace sfu::rtp
