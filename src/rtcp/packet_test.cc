#include "rtcp/packet.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/malformed_input_for_test.h"

namespace sfu::rtcp {
namespace {

using Buffer = std::vector<std::uint8_t>;

using Malformed = MalformedInput<ParseError>;

const Malformed kMalformed[] = {
    {"empty", {}, ParseError::TooShort},
    {"three_bytes", {0x80, 201, 0}, ParseError::TooShort},
    {"version_1", {0x40, 201, 0, 0}, ParseError::WrongVersion},
    {"rtp_type", {0x80, 100, 0, 0}, ParseError::NotRtcp},
    {"type_191", {0x80, 191, 0, 0}, ParseError::NotRtcp},
    {"type_224", {0x80, 224, 0, 0}, ParseError::NotRtcp},
    {"length_past_end", {0x80, 201, 0, 1}, ParseError::LengthMismatch},
    {"length_huge", {0x80, 201, 0xFF, 0xFF, 0, 0, 0, 1}, ParseError::LengthMismatch},
    {"rest_shorter_than_a_header", {0x80, 201, 0, 0, 0x80, 201}, ParseError::TooShort},
    {"second_has_wrong_version", {0x80, 201, 0, 0, 0x00, 201, 0, 0}, ParseError::WrongVersion},
    {"second_runs_past_end", {0x80, 201, 0, 0, 0x80, 201, 0, 1}, ParseError::LengthMismatch},
    {"padding_without_body", {0xA0, 201, 0, 0}, ParseError::BadPadding},
    {"padding_zero", {0xA0, 201, 0, 1, 0, 0, 0, 0}, ParseError::BadPadding},
    {"padding_into_header", {0xA0, 201, 0, 1, 0, 0, 0, 5}, ParseError::BadPadding},
};

class MalformedCompound : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedCompound, IsRefusedWithItsReason) {
  expect_refused(Compound::parse(GetParam().bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedCompound, testing::ValuesIn(kMalformed),
                         name_of_row<ParseError>);

TEST(Compound, HandsOutItsPacketsInOrderUnknownOnesToo) {
  const Buffer datagram = {0x81, 206, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8,  // PLI, reduced size.
                           0x85, 222, 0, 0,                          // Nothing that we know.
                           0xA0, 201, 0, 2, 9, 9, 9, 9, 0, 0, 0, 4};
  const auto compound = Compound::parse(datagram);
  ASSERT_TRUE(compound.has_value());
  const std::vector<PacketView> packets(compound->begin(), compound->end());
  ASSERT_EQ(packets.size(), 3u);
  EXPECT_EQ(packets[0].type, PacketType::PayloadSpecificFeedback);
  EXPECT_EQ(packets[0].count, 1);
  EXPECT_EQ(packets[0].body.size(), 8u);
  EXPECT_EQ(packets[1].count, 5);
  EXPECT_TRUE(packets[1].body.empty());
  EXPECT_EQ(packets[2].type, PacketType::ReceiverReport);
  EXPECT_EQ(packets[2].body.size(), 4u) << "without padding";
}

TEST(LooksLikeRtcp, IsDecidedByTheSecondByte) {
  const auto looks = [](std::uint8_t second) {
    return looks_like_rtcp(std::array<std::uint8_t, 2>{0x80, second});
  };
  EXPECT_FALSE(looks(191));
  EXPECT_TRUE(looks(192));
  EXPECT_TRUE(looks(200));
  EXPECT_TRUE(looks(223));
  EXPECT_FALSE(looks(224));
  EXPECT_FALSE(looks_like_rtcp(std::array<std::uint8_t, 1>{0x80}));
}

TEST(CompoundBuilder, RefusesWhatDoesNotFitAndStaysAsItWas) {
  std::array<std::uint8_t, 15> buffer{};
  CompoundBuilder builder(buffer);
  EXPECT_EQ(builder.open(PacketType::ReceiverReport, 0, 4).size(), 4u);
  EXPECT_EQ(builder.size(), 8u);
  EXPECT_TRUE(builder.open(PacketType::ReceiverReport, 0, 4).empty()) << "one byte too few";
  EXPECT_EQ(builder.size(), 8u);
  EXPECT_EQ(builder.room(), 7u);
  EXPECT_EQ(load_be16(builder.bytes(), 2), 1);
  builder.clear();
  EXPECT_TRUE(builder.empty());
}

}  // namespace
}  // namespace sfu::rtcp
