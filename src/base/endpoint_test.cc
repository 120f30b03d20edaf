#include "base/endpoint.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace sfu {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, PrintsWhatItRead) {
  for (const std::string_view text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1:2:3:4"})
    EXPECT_EQ(ip(text).to_string(), text);
}

TEST(IpAddress, RefusesWhatIsNotOne) {
  for (const std::string_view text :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", " 1.2.3.4", "1.2.3.4 ",
        "1.2.3.4:80", "[::1]", "::1%eth0", ":::", "1::2::3", "12345::"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, IsTheSamePeerMappedOrNot) {
  EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
  EXPECT_EQ(ip("::ffff:192.0.2.1").to_string(), "192.0.2.1");
  EXPECT_TRUE(ip("::ffff:192.0.2.1").is_v4());
  EXPECT_FALSE(ip("::192.0.2.1").is_v4());
  EXPECT_EQ(ip("192.0.2.1").v4_value(), 0xC0000201U);
  EXPECT_EQ(IpAddress::v4(0xC0000201), ip("192.0.2.1"));
}

TEST(IpAddress, KnowsTheKindsThatAreNotAnnounced) {
  struct Case {
    std::string_view text;
    bool unspecified, loopback, link_local;
  };
  for (const Case& c :
       {Case{"0.0.0.0", true, false, false}, Case{"::", true, false, false},
        Case{"127.0.0.1", false, true, false}, Case{"127.255.255.255", false, true, false},
        Case{"128.0.0.1", false, false, false}, Case{"::1", false, true, false},
        Case{"169.254.0.1", false, false, true}, Case{"169.253.0.1", false, false, false},
        Case{"fe80::1", false, false, true}, Case{"febf::1", false, false, true},
        Case{"fec0::1", false, false, false}, Case{"192.0.2.1", false, false, false}}) {
    EXPECT_EQ(ip(c.text).is_unspecified(), c.unspecified) << c.text;
    EXPECT_EQ(ip(c.text).is_loopback(), c.loopback) << c.text;
    EXPECT_EQ(ip(c.text).is_link_local(), c.link_local) << c.text;
  }
}

TEST(Endpoint, PrintsBracketsAroundIpv6Only) {
  EXPECT_EQ((Endpoint{ip("192.0.2.1"), 3478}.to_string()), "192.0.2.1:3478");
  EXPECT_EQ((Endpoint{ip("2001:db8::1"), 65535}.to_string()), "[2001:db8::1]:65535");
}

TEST(Endpoint, HashesToFewCollisionsOverPortsAndAddresses) {
  std::unordered_set<std::size_t> hashes;
  for (std::uint32_t host = 0; host < 100; ++host)
    for (std::uint16_t port = 0; port < 100; ++port)
      hashes.insert(std::hash<Endpoint>{}({IpAddress::v4(0xC0000200 + host), port}));
  EXPECT_EQ(hashes.size(), 10'000U);
}

TEST(Path, DiffersByEitherEndAndByProtocol) {
  const Endpoint a{ip("192.0.2.1"), 1}, b{ip("192.0.2.2"), 2};
  const std::unordered_set<Path> paths = {
      {a, b}, {a, a}, {b, b}, {b, a}, {a, b, IpProtocol::Tcp}, {a, b, IpProtocol::Udp}};
  EXPECT_EQ(paths.size(), 5U);
}

}  // namespace
}  // namespace sfu
