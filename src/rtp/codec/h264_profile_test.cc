#include "rtp/codec/h264_profile.h"

#include <gtest/gtest.h>

namespace sfu::rtp::codec {
namespace {

struct ParseCase {
  const char* text;
  H264Profile profile;
  H264Level level;
};

TEST(H264ProfileLevel, IsReadFromItsSixDigits) {
  const ParseCase cases[] = {
      {"42e01f", H264Profile::ConstrainedBaseline, H264Level::L3_1},
      {"42E01F", H264Profile::ConstrainedBaseline, H264Level::L3_1},
      {"42c02a", H264Profile::ConstrainedBaseline, H264Level::L4_2},
      {"4de01f", H264Profile::ConstrainedBaseline, H264Level::L3_1},
      {"58f01f", H264Profile::ConstrainedBaseline, H264Level::L3_1},
      {"42a01f", H264Profile::Baseline, H264Level::L3_1},
      {"58a01f", H264Profile::Baseline, H264Level::L3_1},
      {"4d0032", H264Profile::Main, H264Level::L5},
      {"4d401f", H264Profile::Main, H264Level::L3_1},
      {"64001f", H264Profile::High, H264Level::L3_1},
      {"640c1f", H264Profile::ConstrainedHigh, H264Level::L3_1},
      {"f4001f", H264Profile::PredictiveHigh444, H264Level::L3_1},
      {"42f00b", H264Profile::ConstrainedBaseline, H264Level::L1b},
      {"42e00b", H264Profile::ConstrainedBaseline, H264Level::L1_1},
  };
  for (const ParseCase& row : cases) {
    const auto parsed = parse_profile_level_id(row.text);
    ASSERT_TRUE(parsed.has_value()) << row.text;
    EXPECT_EQ(parsed->profile, row.profile) << row.text;
    EXPECT_EQ(parsed->level, row.level) << row.text;
  }
}

TEST(H264ProfileLevel, GarbageIsRefused) {
  for (const char* text : {"", "42e01", "42e01ff", "gggggg", "42e01g", " 42e01", "-2e01f", "0x42e0",
                           "42e000", "42e00f", "42e0ff", "274f1f", "42ff1f", "64011f"})
    EXPECT_EQ(parse_profile_level_id(text), std::nullopt) << text;
}

TEST(H264ProfileLevel, WritingReadsBackTheSame) {
  for (const char* text :
       {"42e01f", "42001f", "4d0032", "64001f", "640c1f", "f4001f", "42f00b", "42100b", "4d100b"})
    EXPECT_EQ(to_string(*parse_profile_level_id(text)), text);
  EXPECT_EQ(to_string(H264ProfileLevel{H264Profile::High, H264Level::L1b}), std::nullopt);
}

TEST(H264Level, OneBLiesBetweenOneAndOnePointOne) {
  EXPECT_TRUE(is_lower_level(H264Level::L1, H264Level::L1b));
  EXPECT_TRUE(is_lower_level(H264Level::L1b, H264Level::L1_1));
  EXPECT_FALSE(is_lower_level(H264Level::L1b, H264Level::L1));
  EXPECT_FALSE(is_lower_level(H264Level::L1b, H264Level::L1b));
  EXPECT_TRUE(is_lower_level(H264Level::L3_1, H264Level::L5_2));
}

TEST(H264Answer, TakesTheLowerLevelUnlessBothAllowAsymmetry) {
  EXPECT_EQ(h264_answer_profile_level_id("42e01f", false, "42e015", false), "42e015");
  EXPECT_EQ(h264_answer_profile_level_id("42e015", false, "42e01f", false), "42e015");
  EXPECT_EQ(h264_answer_profile_level_id("42e01f", true, "42e015", false), "42e015");
  EXPECT_EQ(h264_answer_profile_level_id("42e01f", true, "42e015", true), "42e01f");
  EXPECT_EQ(h264_answer_profile_level_id("", false, "", false), "42e01f");
  EXPECT_EQ(h264_answer_profile_level_id("42e01f", true, "64001f", true), std::nullopt);
  EXPECT_EQ(h264_answer_profile_level_id("42e01f", true, "x", true), std::nullopt);
}

}  // namespace
}  // namespace sfu::rtp::codec
