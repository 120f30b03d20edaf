#include "rtp/packet_view.h"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

#include "base/malformed_input_for_test.h"

namespace sfu::rtp {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint8_t kVersion2 = 0x80, kPadding = 0x20, kExtension = 0x10;

/// A 12-byte header with the given first byte, followed by `rest`.
Buffer packet(unsigned first_byte, Buffer rest = {}) {
  Buffer bytes = {static_cast<std::uint8_t>(first_byte), 0x80 | 96, 0, 7, 0, 0, 0, 1, 0, 0, 0, 42};
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

using Malformed = MalformedInput<ParseError>;

const Malformed kMalformed[] = {
    {"empty", {}, ParseError::TooShort},
    {"one_byte_short_of_a_header", Buffer(11, 0x80), ParseError::TooShort},
    {"version_0", packet(0x00), ParseError::WrongVersion},
    {"version_1", packet(0x40), ParseError::WrongVersion},
    {"version_3", packet(0xC0), ParseError::WrongVersion},
    {"csrc_missing", packet(kVersion2 | 1), ParseError::TruncatedCsrcs},
    {"last_of_15_csrcs_short", packet(kVersion2 | 15, Buffer(59)), ParseError::TruncatedCsrcs},
    {"extension_header_missing", packet(kVersion2 | kExtension), ParseError::TruncatedExtensions},
    {"extension_header_short", packet(kVersion2 | kExtension, {0xBE, 0xDE, 0}),
     ParseError::TruncatedExtensions},
    {"extension_body_short", packet(kVersion2 | kExtension, {0xBE, 0xDE, 0, 1, 0x10}),
     ParseError::TruncatedExtensions},
    {"extension_length_huge", packet(kVersion2 | kExtension, {0xBE, 0xDE, 0xFF, 0xFF, 0, 0, 0, 0}),
     ParseError::TruncatedExtensions},
    {"unknown_profile_body_short", packet(kVersion2 | kExtension, {0x12, 0x34, 0, 2, 0, 0, 0, 0}),
     ParseError::TruncatedExtensions},
    {"padding_without_payload", packet(kVersion2 | kPadding), ParseError::BadPadding},
    {"padding_zero", packet(kVersion2 | kPadding, {9, 0}), ParseError::BadPadding},
    {"padding_one_too_long", packet(kVersion2 | kPadding, {9, 3}), ParseError::BadPadding},
    {"padding_reaches_into_extensions",
     packet(kVersion2 | kPadding | kExtension, {0xBE, 0xDE, 0, 1, 0, 0, 0, 0, 2}),
     ParseError::BadPadding},
};

class MalformedRtp : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedRtp, IsRefusedWithItsReason) {
  expect_refused(PacketView::parse(GetParam().bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedRtp, testing::ValuesIn(kMalformed),
                         name_of_row<ParseError>);

PacketView parsed(const Buffer& bytes) {
  const auto view = PacketView::parse(bytes);
  EXPECT_TRUE(view.has_value());
  return *view;
}

std::vector<std::pair<int, Buffer>> elements(const PacketView& view) {
  std::vector<std::pair<int, Buffer>> all;
  for (const HeaderExtension& element : view.extensions())
    all.emplace_back(element.id, Buffer(element.value.begin(), element.value.end()));
  return all;
}

using Elements = std::vector<std::pair<int, Buffer>>;

TEST(PacketView, ReadsTheFixedFields) {
  const Buffer bytes = packet(kVersion2, {1, 2, 3});
  const PacketView view = parsed(bytes);
  EXPECT_TRUE(view.marker());
  EXPECT_EQ(view.payload_type(), 96);
  EXPECT_EQ(view.sequence_number(), 7);
  EXPECT_EQ(view.timestamp(), 1u);
  EXPECT_EQ(view.ssrc(), Ssrc{42});
  EXPECT_EQ(view.csrc_count(), 0u);
  EXPECT_EQ(view.header_size(), 12u);
  EXPECT_EQ(view.payload().size(), 3u);
  EXPECT_EQ(view.payload().data(), bytes.data() + 12);
}

TEST(PacketView, HeaderAloneIsAPacketWithoutPayload) {
  const Buffer bytes = packet(kVersion2);
  EXPECT_TRUE(parsed(bytes).payload().empty());
}

TEST(PacketView, ReadsContributingSources) {
  const Buffer bytes = packet(kVersion2 | 2, {0, 0, 0, 5, 0, 0, 1, 0, 9});
  const PacketView view = parsed(bytes);
  ASSERT_EQ(view.csrc_count(), 2u);
  EXPECT_EQ(view.csrc(0), Ssrc{5});
  EXPECT_EQ(view.csrc(1), Ssrc{256});
  EXPECT_EQ(view.payload().size(), 1u);
}

TEST(PacketView, PaddingIsNoPartOfThePayload) {
  const Buffer bytes = packet(kVersion2 | kPadding, {5, 6, 0, 2});
  const PacketView view = parsed(bytes);
  EXPECT_EQ(view.padding_size(), 2u);
  EXPECT_EQ(view.payload().size(), 2u);
}

TEST(PacketView, PaddingAloneIsValid) {
  Buffer padding(255);
  padding.back() = 255;
  const Buffer bytes = packet(kVersion2 | kPadding, padding);
  const PacketView view = parsed(bytes);
  EXPECT_EQ(view.padding_size(), 255u);
  EXPECT_TRUE(view.payload().empty());
}

// The example of RFC 8285 §4.2: three elements, padded between and behind.
TEST(HeaderExtensions, OneByteFormIsReadAroundPadding) {
  const Buffer bytes = packet(
      kVersion2 | kExtension,
      {0xBE, 0xDE, 0, 3, 0x10, 0xA1, 0x21, 0xB1, 0xB2, 0, 0, 0x33, 0xC1, 0xC2, 0xC3, 0xC4, 77});
  const PacketView view = parsed(bytes);
  EXPECT_EQ(view.extensions().form(), ExtensionForm::OneByte);
  EXPECT_EQ(elements(view),
            (Elements{{1, {0xA1}}, {2, {0xB1, 0xB2}}, {3, {0xC1, 0xC2, 0xC3, 0xC4}}}));
  EXPECT_EQ(view.payload().size(), 1u);
}

// The example of RFC 8285 §4.3: an element without a value, and short ones beside long.
TEST(HeaderExtensions, TwoByteFormTakesEmptyAndShortElements) {
  const Buffer bytes = packet(kVersion2 | kExtension, {0x10, 0x00, 0, 3, 1, 0, 2, 1, 0xB1, 0, 200,
                                                       4, 0xC1, 0xC2, 0xC3, 0xC4});
  const PacketView view = parsed(bytes);
  EXPECT_EQ(view.extensions().form(), ExtensionForm::TwoByte);
  EXPECT_EQ(elements(view), (Elements{{1, {}}, {2, {0xB1}}, {200, {0xC1, 0xC2, 0xC3, 0xC4}}}));
  ASSERT_TRUE(view.extension(1).has_value());
  EXPECT_TRUE(view.extension(1)->empty());
}

TEST(HeaderExtensions, AppbitsDoNotMatterToTheTwoByteForm) {
  const Buffer bytes = packet(kVersion2 | kExtension, {0x10, 0x0F, 0, 1, 7, 1, 9, 0});
  EXPECT_EQ(elements(parsed(bytes)), (Elements{{7, {9}}}));
}

struct Ending {
  const char* name;
  Buffer block;  // With profile and length.
  Elements expected;
};
std::ostream& operator<<(std::ostream& out, const Ending& row) { return out << row.name; }

const Ending kEndings[] = {
    {"empty_block", {0xBE, 0xDE, 0, 0}, {}},
    {"padding_alone", {0xBE, 0xDE, 0, 1, 0, 0, 0, 0}, {}},
    {"one_byte_reserved_id_15", {0xBE, 0xDE, 0, 2, 0x10, 1, 0xF0, 2, 0x20, 3, 0, 0}, {{1, {1}}}},
    {"one_byte_id_0_with_length", {0xBE, 0xDE, 0, 2, 0x10, 1, 0x01, 2, 2, 0x20, 3, 0}, {{1, {1}}}},
    {"one_byte_value_past_block", {0xBE, 0xDE, 0, 1, 0x10, 1, 0x22, 3}, {{1, {1}}}},
    {"two_byte_length_past_block", {0x10, 0, 0, 1, 1, 3, 1, 1}, {}},
    {"two_byte_id_without_length", {0x10, 0, 0, 1, 1, 1, 9, 5}, {{1, {9}}}},
    {"two_byte_id_15_is_ordinary", {0x10, 0, 0, 1, 15, 1, 9, 0}, {{15, {9}}}},
    {"other_profile", {0xBE, 0xDD, 0, 1, 0x10, 1, 0x10, 1}, {}},
};

class ExtensionBlock : public testing::TestWithParam<Ending> {};

TEST_P(ExtensionBlock, IsReadAsFarAsItMakesSense) {
  const Buffer bytes = packet(kVersion2 | kExtension, GetParam().block);
  EXPECT_EQ(elements(parsed(bytes)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, ExtensionBlock, testing::ValuesIn(kEndings),
                         [](const auto& row) { return row.param.name; });

TEST(HeaderExtensions, TheFirstOfTwoWithOneIdCounts) {
  const Buffer bytes = packet(kVersion2 | kExtension, {0xBE, 0xDE, 0, 1, 0x10, 1, 0x10, 2});
  EXPECT_EQ((*parsed(bytes).extension(1))[0], 1);
  EXPECT_FALSE(parsed(bytes).extension(2).has_value());
}

}  // namespace
}  // namespace sfu::rtp
