#include "media/sender_reports.h"

#include <gtest/gtest.h>

#include "media/media_for_test.h"
#include "rtcp/sender_report.h"
#include "rtcp/source_description.h"

namespace sfu::media {
namespace {

using namespace test;

rtp::NtpTime ntp_ms(std::int64_t ms) {
  return add(rtp::NtpTime{0xe000'0000'0000'0000}, std::chrono::milliseconds(ms));
}

struct Collected {
  std::optional<rtcp::SenderInfo> info;
  std::string cname;
};

template <class Sender>
Collected read(Sender&& collect) {
  std::array<std::uint8_t, 1200> bytes;
  rtcp::CompoundBuilder builder(bytes);
  EXPECT_TRUE(collect(builder));
  Collected collected;
  if (builder.empty()) return collected;
  const auto compound = rtcp::Compound::parse(builder.bytes());
  for (const rtcp::PacketView packet : *compound) {
    if (const auto report = rtcp::SenderReport::parse(packet)) collected.info = report->info;
    if (const auto sdes = rtcp::SourceDescription::parse(packet))
      for (const rtcp::SdesChunk chunk : *sdes)
        collected.cname = chunk.items.find(rtcp::SdesType::Cname).value_or("");
  }
  return collected;
}

class Reporting : public testing::Test {
 protected:
  Collected collect(Timestamp now) {
    return read([&](rtcp::CompoundBuilder& builder) {
      return reports.collect(now, 90'000, "cname", builder);
    });
  }
  TestRandom random{3};
  SenderReports reports{Ssrc{5}, SenderReports::kVideoInterval, random};
};

TEST_F(Reporting, TellsThePublishersClockCarriedOnToNow) {
  reports.set_clock({ntp_ms(1000), 777, at_ms(20)});
  reports.handle_sent(at_ms(100), 1000);
  reports.handle_sent(at_ms(101), 200);
  EXPECT_FALSE(collect(at_ms(149)).info);
  const auto collected = collect(at_ms(150));
  ASSERT_TRUE(collected.info);
  EXPECT_EQ(collected.info->sender, Ssrc{5});
  EXPECT_EQ(ntp_between(ntp_ms(1130), collected.info->ntp), TimeDelta::zero());
  EXPECT_EQ(collected.info->rtp_timestamp, 777u + 130 * 90);
  EXPECT_EQ(collected.info->packet_count, 2u);
  EXPECT_EQ(collected.info->octet_count, 1200u);
  EXPECT_EQ(collected.cname, "cname");
}

TEST_F(Reporting, SaysNothingWithoutTheClockOrWithoutNewPackets) {
  reports.handle_sent(at_ms(0), 10);
  EXPECT_FALSE(collect(at_ms(60)).info);
  reports.set_clock({ntp_ms(0), 0, at_ms(61)});
  reports.handle_sent(at_ms(62), 10);
  EXPECT_TRUE(collect(at_ms(112)).info);
  EXPECT_FALSE(collect(at_ms(5000)).info);
  EXPECT_EQ(reports.next_timeout(), std::nullopt);
  reports.handle_sent(at_ms(6000), 10);
  EXPECT_TRUE(collect(at_ms(6050)).info);
}

TEST_F(Reporting, LeavesHalfToOneAndAHalfIntervalsApart) {
  reports.set_clock({ntp_ms(0), 0, at_ms(0)});
  std::vector<std::int64_t> left;
  for (std::int64_t ms = 0; ms < 60'000; ms += 5) {
    reports.handle_sent(at_ms(ms), 10);
    if (collect(at_ms(ms)).info) left.push_back(ms);
  }
  EXPECT_NEAR(static_cast<double>(left.size()), 60, 8);
  for (std::size_t i = 1; i < left.size(); ++i) {
    EXPECT_GE(left[i] - left[i - 1], 500);
    EXPECT_LE(left[i] - left[i - 1], 1505);
  }
}

TEST_F(Reporting, MeasuresRoundTripsByWhenTheReportLeftNotByWhatItTells) {
  reports.set_clock({ntp_ms(123'456), 0, at_ms(0)});
  reports.handle_sent(at_ms(0), 10);
  const auto collected = collect(at_ms(1000));
  ASSERT_TRUE(collected.info);
  rtcp::ReportBlock block;
  block.fraction_lost = 25;
  block.cumulative_lost = 3;
  block.jitter = 90;
  EXPECT_EQ(reports.round_trip_time(), std::nullopt);
  reports.handle_report_block(at_ms(1100), block);
  EXPECT_EQ(reports.round_trip_time(), std::nullopt);
  block.last_sender_report = collected.info->ntp.compact();
  block.delay_since_last_sender_report = rtp::to_compact_ntp(std::chrono::milliseconds(250));
  reports.handle_report_block(at_ms(1330), block);
  ASSERT_TRUE(reports.round_trip_time());
  EXPECT_NEAR(static_cast<double>(reports.round_trip_time()->count()), 80'000, 20);
  EXPECT_EQ(reports.fraction_lost(), 25);
  EXPECT_EQ(reports.packets_lost(), 3u);
  EXPECT_EQ(reports.jitter(), 90u);
  block.last_sender_report ^= 0x100;  // One that never left.
  reports.handle_report_block(at_ms(9000), block);
  EXPECT_NEAR(static_cast<double>(reports.round_trip_time()->count()), 80'000, 20);
}

TEST_F(Reporting, WaitsForTheNextBuilderWhereThisOneIsFull) {
  reports.set_clock({ntp_ms(0), 0, at_ms(0)});
  reports.handle_sent(at_ms(0), 10);
  std::array<std::uint8_t, 40> bytes;
  rtcp::CompoundBuilder builder(bytes);
  EXPECT_FALSE(reports.collect(at_ms(60), 90'000, "cname", builder));
  EXPECT_TRUE(builder.empty());
  EXPECT_TRUE(collect(at_ms(60)).info);
}

/// An audio and a video producer of one publisher, whose clocks have nothing in common but its wall
/// clock, and one viewer of each.
TEST(LipSync, AViewerFindsTheSameWallClockUnderBothStreams) {
  PublisherOptions options;
  Room video(options, 1);
  options.kind = ortc::MediaKind::Audio;
  Room audio(options, 2);
  const auto picture = video.make_consumer();
  const auto sound = audio.make_consumer();
  // What the publisher captured at 1000 ms of its clock.
  const std::uint32_t video_base = 0xffff'f000, audio_base = 123;
  PacketSpec frame;
  frame.timestamp = video_base + 1000 * 90;
  frame.payload = vp8_payload({.key_frame = true});
  video.feed(at_ms(1100), frame);
  PacketSpec chunk;
  chunk.payload_type = kOpus;
  chunk.timestamp = audio_base + 1000 * 48;
  chunk.payload = {0x78, 1};
  audio.feed(at_ms(1020), chunk);
  // Reports that took different ways, made at different times.
  video.producer->handle_sender_report(at_ms(1150), 0,
                                       {Ssrc{1000}, ntp_ms(1040), video_base + 1040 * 90, 1, 1});
  audio.producer->handle_sender_report(at_ms(1062), 0,
                                       {Ssrc{1000}, ntp_ms(1060), audio_base + 1060 * 48, 1, 1});

  const auto capture_time = [](const Collected& collected, std::uint32_t timestamp,
                               std::uint32_t rate) {
    const auto ticks = static_cast<std::int32_t>(timestamp - collected.info->rtp_timestamp);
    return add(collected.info->ntp, from_ticks(ticks, rate));
  };
  const auto report_of = [](Consumer& consumer, Timestamp now) {
    return read(
        [&](rtcp::CompoundBuilder& builder) { return consumer.collect_rtcp(now, builder); });
  };
  const auto video_report = report_of(*picture, at_ms(1200));
  const auto audio_report = report_of(*sound, at_ms(1207));
  ASSERT_TRUE(video_report.info);
  ASSERT_TRUE(audio_report.info);
  const auto seen = capture_time(video_report, video.sink.take().at(0).view().timestamp(), 90'000);
  const auto heard = capture_time(audio_report, audio.sink.take().at(0).view().timestamp(), 48'000);
  EXPECT_LT(std::chrono::abs(ntp_between(seen, heard)), std::chrono::milliseconds(1));
  EXPECT_LT(std::chrono::abs(ntp_between(ntp_ms(1000), seen)), std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace sfu::media
