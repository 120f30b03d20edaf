#include "rtp/codec/av1.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/malformed_input_for_test.h"

namespace sfu::rtp::codec {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint8_t kSequenceHeader = 1 << 3, kFrame = 6 << 3, kHasExtension = 0x04;

using Malformed = MalformedInput<PayloadError>;

Buffer many_elements() {
  Buffer payload = {0x00};
  for (std::size_t i = 0; i <= kMaxAv1Elements; ++i) {
    payload.push_back(1);
    payload.push_back(kFrame);
  }
  return payload;
}

const Malformed kMalformed[] = {
    {"empty", {}, PayloadError::Empty},
    {"header_alone", {0x10}, PayloadError::Truncated},
    {"continues_and_starts", {0x98, kFrame}, PayloadError::Contradiction},
    {"element_cut", {0x00, 3, kFrame, 0}, PayloadError::Truncated},
    {"size_never_ends", {0x00, 0x80, 0x80, 0x80, 0x80, 0x01}, PayloadError::Truncated},
    {"size_cut", {0x00, 0x80}, PayloadError::Truncated},
    {"fewer_elements_than_announced", {0x30, 1, kFrame, 1, kFrame}, PayloadError::Truncated},
    {"too_many_elements", many_elements(), PayloadError::TooManyElements},
};

class MalformedAv1 : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedAv1, IsRefusedWithItsReason) {
  expect_refused(parse_av1(GetParam().bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedAv1, testing::ValuesIn(kMalformed),
                         name_of_row<PayloadError>);

TEST(Av1, FirstPacketOfACodedSequenceHasItsHeader) {
  const auto parsed = parse_av1(Buffer{0x68, 2, kSequenceHeader, 0xAA, kFrame, 0xBB});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->starts_coded_sequence);
  EXPECT_TRUE(parsed->has_sequence_header);
  EXPECT_TRUE(parsed->element_continues);
  EXPECT_FALSE(parsed->continues_element);
  EXPECT_EQ(parsed->element_count, 2);
}

TEST(Av1, ElementsThatAllHaveSizesAreCounted) {
  const auto parsed = parse_av1(Buffer{0x00, 1, kFrame, 0, 2, kFrame, 0});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->element_count, 3);
}

TEST(Av1, LayersComeFromTheFirstExtension) {
  const auto parsed =
      parse_av1(Buffer{0x20, 2, kFrame | kHasExtension, 0x48, kFrame | kHasExtension, 0x00});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_TRUE(parsed->has_layers);
  EXPECT_EQ(parsed->temporal_layer, 2);
  EXPECT_EQ(parsed->spatial_layer, 1);
}

TEST(Av1, AContinuedElementIsNotReadAsAHeader) {
  const auto parsed = parse_av1(Buffer{0x90, kSequenceHeader | kHasExtension, 0xFF});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_FALSE(parsed->has_sequence_header);
  EXPECT_FALSE(parsed->has_layers);
}

}  // namespace
}  // namespace sfu::rtp::codec
