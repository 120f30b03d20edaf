#include "media/rtp_listener.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using namespace test;

struct Names {
  std::string_view mid = {};
  std::string_view rid = {};
  std::string_view repaired_rid = {};
};

class Listening : public testing::Test {
 protected:
  std::optional<RtpListener::Target> find(Ssrc ssrc, std::uint8_t payload_type, Names names = {}) {
    PacketSpec spec;
    spec.ssrc = ssrc;
    spec.payload_type = payload_type;
    if (!names.mid.empty()) spec.extensions.push_back({kMidId, as_bytes(names.mid)});
    if (!names.rid.empty()) spec.extensions.push_back({kRidId, as_bytes(names.rid)});
    if (!names.repaired_rid.empty())
      spec.extensions.push_back({kRepairedRidId, as_bytes(names.repaired_rid)});
    spec.payload = {1, 2, 3};
    const auto bytes = make_packet(spec);
    return listener.find(rtp::PacketView::parse(bytes).value());
  }

  Room room;
  RtpListener listener;
};

PublisherOptions simulcast(bool signals_ssrcs = false) {
  PublisherOptions options;
  options.streams = 3;
  options.signals_ssrcs = signals_ssrcs;
  return options;
}
PublisherOptions unsignaled(std::optional<std::string> mid) {
  PublisherOptions options;
  options.signals_ssrcs = false;
  options.mid = std::move(mid);
  return options;
}
PublisherOptions audio(std::string mid) {
  PublisherOptions options;
  options.kind = ortc::MediaKind::Audio;
  options.mid = std::move(mid);
  options.signals_ssrcs = false;
  return options;
}

TEST_F(Listening, FindsSignaledSsrcsWithoutAnyExtension) {
  const auto producer = room.make_producer(simulcast(true));
  ASSERT_TRUE(listener.add(*producer));
  for (std::uint8_t stream = 0; stream < 3; ++stream) {
    const auto media = find(Ssrc{1000u + stream}, kVp8);
    ASSERT_TRUE(media);
    EXPECT_EQ(media->producer, producer.get());
    EXPECT_EQ(media->stream, stream);
    EXPECT_FALSE(media->is_rtx);
    const auto rtx = find(Ssrc{2000u + stream}, kVp8Rtx);
    ASSERT_TRUE(rtx);
    EXPECT_EQ(rtx->stream, stream);
    EXPECT_TRUE(rtx->is_rtx);
  }
}

TEST_F(Listening, LearnsFromMidAndRidAndKeepsWhatItLearned) {
  const auto producer = room.make_producer(simulcast());
  ASSERT_TRUE(listener.add(*producer));
  EXPECT_FALSE(find(Ssrc{77}, kVp8));
  ASSERT_TRUE(find(Ssrc{77}, kVp8, {.mid = "0", .rid = "r1"}));
  const auto later = find(Ssrc{77}, kVp8);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->stream, 1);
  EXPECT_EQ(producer->receiver(1).ssrc(), Ssrc{77});
}

TEST_F(Listening, LearnsRtxFromTheRepairedRid) {
  const auto producer = room.make_producer(simulcast());
  ASSERT_TRUE(listener.add(*producer));
  const auto rtx = find(Ssrc{88}, kVp8Rtx, {.mid = "0", .repaired_rid = "r2"});
  ASSERT_TRUE(rtx);
  EXPECT_TRUE(rtx->is_rtx);
  EXPECT_EQ(rtx->stream, 2);
  EXPECT_EQ(producer->receiver(2).rtx_ssrc(), Ssrc{88});
  EXPECT_EQ(producer->receiver(2).ssrc(), std::nullopt);
}

TEST_F(Listening, LearnsFromARidAloneWhereOnlyOneProducerHasIt) {
  const auto producer = room.make_producer(simulcast());
  ASSERT_TRUE(listener.add(*producer));
  EXPECT_TRUE(find(Ssrc{77}, kVp8, {.rid = "r0"}));
  PublisherOptions second = simulcast();
  second.mid = "1";
  const auto other = room.make_producer(second);
  ASSERT_TRUE(listener.add(*other));
  EXPECT_FALSE(find(Ssrc{78}, kVp8, {.rid = "r1"}));
  EXPECT_TRUE(find(Ssrc{78}, kVp8, {.mid = "1", .rid = "r1"}));
}

