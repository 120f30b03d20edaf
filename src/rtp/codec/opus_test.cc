#include "rtp/codec/opus.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace sfu::rtp::codec {
namespace {

using Buffer = std::vector<std::uint8_t>;
using namespace std::chrono_literals;

struct DurationCase {
  unsigned configuration;
  TimeDelta expected;
};

// RFC 6716 §3.1, table 2: the ends of each row.
TEST(Opus, FrameDurationIsThatOfItsConfiguration) {
  const DurationCase cases[] = {{0, 10ms},  {3, 60ms},  {4, 10ms},    {7, 60ms},
                                {8, 10ms},  {11, 60ms}, {12, 10ms},   {13, 20ms},
                                {14, 10ms}, {15, 20ms}, {16, 2500us}, {17, 5ms},
                                {18, 10ms}, {19, 20ms}, {28, 2500us}, {31, 20ms}};
  for (const DurationCase& row : cases) {
    const auto parsed = parse_opus(Buffer{static_cast<std::uint8_t>(row.configuration << 3), 1, 2});
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->configuration, row.configuration);
    EXPECT_EQ(parsed->frame_duration, row.expected) << row.configuration;
  }
}

TEST(Opus, CodeTellsTheFramesAndTheStereoBitTheChannels) {
  EXPECT_EQ(parse_opus(Buffer{0x78, 1, 2})->frame_count, 1);
  EXPECT_EQ(parse_opus(Buffer{0x79, 1, 2})->frame_count, 2);
  EXPECT_EQ(parse_opus(Buffer{0x7A, 1, 2})->frame_count, 2);
  EXPECT_EQ(parse_opus(Buffer{0x7B, 0xC6, 2})->frame_count, 6);
  EXPECT_EQ(parse_opus(Buffer{0x7B, 0xC6, 2})->duration(), 120ms);
  EXPECT_FALSE(parse_opus(Buffer{0x78, 1, 2})->stereo);
  EXPECT_TRUE(parse_opus(Buffer{0x7C, 1, 2})->stereo);
}

TEST(Opus, AtMostTwoBytesAreDtx) {
  EXPECT_TRUE(parse_opus(Buffer{0x78})->is_dtx);
  EXPECT_TRUE(parse_opus(Buffer{0x78, 0})->is_dtx);
  EXPECT_FALSE(parse_opus(Buffer{0x78, 0, 0})->is_dtx);
}

TEST(Opus, MalformedPacketsAreRefusedWithTheirReason) {
  EXPECT_EQ(parse_opus({}).error(), PayloadError::Empty);
  EXPECT_EQ(parse_opus(Buffer{0x7B}).error(), PayloadError::Truncated);
  EXPECT_EQ(parse_opus(Buffer{0x7B, 0x00}).error(), PayloadError::Contradiction);
  EXPECT_EQ(parse_opus(Buffer{0x7B, 0x07}).error(), PayloadError::TooManyElements) << "140 ms";
}

}  // namespace
}  // namespace sfu::rtp::codec
