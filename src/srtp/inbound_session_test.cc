#include "srtp/inbound_session.h"

#include <gtest/gtest.h>

#include <set>

#include "srtp/session_fixture_for_test.h"

namespace sfu::srtp {
namespace {

class InboundSessionOf : public EveryProfile {};

INSTANTIATE_TEST_SUITE_P(Profiles, InboundSessionOf, kEveryProfile, profile_test_name);

TEST_P(InboundSessionOf, GivesBackWhatWasProtected) {
  const ByteVector header = rtp_header_with_extension(7, 0xaa);
  const ByteVector payload(100, 0x42);
  const auto sent = protect(*sender, header, payload);
  ASSERT_TRUE(sent.size);
  EXPECT_EQ(unprotect(*receiver, sent.packet), joined(header, payload));
  EXPECT_EQ(receiver->counters().rtp_packets, 1u);
}

TEST_P(InboundSessionOf, RefusesAReplayAtOnceAndAfterItsWindow) {
  std::vector<ByteVector> sent;
  for (std::uint16_t i = 0; i < 1100; ++i)
    sent.push_back(protect(*sender, rtp_header(i), {1, 2, 3}).packet);
  for (const auto& packet : sent) ASSERT_TRUE(unprotect(*receiver, packet));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const bool in_window = sent.size() - 1 - i < InboundStreams::kReplayWindow;
    EXPECT_EQ(unprotect(*receiver, sent[i]).error(),
              in_window ? UnprotectError::Replayed : UnprotectError::TooOld);
  }
  EXPECT_EQ(receiver->counters().count(UnprotectError::Replayed), InboundStreams::kReplayWindow);
  EXPECT_EQ(receiver->counters().count(UnprotectError::TooOld), 1100u - 1024u);
}

TEST_P(InboundSessionOf, TakesALatePacketOnceUpToTheWindow) {
  const auto late = protect(*sender, rtp_header(100), {1});
  const auto too_late = protect(*sender, rtp_header(99), {1});
  ASSERT_TRUE(unprotect(*receiver, protect(*sender, rtp_header(101), {1}).packet));
  ASSERT_TRUE(unprotect(*receiver, protect(*sender, rtp_header(100 + 1023), {1}).packet));
  EXPECT_TRUE(unprotect(*receiver, late.packet));
  EXPECT_EQ(unprotect(*receiver, late.packet).error(), UnprotectError::Replayed);
  EXPECT_EQ(unprotect(*receiver, too_late.packet).error(), UnprotectError::TooOld);
}

TEST_P(InboundSessionOf, NoticesAChangeOfAnyByteAndIsNotDisturbedByIt) {
  const ByteVector header = rtp_header_with_extension(7, 0xaa);
  const auto sent = protect(*sender, header, ByteVector(33, 0x42));
  for (std::size_t at = 0; at < sent.packet.size(); ++at) {
    for (const unsigned change : {0x01u, 0x80u}) {
      ByteVector tampered = sent.packet;
      tampered[at] = static_cast<std::uint8_t>(tampered[at] ^ change);
      EXPECT_FALSE(unprotect(*receiver, tampered)) << "byte " << at;
    }
  }
  EXPECT_EQ(receiver->counters().rtp_packets, 0u);
  EXPECT_TRUE(unprotect(*receiver, sent.packet));
}

TEST_P(InboundSessionOf, RefusesEveryTruncation) {
  const auto sent = protect(*sender, rtp_header_with_extension(7, 0xaa), ByteVector(33, 0x42));
  for (std::size_t size = 0; size < sent.packet.size(); ++size) {
    const ByteVector shorter(sent.packet.begin(),
                             sent.packet.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(unprotect(*receiver, shorter)) << size;
  }
  const ByteVector header_and_less_than_tag(sent.packet.begin(), sent.packet.begin() + 20 + 9);
  EXPECT_EQ(unprotect(*receiver, header_and_less_than_tag).error(), UnprotectError::Malformed);
}

TEST_P(InboundSessionOf, MakesNoStateForPacketsThatAreNotAuthentic) {
  const ByteVector garbage(60, 0x5a);
  for (std::uint32_t ssrc = 0; ssrc < 5000; ++ssrc)
    EXPECT_EQ(unprotect(*receiver, joined(rtp_header(1, ssrc), garbage)).error(),
              UnprotectError::AuthenticationFailed);
  EXPECT_TRUE(unprotect(*receiver, protect(*sender, rtp_header(1), {1}).packet));
}

TEST_P(InboundSessionOf, FollowsTheRolloverThroughLossOfAlmostHalfACycle) {
  const auto receive = [&](std::uint64_t index) {
    // The sender must not skip half a cycle either.
    return unprotect(*receiver,
                     protect(*sender, rtp_header(static_cast<std::uint16_t>(index)), {9}).packet)
        .has_value();
  };
  for (std::uint64_t index = 100; index < 10 * 0x1'0000; index += 0x7fff)
    EXPECT_TRUE(receive(index)) << index;
}

TEST_P(InboundSessionOf, KeepsWhatItKnowsOfAStreamThatGaveWayToOthers) {
  // Stream 0 passes a rollover, then as many others as are active at a time push it out.
  const auto packet_of = [&](std::uint32_t ssrc, std::uint16_t sequence_number) {
    return protect(*sender, rtp_header(sequence_number, ssrc), {1}).packet;
  };
  std::vector<ByteVector> old;
  for (const int number : {0x7000, 0xe000, 0x1000}) {
    old.push_back(packet_of(0, static_cast<std::uint16_t>(number)));
    ASSERT_TRUE(unprotect(*receiver, old.back()));
  }
  for (std::uint32_t ssrc = 1; ssrc <= InboundStreams::kMaxActiveStreams; ++ssrc)
    ASSERT_TRUE(unprotect(*receiver, packet_of(ssrc, 1)));

  EXPECT_EQ(unprotect(*receiver, old.back()).error(), UnprotectError::TooOld);
  EXPECT_TRUE(unprotect(*receiver, packet_of(0, 0x1001))) << "the rollover count was lost";
  EXPECT_EQ(unprotect(*receiver, old.back()).error(), UnprotectError::Replayed);
}

TEST_P(InboundSessionOf, BoundsTheStreamsOfAnAuthenticPeer) {
  static_assert(InboundStreams::kMaxKnownStreams == 4096, "docs/security.md states it");
  for (std::uint32_t ssrc = 0; ssrc < InboundStreams::kMaxKnownStreams; ++ssrc)
    ASSERT_TRUE(unprotect(*receiver, protect(*sender, rtp_header(1, ssrc), {1}).packet));
  EXPECT_EQ(unprotect(*receiver, protect(*sender, rtp_header(1, 0xffff'ffff), {1}).packet).error(),
            UnprotectError::TooManyStreams);
  EXPECT_TRUE(unprotect(*receiver, protect(*sender, rtp_header(2, 17), {1}).packet));
}

TEST_P(InboundSessionOf, GivesBackRtcpOnce) {
  const ByteVector plain = rtcp_packet();
  std::vector<ByteVector> sent;
  for (int i = 0; i < 50; ++i) {
    ByteVector out(plain.size() + kMaxRtcpOverhead);
    const auto size = sender->protect_rtcp(plain, out);
    ASSERT_TRUE(size);
    out.resize(*size);
    sent.push_back(out);
  }
  EXPECT_EQ(std::set(sent.begin(), sent.end()).size(), sent.size()) << "each has its own index";
  std::swap(sent[3], sent[30]);
  for (const auto& packet : sent) EXPECT_EQ(unprotect_rtcp(*receiver, packet), plain);
  for (const auto& packet : sent)
    EXPECT_EQ(unprotect_rtcp(*receiver, packet).error(), UnprotectError::Replayed);
  EXPECT_EQ(receiver->counters().rtcp_packets, 50u);
}

TEST_P(InboundSessionOf, NoticesAChangeOfAnyByteOfRtcpAndEveryTruncation) {
  ByteVector out(28 + kMaxRtcpOverhead);
  out.resize(*sender->protect_rtcp(rtcp_packet(), out));
  for (std::size_t at = 0; at < out.size(); ++at) {
    ByteVector tampered = out;
    tampered[at] ^= 0x80;
    EXPECT_FALSE(unprotect_rtcp(*receiver, tampered)) << "byte " << at;
    EXPECT_FALSE(unprotect_rtcp(
        *receiver, ByteVector(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(at))))
        << at;
  }
  EXPECT_EQ(receiver->counters().rtcp_packets, 0u);
  EXPECT_TRUE(unprotect_rtcp(*receiver, out));
}

TEST_P(InboundSessionOf, IsDeafToAnotherKey) {
  const KeyMaterial& other = keys;
  ByteVector key(other.key().begin(), other.key().end());
  key.back() ^= 1;
  InboundSession stranger(KeyMaterial(profile, key, other.salt()), *backend);
  EXPECT_EQ(unprotect(stranger, protect(*sender, rtp_header(1), {1}).packet).error(),
            UnprotectError::AuthenticationFailed);
}

}  // namespace
}  // namespace sfu::srtp
