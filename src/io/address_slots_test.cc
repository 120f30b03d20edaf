#include "io/address_slots.h"

#include <gtest/gtest.h>

namespace sfu::io {
namespace {

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

TEST(AddressSlots, AnAddressHasSoManyAndNoMoreUntilOneIsGivenBack) {
  AddressSlots slots(2, {});
  auto one = slots.take(ip("192.0.2.1"));
  {
    const auto two = slots.take(ip("192.0.2.1"));
    EXPECT_TRUE(one && two);
    EXPECT_FALSE(slots.take(ip("192.0.2.1")));
    EXPECT_TRUE(slots.take(ip("192.0.2.2")));
  }
  EXPECT_TRUE(slots.take(ip("192.0.2.1")));
}

TEST(AddressSlots, AMovedOneIsGivenBackOnce) {
  AddressSlots slots(1, {});
  {
    auto first = slots.take(ip("192.0.2.1"));
    const AddressSlot second(std::move(*first));
    first.reset();
    EXPECT_FALSE(slots.take(ip("192.0.2.1")));
  }
  EXPECT_TRUE(slots.take(ip("192.0.2.1")));
}

TEST(AddressSlots, AddressesOfOneIPv6NetworkShareTheirs) {
  AddressSlots slots(1, {});
  const auto one = slots.take(ip("2001:db8::1"));
  EXPECT_FALSE(slots.take(ip("2001:db8::2")));
  EXPECT_TRUE(slots.take(ip("2001:db8:0:1::1")));
}

TEST(AddressSlots, AProxyIsNotBounded) {
  AddressSlots slots(1, {*AddressRange::parse("10.0.0.0/8")});
  std::vector<AddressSlot> taken;
  for (int i = 0; i < 100; ++i) {
    auto slot = slots.take(ip("10.0.0.1"));
    ASSERT_TRUE(slot);
    taken.push_back(std::move(*slot));
  }
  EXPECT_EQ(slots.size(), 0u);
}

TEST(AddressSlots, NothingIsKeptOfAddressesThatAreGone) {
  AddressSlots slots(1, {});
  for (std::uint32_t i = 0; i < 1000; ++i) EXPECT_TRUE(slots.take(IpAddress::v4(i)));
  EXPECT_EQ(slots.size(), 0u);
}

}  // namespace
}  // namespace sfu::io
