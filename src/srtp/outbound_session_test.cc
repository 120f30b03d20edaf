#include "srtp/outbound_session.h"

#include <gtest/gtest.h>

#include <array>

#include "srtp/session_fixture_for_test.h"

namespace sfu::srtp {
namespace {

class OutboundSessionOf : public EveryProfile {};

INSTANTIATE_TEST_SUITE_P(Profiles, OutboundSessionOf, kEveryProfile, profile_test_name);

TEST_P(OutboundSessionOf, ProtectsABatchForManyReceiversFromOnePayloadThatStaysAsItWas) {
  constexpr std::size_t kReceivers = 5;
  std::vector<OutboundSession> sessions;
  std::vector<InboundSession> receivers;
  for (std::size_t i = 0; i < kReceivers; ++i) {
    ByteVector key(parameters(profile).key_size, static_cast<std::uint8_t>(i));
    const KeyMaterial receiver_keys(profile, key, ByteVector(parameters(profile).salt_size, 3));
    sessions.emplace_back(receiver_keys, *backend);
    receivers.emplace_back(receiver_keys, *backend);
  }
  const ByteVector prefix = {0x90, 0xe0, 0x81};
  const ByteVector payload(1000, 0x42);
  std::vector<ByteVector> headers, outs(kReceivers, ByteVector(1200));
  std::vector<SealJob> jobs;
  for (std::size_t i = 0; i < kReceivers; ++i) {
    headers.push_back(rtp_header(static_cast<std::uint16_t>(i * 100)));
    const auto prepared = sessions[i].prepare(
        {.header = headers[i], .payload_prefix = prefix, .payload = payload, .out = outs[i]});
    ASSERT_TRUE(prepared);
    jobs.push_back(*prepared);
  }
  seal(jobs);

  EXPECT_EQ(payload, ByteVector(1000, 0x42));
  for (std::size_t i = 0; i < kReceivers; ++i) {
    outs[i].resize(jobs[i].size());
    EXPECT_EQ(unprotect(receivers[i], outs[i]), joined(joined(headers[i], prefix), payload));
  }
}

TEST_P(OutboundSessionOf, AppendsPaddingThatItsLastByteCounts) {
  ByteVector header = rtp_header(9);
  header[0] |= 0x20;
  const ByteVector payload(77, 0x42);
  for (const int padding : {1, 2, 17, 255}) {
    store_be16(header, 2, static_cast<std::uint16_t>(padding));
    ByteVector out(400, 0xee);
    const auto size = sender->protect_rtp({.header = header,
                                           .payload = payload,
                                           .padding = static_cast<std::uint8_t>(padding),
                                           .out = out});
    ASSERT_TRUE(size);
    out.resize(*size);
    ByteVector plain = joined(header, payload);
    plain.resize(plain.size() + static_cast<std::size_t>(padding));
    plain.back() = static_cast<std::uint8_t>(padding);
    EXPECT_EQ(unprotect(*receiver, out), plain);
  }
}

TEST_P(OutboundSessionOf, MayWorkInPlace) {
  const ByteVector header = rtp_header(9), payload(77, 0x42);
  ByteVector buffer = joined(header, payload);
  buffer.resize(buffer.size() + kMaxRtpOverhead);
  const auto size = sender->protect_rtp({.header = Bytes(buffer).first(header.size()),
                                         .payload = Bytes(buffer).subspan(header.size(), 77),
                                         .out = buffer});
  ASSERT_TRUE(size);
  buffer.resize(*size);
  EXPECT_EQ(unprotect(*receiver, buffer), joined(header, payload));

  ByteVector rtcp = rtcp_packet();
  rtcp.resize(28 + kMaxRtcpOverhead);
  rtcp.resize(*sender->protect_rtcp(Bytes(rtcp).first(28), rtcp));
  EXPECT_EQ(unprotect_rtcp(*receiver, rtcp), rtcp_packet());
}

TEST_P(OutboundSessionOf, NeverUsesAnIndexTwice) {
  for (const int number : {10, 12, 11, 13})
    ASSERT_TRUE(protect(*sender, rtp_header(static_cast<std::uint16_t>(number)), {1}).size);
  for (const int number : {10, 11, 12, 13})
    EXPECT_EQ(protect(*sender, rtp_header(static_cast<std::uint16_t>(number)), {2}).size.error(),
              ProtectError::AlreadySent);
}

TEST_P(OutboundSessionOf, ProtectsLatePacketsFromBeforeTheRolloverUnderTheirOwnIndex) {
  std::vector<ByteVector> packets;
  for (const int number : {0x7ff0, 0xffe0, 0xfff0, 3, 0xfff5, 0xffff, 0, 4}) {
    const auto sent = protect(*sender, rtp_header(static_cast<std::uint16_t>(number)), {1});
    ASSERT_TRUE(sent.size) << number;
    EXPECT_TRUE(unprotect(*receiver, sent.packet)) << number;
  }
}

TEST_P(OutboundSessionOf, RefusesWhatIsTooOldToTell) {
  ASSERT_TRUE(protect(*sender, rtp_header(2000), {1}).size);
  EXPECT_TRUE(protect(*sender, rtp_header(2000 - 1023), {1}).size);
  EXPECT_EQ(protect(*sender, rtp_header(2000 - 1024), {1}).size.error(), ProtectError::TooOld);
}

TEST_P(OutboundSessionOf, RefusesASequenceNumberFromBeforeTheFirstPacket) {
  ASSERT_TRUE(protect(*sender, rtp_header(5), {1}).size);
  EXPECT_EQ(protect(*sender, rtp_header(0xfffe), {1}).size.error(), ProtectError::TooOld);
  const auto next = protect(*sender, rtp_header(6), {1});
  EXPECT_TRUE(unprotect(*receiver, next.packet)) << "the stream must not have jumped";
}

TEST_P(OutboundSessionOf, RepeatsAPayloadOnlyWhereTheHeaderCannotGiveTheKeyAway) {
  const ByteVector payload(50, 0x42);
  const auto first = protect(*sender, rtp_header_with_extension(10, 1), payload);
  ASSERT_TRUE(first.size);
  ASSERT_TRUE(protect(*sender, rtp_header_with_extension(3000, 1), payload).size);
  const ByteVector header = rtp_header_with_extension(10, 2);
  const auto again = protect(*sender, header, payload, /*repeats_payload=*/true);
  if (is_aead(profile)) {
    EXPECT_EQ(again.size.error(), ProtectError::TooOld);
  } else {
    ASSERT_TRUE(again.size);
    EXPECT_EQ(unprotect(*receiver, again.packet), joined(header, payload));
  }
}

TEST_P(OutboundSessionOf, KeepsStreamsApart) {
  for (std::uint32_t ssrc = 1; ssrc <= 100; ++ssrc)
    for (const int number : {0x7000, 0xf000, 0x5000})
      EXPECT_TRUE(
          unprotect(
              *receiver,
              protect(*sender, rtp_header(static_cast<std::uint16_t>(number), ssrc), {1}).packet)
              .has_value());
}

TEST_P(OutboundSessionOf, BoundsItsStreams) {
  static_assert(OutboundSession::kMaxStreams == 8192, "docs/security.md states it");
  for (std::uint32_t ssrc = 0; ssrc < OutboundSession::kMaxStreams; ++ssrc)
    ASSERT_TRUE(protect(*sender, rtp_header(1, ssrc), {1}).size);
  EXPECT_EQ(protect(*sender, rtp_header(1, 0xffff'ffff), {1}).size.error(),
            ProtectError::TooManyStreams);
  EXPECT_TRUE(protect(*sender, rtp_header(2, 0), {1}).size);
}

TEST_P(OutboundSessionOf, RefusesMalformedPartsAndTooLittleRoomWithoutSpendingAnIndex) {
  ByteVector out(400);
  ByteVector header = rtp_header(1);
  const ByteVector longer = joined(header, {0}), shorter(header.begin(), header.end() - 1);
  const ByteVector payload(20);
  const ByteVector long_prefix(OutboundSession::kMaxPrefixSize + 1);
  EXPECT_EQ(
      sender->protect_rtp({.header = header, .payload_prefix = long_prefix, .out = out}).error(),
      ProtectError::Malformed);
  EXPECT_EQ(sender->protect_rtp({.header = longer, .payload = payload, .out = out}).error(),
            ProtectError::Malformed);
  EXPECT_EQ(sender->protect_rtp({.header = shorter, .payload = payload, .out = out}).error(),
            ProtectError::Malformed);
  const std::size_t needed = header.size() + payload.size() + parameters(profile).tag_size;
  const MutableBytes room(out);
  EXPECT_EQ(
      sender->protect_rtp({.header = header, .payload = payload, .out = room.first(needed - 1)})
          .error(),
      ProtectError::OutputTooSmall);
  EXPECT_EQ(sender->protect_rtp({.header = header, .payload = payload, .out = room.first(needed)}),
            needed);

  EXPECT_EQ(sender->protect_rtcp(ByteVector(7), out).error(), ProtectError::Malformed);
  EXPECT_EQ(sender->protect_rtcp(rtcp_packet(), room.first(28)).error(),
            ProtectError::OutputTooSmall);
}

}  // namespace
}  // namespace sfu::srtp
