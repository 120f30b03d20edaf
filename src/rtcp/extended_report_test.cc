#include "rtcp/extended_report.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/malformed_input_for_test.h"
#include "rtcp/round_trip_for_test.h"

namespace sfu::rtcp {
namespace {

using Buffer = std::vector<std::uint8_t>;

TEST(ExtendedReport, ReceiverReferenceTimeReadsBackTheSame) {
  RoundTrip trip;
  ASSERT_TRUE(append_receiver_reference_time(trip.builder(), Ssrc{3}, rtp::NtpTime{0xABCDEF0123}));
  const auto parsed = ExtendedReport::parse(trip.packet());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->sender, Ssrc{3});
  EXPECT_EQ(parsed->receiver_reference_time, rtp::NtpTime{0xABCDEF0123});
  EXPECT_TRUE(parsed->dlrr.empty());
}

TEST(ExtendedReport, DlrrReadsBackTheSame) {
  const std::vector<DlrrItem> items{{Ssrc{1}, 2, 3}, {Ssrc{4}, 0, 0xFFFFFFFF}};
  RoundTrip trip;
  ASSERT_TRUE(append_dlrr(trip.builder(), Ssrc{3}, items));
  const auto parsed = ExtendedReport::parse(trip.packet());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(std::vector<DlrrItem>(parsed->dlrr.begin(), parsed->dlrr.end()), items);
  EXPECT_EQ(parsed->receiver_reference_time, std::nullopt);
  EXPECT_FALSE(append_dlrr(trip.builder(), Ssrc{3}, {}));
}

TEST(ExtendedReport, SkipsBlocksThatItDoesNotKnow) {
  const Buffer body = {0, 0, 0, 1, 42, 0, 0, 1, 9, 9, 9, 9, 4, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7};
  const auto parsed = ExtendedReport::parse({PacketType::ExtendedReport, 0, body});
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->receiver_reference_time, rtp::NtpTime{7});
}

using Malformed = MalformedInput<ParseError>;

const Malformed kMalformed[] = {
    {"empty", {}, ParseError::TruncatedBody},
    {"block_header_cut", {0, 0, 0, 1, 4, 0}, ParseError::TruncatedBody},
    {"block_past_end", {0, 0, 0, 1, 42, 0, 0, 2, 0, 0, 0, 0}, ParseError::TruncatedBody},
    {"rrtr_of_one_word", {0, 0, 0, 1, 4, 0, 0, 1, 0, 0, 0, 0}, ParseError::BadValue},
    {"dlrr_of_one_word", {0, 0, 0, 1, 5, 0, 0, 1, 0, 0, 0, 0}, ParseError::BadValue},
};

class MalformedXr : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedXr, IsRefusedWithItsReason) {
  expect_refused(ExtendedReport::parse({PacketType::ExtendedReport, 0, GetParam().bytes}),
                 GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedXr, testing::ValuesIn(kMalformed),
                         name_of_row<ParseError>);

}  // namespace
}  // namespace sfu::rtcp