TEST_F(Listening, LearnsByMidWhereThereIsOneEncoding) {
  const auto first = room.make_producer(unsignaled("a"));
  const auto second = room.make_producer(unsignaled("b"));
  ASSERT_TRUE(listener.add(*first));
  ASSERT_TRUE(listener.add(*second));
  EXPECT_EQ(find(Ssrc{5}, kVp8, {.mid = "b"})->producer, second.get());
  EXPECT_EQ(find(Ssrc{6}, kVp8, {.mid = "a"})->producer, first.get());
  EXPECT_TRUE(find(Ssrc{7}, kVp8Rtx, {.mid = "a"})->is_rtx);
}

TEST_F(Listening, FallsBackToThePayloadTypeOnlyWhereItIsUnambiguous) {
  const auto video = room.make_producer(unsignaled(std::nullopt));
  const auto sound = room.make_producer(audio("s"));
  ASSERT_TRUE(listener.add(*video));
  ASSERT_TRUE(listener.add(*sound));
  EXPECT_EQ(find(Ssrc{5}, kOpus)->producer, sound.get());
  const auto second = room.make_producer(unsignaled("b"));
  ASSERT_TRUE(listener.add(*second));
  EXPECT_FALSE(find(Ssrc{6}, kVp8));
}

TEST_F(Listening, DoesNotTakeAStrangersPayloadTypeOnceTheSsrcIsKnown) {
  const auto video = room.make_producer(unsignaled(std::nullopt));
  ASSERT_TRUE(listener.add(*video));
  ASSERT_TRUE(find(Ssrc{5}, kVp8));
  EXPECT_FALSE(find(Ssrc{6}, kVp8));
  EXPECT_EQ(video->receiver(0).ssrc(), Ssrc{5});
}

TEST_F(Listening, RefusesAMidThatNobodyHasAndAPayloadTypeThatItsProducerLacks) {
  const auto video = room.make_producer(unsignaled("a"));
  ASSERT_TRUE(listener.add(*video));
  EXPECT_FALSE(find(Ssrc{5}, kVp8, {.mid = "x"}));
  EXPECT_FALSE(find(Ssrc{5}, kOpus, {.mid = "a"}));
  EXPECT_EQ(listener.ssrc_count(), 0u);
}

TEST_F(Listening, FollowsAnEncodingToItsNewSsrcAndForgetsTheOld) {
  const auto producer = room.make_producer(simulcast());
  ASSERT_TRUE(listener.add(*producer));
  ASSERT_TRUE(find(Ssrc{77}, kVp8, {.mid = "0", .rid = "r1"}));
  ASSERT_TRUE(find(Ssrc{78}, kVp8, {.mid = "0", .rid = "r1"}));
  EXPECT_FALSE(find(Ssrc{77}, kVp8));
  EXPECT_EQ(producer->receiver(1).ssrc(), Ssrc{78});
  EXPECT_EQ(listener.ssrc_count(), 1u);
}

TEST_F(Listening, StaysBoundedHoweverManySsrcsClaimOneEncoding) {
  const auto producer = room.make_producer(simulcast());
  ASSERT_TRUE(listener.add(*producer));
  for (std::uint32_t i = 0; i < 5000; ++i) find(Ssrc{i}, kVp8, {.mid = "0", .rid = "r1"});
  EXPECT_EQ(listener.ssrc_count(), 1u);
}

TEST_F(Listening, RefusesATakenSsrcAndChangesNothing) {
  PublisherOptions options;
  const auto first = room.make_producer(options);
  ASSERT_TRUE(listener.add(*first));
  options.mid = "1";
  const auto second = room.make_producer(options);
  const auto result = listener.add(*second);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), ListenError::SsrcTaken);
  EXPECT_EQ(listener.ssrc_count(), 2u);
  EXPECT_EQ(find(Ssrc{1000}, kVp8)->producer, first.get());
}

TEST_F(Listening, RefusesATakenMid) {
  const auto first = room.make_producer(unsignaled("a"));
  const auto second = room.make_producer(unsignaled("a"));
  ASSERT_TRUE(listener.add(*first));
  EXPECT_EQ(listener.add(*second).error(), ListenError::MidTaken);
  const auto third = room.make_producer(simulcast());
  const auto fourth = room.make_producer(simulcast());
  ASSERT_TRUE(listener.add(*third));
  EXPECT_EQ(listener.add(*fourth).error(), ListenError::MidTaken);
}

TEST_F(Listening, RefusesMoreProducersThanItsBound) {
  std::vector<std::unique_ptr<Producer>> producers;
  for (std::size_t i = 0; i < RtpListener::kMaxProducers; ++i) {
    producers.push_back(room.make_producer(unsignaled(std::to_string(i))));
    ASSERT_TRUE(listener.add(*producers.back()));
  }
  producers.push_back(room.make_producer(unsignaled("more")));
  EXPECT_EQ(listener.add(*producers.back()).error(), ListenError::TableFull);
}

