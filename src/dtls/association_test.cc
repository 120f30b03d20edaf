#include "dtls/association.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "dtls/lossy_link_for_test.h"

namespace sfu::dtls {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAreArray;
using testing::HasSubstr;

TEST(Association, AgreesOnKeysThatEachEndUsesTheOtherWayRound) {
  LossyLink link;
  link.exchange_fingerprints();
  link.run_for(1s);
  ASSERT_TRUE(link.client.connected && link.server.connected);
  EXPECT_EQ(link.client.connected->local.profile(), crypto::SrtpProfile::AeadAes128Gcm);
  EXPECT_THAT(link.client.connected->local.key(),
              ElementsAreArray(link.server.connected->remote.key()));
  EXPECT_THAT(link.client.connected->local.salt(),
              ElementsAreArray(link.server.connected->remote.salt()));
  EXPECT_THAT(link.client.connected->remote.key(),
              ElementsAreArray(link.server.connected->local.key()));
  EXPECT_FALSE(
      std::ranges::equal(link.client.connected->local.key(), link.client.connected->remote.key()));
}

TEST(Association, SendsNoDatagramAboveTheMtu) {
  LossyLink link({.mtu = 400});
  link.exchange_fingerprints();
  link.run_for(1s);
  EXPECT_TRUE(link.both_connected());
  EXPECT_LE(link.largest_datagram, 400u);
}

TEST(Association, AnswersAClientHelloBeforeItKnowsTheFingerprintAndHoldsTheKeys) {
  LossyLink link;
  link.run_for(1s);
  EXPECT_EQ(link.server.association.state(), State::AwaitingFingerprint);
  EXPECT_FALSE(link.server.connected);

  link.exchange_fingerprints();
  link.run_for(0s);
  EXPECT_TRUE(link.both_connected());
}

TEST(Association, FailsWhenTheCertificateIsNotTheSignaledOne) {
  for (const bool known_before : {true, false}) {
    LossyLink link;
    const std::string wrong = "00" + link.client.certificate().sha256_fingerprint().substr(2);
    if (!known_before) link.run_for(1s);
    link.server.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256, wrong);
    link.run_for(1s);
    EXPECT_EQ(link.server.association.state(), State::Failed);
    ASSERT_TRUE(link.server.failed);
    EXPECT_EQ(link.server.failed->reason, FailureReason::FingerprintMismatch);
    EXPECT_FALSE(link.server.connected);
    EXPECT_TRUE(link.client.closed) << "it must be told";
  }
}

TEST(Association, CompletesWhicheverSingleDatagramIsLost) {
  std::size_t datagrams = 0;
  {
    LossyLink link;
    link.exchange_fingerprints();
    link.run_for(1s);
    datagrams = link.datagrams_sent;
  }
  ASSERT_GE(datagrams, 4u);
  for (std::size_t lost = 0; lost < datagrams; ++lost) {
    LossyLink link;
    link.exchange_fingerprints();
    link.lose = [lost](std::size_t number) { return number == lost; };
    link.run_for(1s);
    EXPECT_TRUE(link.both_connected())
        << "datagram " << lost << ": client " << link.client.association.last_step() << ", server "
        << link.server.association.last_step();
  }
}

TEST(Association, CompletesWhicheverTwoDatagramsAreLost) {
  for (std::size_t first = 0; first < 10; ++first) {
    for (std::size_t second = first + 1; second < 14; ++second) {
      LossyLink link;
      link.exchange_fingerprints();
      link.lose = [=](std::size_t number) { return number == first || number == second; };
      link.run_for(3s);
      EXPECT_TRUE(link.both_connected()) << "datagrams " << first << " and " << second;
    }
  }
}

TEST(Association, CompletesUnderHeavyLossReorderingAndDuplicationForEverySeed) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    LossyLink link({.mtu = seed % 2 == 0 ? 1200u : 300u, .seed = seed});
    link.exchange_fingerprints();
    link.loss = 0.3;
    link.duplication = 0.2;
    link.jitter = 60ms;
    link.run_for(29s);
    EXPECT_TRUE(link.both_connected())
        << "replay with seed " << seed << ": client " << link.client.association.last_step()
        << ", server " << link.server.association.last_step();
  }
}

TEST(Association, GivesUpAfterTheHandshakeTimeoutAndSaysHowFarItCame) {
  LossyLink link;
  link.lose = [](std::size_t) { return true; };
  link.run_for(Association::kHandshakeTimeout - 1ms);
  EXPECT_EQ(link.client.association.state(), State::Connecting);
  link.run_for(1ms);
  ASSERT_TRUE(link.client.failed);
  EXPECT_EQ(link.client.failed->reason, FailureReason::Timeout);
  EXPECT_THAT(link.client.failed->detail, HasSubstr("ServerHello never came"));
  EXPECT_EQ(link.server.association.state(), State::New);
  EXPECT_EQ(link.server.association.last_step(), "ClientHello never came");
  EXPECT_FALSE(link.client.association.next_timeout());
}

TEST(Association, DoublesItsDelayFrom50MillisecondsTo2Seconds) {
  LossyLink link;
  link.lose = [](std::size_t) { return true; };
  link.run_for(9s);
  std::vector<TimeDelta> gaps;
  for (std::size_t i = 1; i < link.sent_at.size(); ++i)
    gaps.push_back(link.sent_at[i] - link.sent_at[i - 1]);
  EXPECT_THAT(gaps, testing::ElementsAre(50ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 2s, 2s));
}

TEST(Association, TellsThePeerWhenItCloses) {
  LossyLink link;
  link.exchange_fingerprints();
  link.run_for(1s);
  link.client.association.close();
  link.run_for(1s);
  EXPECT_EQ(link.client.association.state(), State::Closed);
  EXPECT_FALSE(link.client.closed) << "its own closing is no event";
  EXPECT_EQ(link.server.association.state(), State::Closed);
  EXPECT_TRUE(link.server.closed);
}

}  // namespace
}  // namespace sfu::dtls
