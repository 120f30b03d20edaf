#include <gmock/gmock.h>

#include <string>

#include "service/fixture_for_test.h"
#include "service/mediasoup_server.h"

// Who is let in, for how long, and how much they may do.

namespace sfu::service {
namespace {

using std::chrono::seconds;

constexpr const char* kBadToken = "no.good.token";

class AdmissionTest : public ServiceTest {
 protected:
  explicit AdmissionTest(Options options = {}) : ServiceTest(1, std::move(options)) {}

  static Options with(const Rates& rates) {
    Options options;
    options.rates = rates;
    return options;
  }

  json::value auth(const std::string& user, seconds expires_in = seconds(3600)) {
    return json::object{{"token", signaling::auth::TokenSigner(kTestSecret)
                                      .sign({user, user + "@example.org", std::nullopt,
                                             service_->unix_time + expires_in},
                                            service_->unix_time)}};
  }
  /// "welcome", or the code of the refusal.
  std::string knock(const json::value& with) {
    TestClient client(*service_);
    client.connect(with);
    const std::string heard =
        client.connected ? "welcome"
        : client.connect_error
            ? std::string(client.connect_error->at("data").at("code").as_string())
            : "silence";
    client.close();
    return heard;
  }
  std::string knock() { return knock(auth("ann")); }
  std::string knock_with_bad_token() { return knock(json::object{{"token", kBadToken}}); }
  void come_from(const char* address) {
    service_->client_address = {*IpAddress::parse(address), 5000};
  }
  std::uint64_t refused_requests(ErrorCode code) {
    return service_->server->refused().requests[static_cast<std::size_t>(code)];
  }
  std::uint64_t refused_handshakes(ErrorCode code) {
    return service_->server->refused().handshakes[static_cast<std::size_t>(code)];
  }
  static std::string code_of(const json::value& answer) {
    return answer.at("ok").as_bool() ? "ok"
                                     : std::string(answer.at("error").at("code").as_string());
  }
};

class TightAdmissionTest : public AdmissionTest {
 protected:
  static Rates tight() {
    Rates rates;
    rates.connections = {1, 6};
    rates.failed_logins = {1, 2};
    rates.joins = {1, 2};
    rates.events = {1, 8};
    rates.heavy_events = {1, 4};
    rates.ice_candidates = {1, 3};
    return rates;
  }
  TightAdmissionTest() : AdmissionTest(with(tight())) {}
};

TEST_F(TightAdmissionTest, EachAddressHasItsOwnRateOfConnections) {
  for (int i = 0; i < 6; ++i) EXPECT_EQ(knock(), "welcome");
  EXPECT_EQ(knock(), "rate_limited");
  EXPECT_EQ(refused_handshakes(ErrorCode::RateLimited), 1u);
  come_from("192.0.2.1");
  EXPECT_EQ(knock(), "welcome");
  come_from("127.0.0.1");
  service_->now += seconds(1);
  EXPECT_EQ(knock(), "welcome");
  EXPECT_EQ(knock(), "rate_limited");
}

TEST_F(TightAdmissionTest, AddressesOfOneIPv6NetworkShareTheirRate) {
  for (int i = 0; i < 6; ++i) {
    come_from(("2001:db8:1:2::" + std::to_string(i)).c_str());
    EXPECT_EQ(knock(), "welcome");
  }
  come_from("2001:db8:1:2:ffff::1");
  EXPECT_EQ(knock(), "rate_limited");
  come_from("2001:db8:1:3::1");
  EXPECT_EQ(knock(), "welcome");
}

TEST_F(TightAdmissionTest, ManyBadTokensFromAnAddressAreRateLimitedAndAGoodOneIsLetIn) {
  EXPECT_EQ(knock_with_bad_token(), "token_invalid");
  EXPECT_EQ(knock(json::object{}), "token_missing");
  EXPECT_EQ(knock_with_bad_token(), "rate_limited");
  EXPECT_EQ(knock(), "welcome");
  come_from("192.0.2.1");
  EXPECT_EQ(knock_with_bad_token(), "token_invalid");
}

TEST_F(TightAdmissionTest, AHandshakeAgainAndAgainOverOneTransportCountsEachTime) {
  TestClient client(*service_);
  std::string codes;
  for (int i = 0; i < 8; ++i) {
    client.connect(json::object{{"token", kBadToken}});
    codes += std::string(client.connect_error->at("data").at("code").as_string()) + " ";
  }
  EXPECT_EQ(codes,
            "token_invalid token_invalid rate_limited rate_limited rate_limited rate_limited "
            "rate_limited rate_limited ");
}

class FewKnownTest : public AdmissionTest {
 protected:
  static Options few() {
    Options options;
    options.rates.connections = {1, 1};
    options.max_known_offenders = 100;
    return options;
  }
  FewKnownTest() : AdmissionTest(few()) {}
};

TEST_F(FewKnownTest, AnAttackerWithManyAddressesLocksNobodyOut) {
  for (std::uint32_t i = 0; i < 1000; ++i) {
    service_->client_address = {IpAddress::v4(0x0a000000 + i), 1};
    EXPECT_EQ(knock(), "welcome");
  }
  come_from("192.0.2.1");
  EXPECT_EQ(knock(), "welcome");
  EXPECT_EQ(knock(), "rate_limited");
}

TEST_F(TightAdmissionTest, HeavyEventsHaveARateOfTheirOwnAndLightOnesGoOn) {
  TestClient ann(*service_, "ann");
  std::string codes;
  for (int i = 0; i < 6; ++i) codes += code_of(ann.ask("get-participant-stats")) + " ";
  EXPECT_EQ(codes, "not_in_room not_in_room not_in_room not_in_room not_in_room not_in_room ");
  service_->now += seconds(10);
  ann.enter("one");  // Four heavy events.
  EXPECT_EQ(ann.count("error"), 0u);
  EXPECT_EQ(error_of(ann.ask("get-participant-stats")),
            "rate_limited|Failed to get stats|too many requests of this kind");
  EXPECT_EQ(code_of(ann.ask("resume-all-consumers")), "ok");
  service_->now += seconds(1);
  EXPECT_EQ(code_of(ann.ask("get-participant-stats")), "ok");
  EXPECT_EQ(refused_requests(ErrorCode::RateLimited), 1u);
}

TEST_F(TightAdmissionTest, WhatAWholeRoomHearsOfAProducerIsHeavy) {
  TestClient ann(*service_, "ann");
  ann.enter("one");  // Four heavy events.
  for (const char* event : {"pause-producer", "resume-producer", "close-producer"})
    EXPECT_EQ(code_of(ann.ask(event, json::object{{"kind", "audio"}})), "rate_limited") << event;
}

TEST_F(TightAdmissionTest, WhatIsRefusedForItsShapeCostsNoHeavyEventAndNoJoin) {
  TestClient ann(*service_, "ann");
  for (int i = 0; i < 7; ++i)
    EXPECT_EQ(code_of(ann.ask("join-room", json::object{{"roomId", 7}})), "invalid_request");
  EXPECT_EQ(code_of(ann.ask("join-room", json::object{{"roomId", "one"}})), "ok");
}

TEST_F(TightAdmissionTest, JoinsOfAUserAreCountedOverAllOfTheUsersConnections) {
  TestClient first(*service_, "ann"), second(*service_, "ann"), bob(*service_, "bob");
  EXPECT_EQ(code_of(first.ask("join-room", json::object{{"roomId", "one"}})), "ok");
  EXPECT_EQ(code_of(second.ask("join-room", json::object{{"roomId", "two"}})), "ok");
  EXPECT_EQ(code_of(second.ask("join-room", json::object{{"roomId", "three"}})), "rate_limited");
  EXPECT_EQ(code_of(bob.ask("join-room", json::object{{"roomId", "three"}})), "ok");
  service_->now += seconds(1);
  EXPECT_EQ(code_of(second.ask("join-room", json::object{{"roomId", "three"}})), "ok");
}

TEST_F(TightAdmissionTest, ABurstOfIceCandidatesLeavesRoomForOtherEventsAndTheOtherWayRound) {
  TestClient ann(*service_, "ann");
  std::string codes;
  for (int i = 0; i < 5; ++i) codes += code_of(ann.ask("ice-candidate")) + " ";
  EXPECT_THAT(codes, testing::EndsWith("rate_limited rate_limited "));
  EXPECT_EQ(code_of(ann.ask("leave-room")), "not_in_room");
}

TEST_F(AdmissionTest, APageThatEntersAMeetingOfAHundredAndResumesAllAtOnceIsNotLimited) {
  EventBuckets buckets(Rates{}, service_->now);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(buckets.take(EventClass::Heavy, service_->now));
    EXPECT_TRUE(buckets.take_heavy(service_->now));
  }
  for (int i = 0; i < 4 * 200; ++i) EXPECT_TRUE(buckets.take(EventClass::Light, service_->now));
  for (int i = 0; i < 99 * 20; ++i)
    EXPECT_TRUE(buckets.take(EventClass::IceCandidate, service_->now));
}

TEST_F(AdmissionTest, AConnectionGoesOnWhenItsTokenExpiresUnlessAskedToEnd) {
  TestClient ann(*service_);
  ann.connect(auth("ann", seconds(5)));
  service_->unix_time += seconds(60);
  service_->server->disconnect_expired();
  service_->pump();
  EXPECT_FALSE(ann.disconnected);
}

class ExpiringTest : public AdmissionTest {
 protected:
  static Options expiring() {
    Options options;
    options.disconnect_expired = true;
    return options;
  }
  ExpiringTest() : AdmissionTest(expiring()) {}
  void look() {
    service_->server->disconnect_expired();
    service_->pump();
  }
};

TEST_F(ExpiringTest, AConnectionEndsInTheSecondOfItsTokensExpAndNotBefore) {
  TestClient ann(*service_), bob(*service_, "bob");  // Bob's token has no end.
  ann.connect(auth("ann", seconds(5)));
  ann.enter("one");
  bob.enter("one");
  service_->unix_time += seconds(4);
  look();
  EXPECT_FALSE(ann.disconnected);
  service_->unix_time += seconds(1);
  look();
  EXPECT_EQ(ann.last("error"), json::parse(R"({"message":"Authentication failed",
    "code":"token_expired","event":"connect"})"));
  EXPECT_TRUE(ann.disconnected);
  EXPECT_TRUE(ann.closed);
  EXPECT_FALSE(bob.disconnected);
  EXPECT_EQ(refused_requests(ErrorCode::TokenExpired), 1u);
  EXPECT_EQ(knock(auth("ann", seconds(0))), "token_expired");
  EXPECT_EQ(knock(auth("ann", seconds(9))), "welcome");
}

TEST_F(ExpiringTest, WithANewTokenTheParticipantComesBackToAllThatItHad) {
  TestClient ann(*service_), bob(*service_, "bob");
  ann.connect(auth("ann", seconds(5)));
  ann.enter("one");
  ann.produce_audio();
  bob.enter("one");
  bob.forget();
  service_->unix_time += seconds(5);
  look();
  ASSERT_TRUE(ann.disconnected);
  EXPECT_EQ(bob.names(), "") << "it has vanished, not left";

  TestClient again(*service_);
  again.connect(auth("ann", seconds(5)));
  const auto answer = again.ask("join-room", json::object{{"roomId", "one"}, {"resume", true}});
  EXPECT_EQ(answer.at("resumed"), true);
  EXPECT_EQ(answer.at("producers").as_array().size(), 1u);
  EXPECT_EQ(answer.at("transports").as_array().size(), 2u);
  EXPECT_EQ(bob.names(), "");
  service_->unix_time += seconds(4);
  look();
  EXPECT_FALSE(again.disconnected) << "the new token counts";
  service_->unix_time += seconds(1);
  look();
  EXPECT_TRUE(again.disconnected);
}

TEST_F(ExpiringTest, WhoDoesNotComeBackWithANewTokenLeavesWhenItsGraceEnds) {
  TestClient ann(*service_), bob(*service_, "bob");
  ann.connect(auth("ann", seconds(5)));
  ann.enter("one");
  bob.enter("one");
  service_->unix_time += seconds(5);
  look();
  service_->pass(seconds(5));  // Without media.
  EXPECT_EQ(bob.count("participant-left"), 1u);
}

TEST_F(ExpiringTest, ATokenThatExpiredBringsNobodyBack) {
  TestClient ann(*service_);
  ann.connect(auth("ann", seconds(5)));
  ann.enter("one");
  service_->unix_time += seconds(5);
  look();
  EXPECT_EQ(knock(auth("ann", seconds(0))), "token_expired");
}

TEST_F(ExpiringTest, AConnectionThatEndedBeforeItsTokenIsForgotten) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(knock(auth("ann", seconds(5))), "welcome");
  service_->unix_time += seconds(60);
  look();
  EXPECT_EQ(refused_requests(ErrorCode::TokenExpired), 0u);
}

