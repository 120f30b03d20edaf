#include <gmock/gmock.h>

#include <string>

#include "service/fixture_for_test.h"

// How much people in peer-to-peer rooms may make the server send.

namespace sfu::service {
namespace {

constexpr const char* kRefusal =
    "rate_limited|Failed to send message|too much to be sent to others";

class PeerBudgetTest : public ServiceTest {
 protected:
  static Options small() {
    Options options;
    options.rates.peer_bytes = {1000, 10'000};
    return options;
  }
  PeerBudgetTest() : ServiceTest(1, small()) {
    for (TestClient* one : {&ann_, &bob_, &cid_}) one->ask("ready", room());
    service_->pass(std::chrono::seconds(60));
    for (TestClient* one : {&ann_, &bob_, &cid_}) one->forget();
  }

  static json::value room() { return json::object{{"roomId", "one"}}; }
  json::value chat(TestClient& from, std::size_t bytes) {
    return from.ask("chat:message",
                    json::object{{"roomId", "one"}, {"message", std::string(bytes, 'x')}});
  }
  json::value call(TestClient& from, const char* to, std::size_t bytes) {
    return from.ask("call-user", json::object{{"to", to}, {"offer", std::string(bytes, 'x')}});
  }

  TestClient ann_{*service_, "ann"}, bob_{*service_, "bob"}, cid_{*service_, "cid"};
};

TEST_F(PeerBudgetTest, AMessageToManyCountsForEachOfThem) {
  EXPECT_EQ(chat(ann_, 3000).at("ok"), true);  // To three, a little more than 9000 bytes.
  EXPECT_EQ(chat(ann_, 1).at("ok"), true);     // As something was left.
  EXPECT_EQ(chat(ann_, 500).at("ok"), true);
  EXPECT_EQ(error_of(chat(ann_, 1)), kRefusal);
  EXPECT_EQ(bob_.count("chat:message"), 3u);
}

TEST_F(PeerBudgetTest, WhatIsSaidToOneCountsOnce) {
  EXPECT_EQ(call(ann_, "bob", 9000).at("ok"), true);
  EXPECT_EQ(chat(ann_, 100).at("ok"), true);
}

TEST_F(PeerBudgetTest, IsEachSendersOwn) {
  call(ann_, "bob", 20'000);
  EXPECT_EQ(error_of(chat(ann_, 1)), kRefusal);
  EXPECT_EQ(chat(bob_, 1).at("ok"), true);
  EXPECT_EQ(ann_.ask("join-room", json::object{{"roomId", "media"}}).at("ok"), true);
}

TEST_F(PeerBudgetTest, IsNoLargerForWhoConnectsAgain) {
  call(ann_, "bob", 20'000);
  TestClient again{*service_, "ann"};
  again.ask("ready", room());
  EXPECT_EQ(error_of(chat(again, 1)), kRefusal);
}

TEST_F(PeerBudgetTest, ComesBackWithTimeHoweverMuchItWas) {
  call(ann_, "bob", 500'000);
  service_->now += std::chrono::seconds(9);
  EXPECT_EQ(error_of(chat(ann_, 1)), kRefusal);
  service_->now += std::chrono::seconds(2);
  EXPECT_EQ(chat(ann_, 1).at("ok"), true);
}

TEST_F(PeerBudgetTest, LeavingIsAlwaysPossible) {
  call(ann_, "bob", 20'000);
  EXPECT_EQ(ann_.ask("user-left", room()).at("ok"), true);
  EXPECT_EQ(bob_.count("user-left"), 1u);
}

TEST_F(PeerBudgetTest, BinaryPartsAndTheWholeRoomThatReadyTellsCountToo) {
  const auto sent_by = [&](auto&& act) {
    const auto before = service_->server->peer_to_peer().bytes_sent();
    act();
    return service_->server->peer_to_peer().bytes_sent() - before;
  };
  const auto to_one = sent_by([&] { call(ann_, "bob", 1000); });
  EXPECT_GT(to_one, 1000u);
  EXPECT_LT(to_one, 1100u);
  const auto renewed = sent_by([&] { bob_.ask("ready", room()); });
  EXPECT_GT(renewed, 3 * 300u);
  EXPECT_EQ(sent_by([&] { call(cid_, "nobody", 1000); }), 0u);
  const auto binary = sent_by([&] {
    cid_.send_text(R"(451-["call-user",{"to":"bob","offer":{"_placeholder":true,"num":0}}])");
    cid_.send_binary(std::string(5000, 'x'));
  });
  EXPECT_GT(binary, 5000u);
  EXPECT_LT(binary, 5100u);
}

TEST(PeerBudget, ByDefaultLetsOneEnterALargeRoomAndCallEverybody) {
  const Rates rates;
  constexpr double kPeople = 250, kRoomData = kPeople * kPeople * 200;
  constexpr double kOffers = kPeople * 10'000, kCandidates = kPeople * 10 * 300;
  EXPECT_GT(rates.peer_bytes.burst, kRoomData + kOffers + kCandidates);
}

}  // namespace
}  // namespace sfu::service