TEST_F(Listening, LearnsNoMoreSsrcsThanItsBoundAndKeepsThose) {
  constexpr std::uint32_t kBound = 256;  // As docs/security.md states.
  std::vector<std::unique_ptr<Producer>> producers;
  std::deque<std::string> mids;
  std::vector<Names> names;
  for (std::size_t i = 0; i < RtpListener::kMaxProducers; ++i) {
    PublisherOptions options = simulcast();
    options.mid = mids.emplace_back(std::to_string(i));
    producers.push_back(room.make_producer(options));
    ASSERT_TRUE(listener.add(*producers.back()));
    for (const char* rid : {"r0", "r1", "r2"}) {
      names.push_back({.mid = mids.back(), .rid = rid});
      names.push_back({.mid = mids.back(), .repaired_rid = rid});
    }
  }
  ASSERT_GT(names.size(), kBound);
  for (std::uint32_t ssrc = 0; ssrc < names.size(); ++ssrc) {
    const std::uint8_t payload_type = names[ssrc].rid.empty() ? kVp8Rtx : kVp8;
    ASSERT_EQ(find(Ssrc{ssrc}, payload_type, names[ssrc]).has_value(), ssrc < kBound) << ssrc;
  }
  EXPECT_EQ(listener.ssrc_count(), kBound);
  for (std::uint32_t ssrc = 0; ssrc < kBound; ++ssrc) EXPECT_TRUE(find(Ssrc{ssrc}, kVp8)) << ssrc;
}

TEST_F(Listening, ForgetsAllOfARemovedProducer) {
  auto producer = room.make_producer(simulcast());
  ASSERT_TRUE(listener.add(*producer));
  find(Ssrc{77}, kVp8, {.mid = "0", .rid = "r1"});
  listener.remove(*producer);
  producer.reset();
  EXPECT_FALSE(find(Ssrc{77}, kVp8, {.mid = "0", .rid = "r1"}));
  EXPECT_EQ(listener.ssrc_count(), 0u);
  EXPECT_EQ(listener.extensions(), rtp::ExtensionMap{});
  const auto again = room.make_producer(simulcast());
  EXPECT_TRUE(listener.add(*again));
}

TEST_F(Listening, APacketOfAClosedProducerDisplacesNothingOfTheOneThatHasItsMidNow) {
  auto former = room.make_producer(unsignaled("a"));
  ASSERT_TRUE(listener.add(*former));
  ASSERT_TRUE(find(Ssrc{5}, kVp8, {.mid = "a"}));
  listener.remove(*former);
  const auto now = room.make_producer(unsignaled("a"));
  ASSERT_TRUE(listener.add(*now));
  ASSERT_TRUE(find(Ssrc{6}, kVp8, {.mid = "a"}));
  EXPECT_FALSE(find(Ssrc{5}, kVp8, {.mid = "a"}));
  EXPECT_EQ(find(Ssrc{6}, kVp8)->producer, now.get());
  EXPECT_EQ(now->receiver(0).ssrc(), Ssrc{6});
}

TEST_F(Listening, ASenderMayGoOnWithTheSsrcOfAProducerThatItClosed) {
  auto former = room.make_producer(unsignaled("a"));
  ASSERT_TRUE(listener.add(*former));
  ASSERT_TRUE(find(Ssrc{5}, kVp8, {.mid = "a"}));
  listener.remove(*former);
  const auto now = room.make_producer(unsignaled("a"));
  ASSERT_TRUE(listener.add(*now));
  EXPECT_TRUE(find(Ssrc{5}, kVp8, {.mid = "a"}));
}

TEST_F(Listening, RemembersNoMoreRetiredSsrcsThanItsBound) {
  for (std::uint32_t i = 0; i < 3 * RtpListener::kMaxRetired; ++i) {
    const auto producer = room.make_producer(unsignaled("a"));
    ASSERT_TRUE(listener.add(*producer));
    ASSERT_TRUE(find(Ssrc{100 + i}, kVp8, {.mid = "a"}));
    listener.remove(*producer);
    EXPECT_LE(listener.retired_count(), RtpListener::kMaxRetired);
  }
}

TEST_F(Listening, KnowsTheExtensionIdsOfTheTransport) {
  const auto producer = room.make_producer(unsignaled("a"));
  ASSERT_TRUE(listener.add(*producer));
  EXPECT_EQ(listener.extensions().id(rtp::ExtensionKind::TransportCc), kTccId);
}

}  // namespace
}  // namespace sfu::media
