#include "signaling/http/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfu::signaling {
namespace {

struct Case {
  const char* claim;
  const char* peer;
  std::vector<std::string> forwarded_for;  // One header each.
  const char* client;
};

class ClientAddress : public testing::TestWithParam<Case> {};

TEST_P(ClientAddress, IsTheRightmostThatIsNoTrustedProxy) {
  const std::vector<AddressRange> trusted = {*AddressRange::parse("10.0.0.0/8"),
                                             *AddressRange::parse("::1")};
  HttpHeaders headers{{"Host", "sfu.example"}};
  for (const auto& value : GetParam().forwarded_for) headers.emplace_back("X-Forwarded-For", value);
  EXPECT_EQ(client_address(*IpAddress::parse(GetParam().peer), headers, trusted).to_string(),
            GetParam().client);
}

INSTANTIATE_TEST_SUITE_P(
    Chains, ClientAddress,
    testing::Values(
        Case{"NoHeader", "10.0.0.1", {}, "10.0.0.1"},
        Case{"FromAProxy", "10.0.0.1", {"192.0.2.1"}, "192.0.2.1"},
        Case{"FromAnybodyElse", "192.0.2.9", {"203.0.113.1"}, "192.0.2.9"},
        Case{"FromLoopbackThatIsNotNamed", "127.0.0.1", {"203.0.113.1"}, "127.0.0.1"},
        Case{"ThroughTwoProxies", "10.0.0.1", {"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
        Case{"WhatTheClientInvented", "10.0.0.1", {"203.0.113.1, 192.0.2.1"}, "192.0.2.1"},
        Case{"AProxyThatTheClientInvented",
             "10.0.0.1",
             {"203.0.113.1, 10.9.9.9, 192.0.2.1"},
             "192.0.2.1"},
        Case{"OneHeaderForEachProxy",
             "10.0.0.1",
             {"203.0.113.1", "192.0.2.1", "10.0.0.2"},
             "192.0.2.1"},
        Case{"NothingButProxies", "10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
        Case{"IPv6", "::1", {"2001:db8::7"}, "2001:db8::7"},
        Case{"IPv6WithAPort", "::1", {"[2001:db8::7]:4711"}, "2001:db8::7"},
        Case{"IPv4WithAPort", "::1", {"192.0.2.1:4711"}, "192.0.2.1"},
        Case{"Unknown", "10.0.0.1", {"192.0.2.1, unknown"}, "10.0.0.1"},
        Case{"Garbage", "10.0.0.1", {",,;\x01%"}, "10.0.0.1"},
        Case{"Empty", "10.0.0.1", {""}, "10.0.0.1"},
        Case{"NoBlanks", "10.0.0.1", {"203.0.113.1,192.0.2.1"}, "192.0.2.1"},
        Case{"MappedIPv4", "::ffff:10.0.0.1", {"::ffff:192.0.2.1"}, "192.0.2.1"}),
    [](const auto& param_info) { return param_info.param.claim; });

TEST(ClientAddressWithoutProxies, IsThePeerWhateverTheHeaderSays) {
  const HttpHeaders headers{{"X-Forwarded-For", "192.0.2.1"}};
  EXPECT_EQ(client_address(*IpAddress::parse("127.0.0.1"), headers, {}).to_string(), "127.0.0.1");
}

}  // namespace
}  // namespace sfu::signaling
