#include "base/address_range.h"

#include <gtest/gtest.h>

namespace sfu {
namespace {

bool contains(const char* range, const char* address) {
  const auto parsed = AddressRange::parse(range);
  EXPECT_TRUE(parsed) << range;
  return parsed && parsed->contains(*IpAddress::parse(address));
}

TEST(AddressRange, HoldsWhatSharesItsFirstBitsAndNothingElse) {
  EXPECT_TRUE(contains("192.0.2.0/24", "192.0.2.0"));
  EXPECT_TRUE(contains("192.0.2.0/24", "192.0.2.255"));
  EXPECT_FALSE(contains("192.0.2.0/24", "192.0.3.0"));
  EXPECT_TRUE(contains("192.0.2.77/24", "192.0.2.1"));
  EXPECT_TRUE(contains("10.0.0.0/9", "10.127.255.255"));
  EXPECT_FALSE(contains("10.0.0.0/9", "10.128.0.0"));
  EXPECT_TRUE(contains("10.1.2.3/32", "10.1.2.3"));
  EXPECT_FALSE(contains("10.1.2.3/31", "10.1.2.4"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(AddressRange, WithoutALengthIsOneAddress) {
  EXPECT_TRUE(contains("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(contains("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(contains("::1", "::1"));
  EXPECT_FALSE(contains("::1", "::2"));
}

TEST(AddressRange, AllOfIPv4IsNothingOfIPv6) {
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_TRUE(contains("::ffff:192.0.2.0/120", "192.0.2.9"));
}

TEST(AddressRange, IsNothingElse) {
  for (const char* text :
       {"", "/", "/8", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/8x", "192.0.2/24",
        "::/129", "example.org", "192.0.2.0/24/24", " 192.0.2.0/24", "192.0.2.0 /24", "[::1]/64"})
    EXPECT_FALSE(AddressRange::parse(text)) << text;
}

TEST(HostOf, AnAddressOfIPv4IsItsOwnAndOneOfIPv6SharesItsFirst64Bits) {
  const auto host = [](const char* text) { return host_of(*IpAddress::parse(text)); };
  EXPECT_EQ(host("192.0.2.1"), *IpAddress::parse("192.0.2.1"));
  EXPECT_NE(host("192.0.2.1"), host("192.0.2.2"));
  EXPECT_EQ(host("2001:db8:0:1::1"), host("2001:db8:0:1:ffff::2"));
  EXPECT_NE(host("2001:db8:0:1::1"), host("2001:db8:0:2::1"));
}

}  // namespace
}  // namespace sfu