TEST_F(AdmissionTest, WhatIsRefusedIsCountedByItsCode) {
  TestClient ann(*service_, "ann");
  ann.ask("no such event");
  ann.ask("join-room", json::object{});
  ann.ask("join-room");
  knock_with_bad_token();
  service_->server->note_refusal(signaling::Refusal::SlowReader, IpAddress::v4(1), "");
  const auto object = to_json(service_->server->refused());
  EXPECT_EQ(object.at("requests").at("unknown_event"), 1);
  EXPECT_EQ(object.at("requests").at("invalid_request"), 2);
  EXPECT_EQ(object.at("requests").at("rate_limited"), 0);
  EXPECT_EQ(object.at("handshakes").at("token_invalid"), 1);
  EXPECT_EQ(object.at("doors").at("slow_reader"), 1);
  EXPECT_EQ(object.at("doors").at("bad_packet"), 0);
}

TEST(Refusals, AnOffenderHasOneLineInTenSecondsForEachReason) {
  Logger log("service", LogLevel::None);
  Timestamp now{seconds(100)};
  Refusals refusals(log, now);
  const auto client = IpAddress::v4(1), other = IpAddress::v4(2);
  for (int i = 0; i < 1000; ++i) refusals.handshake(now, ErrorCode::TokenInvalid, client);
  EXPECT_EQ(refusals.lines(), 1u);
  refusals.handshake(now, ErrorCode::RateLimited, client);
  refusals.handshake(now, ErrorCode::TokenInvalid, other);
  EXPECT_EQ(refusals.lines(), 3u);
  now += Refusals::kPeriod;
  for (int i = 0; i < 1000; ++i) refusals.handshake(now, ErrorCode::TokenInvalid, client);
  EXPECT_EQ(refusals.lines(), 4u);
  EXPECT_EQ(refusals.counts().handshakes[static_cast<std::size_t>(ErrorCode::TokenInvalid)], 2001u);
}

TEST(Refusals, AnyNumberOfOffendersIsNoFloodOfLines) {
  Logger log("service", LogLevel::None);
  const Timestamp now{seconds(100)};
  Refusals refusals(log, now);
  for (std::uint32_t i = 0; i < 100'000; ++i)
    refusals.door(now, signaling::Refusal::BadPacket, IpAddress::v4(i), "x");
  EXPECT_EQ(refusals.lines(), 100u);
}

}  // namespace
}  // namespace sfu::service
