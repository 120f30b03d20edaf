#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "rtcp/receiver_report.h"
#include "rtcp/round_trip_for_test.h"
#include "rtcp/sender_report.h"

namespace sfu::rtcp {
namespace {

const SenderInfo kInfo{.sender = Ssrc{0xDEADBEEF},
                       .ntp = rtp::NtpTime{0x0123456789ABCDEF},
                       .rtp_timestamp = 90000,
                       .packet_count = 17,
                       .octet_count = 0xFFFFFFFF};

ReportBlock block(std::uint32_t ssrc, std::int32_t lost) {
  return {.ssrc = Ssrc{ssrc},
          .fraction_lost = 128,
          .cumulative_lost = lost,
          .extended_highest_sequence = 0x00020003,
          .jitter = 55,
          .last_sender_report = 0x456789AB,
          .delay_since_last_sender_report = 65536};
}

TEST(SenderReport, WritingReadsBackTheSame) {
  const std::vector<ReportBlock> reports{block(1, 0), block(2, 8388607), block(3, -8388608)};
  RoundTrip trip;
  ASSERT_TRUE(append_sender_report(trip.builder(), kInfo, reports));
  const auto parsed = SenderReport::parse(trip.packet());
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->info, kInfo);
  EXPECT_EQ(std::vector<ReportBlock>(parsed->reports.begin(), parsed->reports.end()), reports);
  EXPECT_EQ(parsed->reports[1], reports[1]);
}

TEST(SenderReport, TheBytesLieWhereTheRfcPutsThem) {
  RoundTrip trip;
  ASSERT_TRUE(append_sender_report(trip.builder(), kInfo));
  const std::array<std::uint8_t, 28> expected{
      0x80, 200,  0,    6,    0xDE, 0xAD, 0xBE, 0xEF, 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB,
      0xCD, 0xEF, 0x00, 0x01, 0x5F, 0x90, 0,    0,    0,    17,   0xFF, 0xFF, 0xFF, 0xFF};
  EXPECT_TRUE(std::ranges::equal(trip.bytes(), expected));
}

TEST(ReportBlock, CumulativeLossIsCutAt24SignedBits) {
  for (const auto& [given, expected] :
       {std::pair{8388608, 8388607}, {-8388609, -8388608}, {-1, -1}}) {
    std::array<std::uint8_t, ReportBlock::kWireSize> bytes{};
    block(1, given).write(bytes);
    EXPECT_EQ(ReportBlock::read(bytes).cumulative_lost, expected);
    EXPECT_EQ(ReportBlock::read(bytes).fraction_lost, 128);
  }
}

TEST(ReceiverReport, WritingReadsBackTheSameUpToTheMostBlocks) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, kMaxReportBlocks}) {
    const std::vector<ReportBlock> reports(count, block(7, -3));
    RoundTrip trip;
    ASSERT_TRUE(append_receiver_report(trip.builder(), Ssrc{9}, reports));
    const auto parsed = ReceiverReport::parse(trip.packet());
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->sender, Ssrc{9});
    EXPECT_EQ(std::vector<ReportBlock>(parsed->reports.begin(), parsed->reports.end()), reports);
  }
  RoundTrip trip;
  const std::vector<ReportBlock> too_many(kMaxReportBlocks + 1);
  EXPECT_FALSE(append_receiver_report(trip.builder(), Ssrc{9}, too_many));
  EXPECT_FALSE(append_sender_report(trip.builder(), kInfo, too_many));
  EXPECT_TRUE(trip.builder().empty());
}

TEST(Reports, MalformedOnesAreRefusedWithTheirReason) {
  const std::vector<std::uint8_t> body(24 + 24 - 1);
  const auto sr = [&](std::uint8_t count, std::size_t size) {
    return SenderReport::parse({PacketType::SenderReport, count, Bytes(body).first(size)});
  };
  EXPECT_EQ(sr(0, 23).error(), ParseError::TruncatedBody);
  EXPECT_TRUE(sr(0, 24).has_value());
  EXPECT_EQ(sr(1, 47).error(), ParseError::TruncatedBody);
  const auto rr = [&](std::uint8_t count, std::size_t size) {
    return ReceiverReport::parse({PacketType::ReceiverReport, count, Bytes(body).first(size)});
  };
  EXPECT_EQ(rr(0, 3).error(), ParseError::TruncatedBody);
  EXPECT_TRUE(rr(0, 4).has_value());
  EXPECT_EQ(rr(1, 27).error(), ParseError::TruncatedBody);
  EXPECT_TRUE(rr(1, 40).has_value()) << "profile-specific extensions may follow";
  EXPECT_EQ(SenderReport::parse({PacketType::ReceiverReport, 0, body}).error(),
            ParseError::WrongType);
  EXPECT_EQ(ReceiverReport::parse({PacketType::SenderReport, 0, body}).error(),
            ParseError::WrongType);
}

}  // namespace
}  // namespace sfu::rtcp
