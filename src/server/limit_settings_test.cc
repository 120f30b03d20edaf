#include "server/limit_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "server/apply_limits.h"

namespace sfu::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class LimitSettingsTest : public testing::Test {
 protected:
  LimitSettings read(const std::map<std::string, std::string>& texts) {
    SettingValues values;
    values.add(texts);
    const LimitSettings limits = read_limit_settings(values);
    problems_ = values.problems();
    return limits;
  }
  static auto refusal_of(const std::string& name, const std::string& text) {
    return StartsWith(name + " is \"" + text + "\"; allowed: ");
  }

  std::vector<std::string> problems_;
};

TEST_F(LimitSettingsTest, ARateIsSoManyEachSecondAndSoManyAtOnce) {
  EXPECT_EQ(read({{"RATE_JOINS", "0.5/20"}}).rates.joins, (Rate{0.5, 20}));
  EXPECT_EQ(read({{"RATE_JOINS", "1000000/1000000"}}).rates.joins, (Rate{1e6, 1e6}));
  EXPECT_THAT(problems_, IsEmpty());
  for (const char* text : {"20", "20/", "/20", "0/20", "-1/20", "1/0", "1/0.5", "1/2/3", "nan/1",
                           "inf/1", "1e7/1", "1/1000001", "1 / 2", "a/b"}) {
    EXPECT_EQ(read({{"RATE_JOINS", text}}).rates.joins, service::Rates{}.joins) << text;
    EXPECT_THAT(problems_, ElementsAre(refusal_of("RATE_JOINS", text)));
  }
}

TEST_F(LimitSettingsTest, WhatMayWaitForAClientIsNoLessThanOneMessage) {
  read({{"MAX_MESSAGE_BYTES", "200000"}, {"MAX_QUEUE_BYTES", "200000"}});
  EXPECT_THAT(problems_, IsEmpty());
  read({{"MAX_MESSAGE_BYTES", "200001"}, {"MAX_QUEUE_BYTES", "200000"}});
  EXPECT_THAT(problems_, ElementsAre(refusal_of("MAX_QUEUE_BYTES", "200000")));
  read({{"MAX_MESSAGE_BYTES", "4000001"}});
  EXPECT_THAT(problems_, ElementsAre(refusal_of("MAX_QUEUE_BYTES", "4000000")));
}

TEST_F(LimitSettingsTest, ProxiesAreAddressesAndNetworksSplitAtCommas) {
  EXPECT_THAT(read({{"TRUSTED_PROXIES", "10.0.0.5, 192.0.2.0/24,::1"}}).trusted_proxies,
              ElementsAre(*AddressRange::parse("10.0.0.5"), *AddressRange::parse("192.0.2.0/24"),
                          *AddressRange::parse("::1")));
  EXPECT_THAT(problems_, IsEmpty());
  read({{"TRUSTED_PROXIES", "10.0.0.5,,proxy.example.org,10.0.0.0/33"}});
  EXPECT_THAT(problems_, ElementsAre(refusal_of("TRUSTED_PROXIES", ""),
                                     refusal_of("TRUSTED_PROXIES", "proxy.example.org"),
                                     refusal_of("TRUSTED_PROXIES", "10.0.0.0/33")));
}

TEST_F(LimitSettingsTest, EverySettingReachesWhatItIsFor) {
  const auto limits = read({{"MAX_CONNECTIONS", "7"},
                            {"MAX_CONNECTIONS_PER_ADDRESS", "6"},
                            {"MAX_ROOMS", "5"},
                            {"MAX_PARTICIPANTS_PER_ROOM", "4"},
                            {"MAX_PEERS_PER_ROOM", "3"},
                            {"MAX_MESSAGE_BYTES", "10000"},
                            {"MAX_JSON_DEPTH", "8"},
                            {"MAX_QUEUE_BYTES", "100000"},
                            {"RATE_CONNECTIONS", "11/21"},
                            {"RATE_FAILED_LOGINS", "12/22"},
                            {"RATE_JOINS", "13/23"},
                            {"RATE_EVENTS", "14/24"},
                            {"RATE_HEAVY_EVENTS", "15/25"},
                            {"RATE_ICE_CANDIDATES", "16/26"},
                            {"RATE_PEER_BYTES", "5/1000000000"},
                            {"RATE_ADDRESS_BYTES", "6/7"},
                            {"MAX_QUEUE_SECONDS", "3"},
                            {"HEADER_TIMEOUT", "2"},
                            {"BODY_TIMEOUT", "1"},
                            {"CONNECT_TIMEOUT", "9"},
                            {"TRUSTED_PROXIES", "10.0.0.5"},
                            {"DISCONNECT_EXPIRED_TOKENS", "on"}});
  EXPECT_THAT(problems_, IsEmpty());
  signaling::Options signaling;
  apply_limits(limits, signaling);
  EXPECT_THAT(signaling.trusted_proxies, ElementsAre(*AddressRange::parse("10.0.0.5")));
  EXPECT_EQ(signaling.max_connections_per_address, 6u);
  EXPECT_GT(signaling.max_sessions, 7u + signaling.max_pending_sessions);
  EXPECT_GE(signaling.max_connections, 2 * 7u);
  EXPECT_EQ(signaling.address_bytes, (Rate{6, 7}));
  EXPECT_EQ(signaling.max_payload, 10'000u);
  EXPECT_EQ(signaling.max_json_depth, 8u);
  EXPECT_EQ(signaling.max_queued_bytes, 100'000u);
  EXPECT_EQ(signaling.max_queued_time, std::chrono::seconds(3));
  EXPECT_EQ(signaling.header_timeout, std::chrono::seconds(2));
  EXPECT_EQ(signaling.body_timeout, std::chrono::seconds(1));
  EXPECT_EQ(signaling.connect_timeout, std::chrono::seconds(9));
  service::Options service;
  apply_limits(limits, service);
  EXPECT_EQ(service.max_connections, 7u);
  EXPECT_EQ(service.max_rooms, 5u);
  EXPECT_EQ(service.max_peer_to_peer_rooms, 5u);
  EXPECT_EQ(service.max_participants_per_room, 4u);
  EXPECT_EQ(service.max_peers_per_room, 3u);
  EXPECT_EQ(service.rates.connections, (Rate{11, 21}));
  EXPECT_EQ(service.rates.failed_logins, (Rate{12, 22}));
  EXPECT_EQ(service.rates.joins, (Rate{13, 23}));
  EXPECT_EQ(service.rates.events, (Rate{14, 24}));
  EXPECT_EQ(service.rates.heavy_events, (Rate{15, 25}));
  EXPECT_EQ(service.rates.ice_candidates, (Rate{16, 26}));
  EXPECT_EQ(service.rates.peer_bytes, (Rate{5, 1e9}));
  EXPECT_EQ(service.max_json_depth, 8u);
  EXPECT_TRUE(service.disconnect_expired);
}

}  // namespace
}  // namespace sfu::server
