#include "server/candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

const IpAddress kMachine[] = {ip("10.0.0.5"), ip("2001:db8::5"), ip("127.0.0.1"), ip("::1")};
const Endpoint kWildcard[] = {{ip("0.0.0.0"), 40000}};

TEST(Announce, ReplacesAWildcardByTheMachinesAddressesOfItsFamily) {
  const auto result = announce(kWildcard, std::nullopt, kMachine, false);
  EXPECT_THAT(result.candidates, ElementsAre(Endpoint{ip("10.0.0.5"), 40000}));
  EXPECT_TRUE(result.are_local);
}

TEST(Announce, AddsLoopbackForLocalClientsAndPutsItLast) {
  const auto result = announce(kWildcard, std::nullopt, kMachine, true);
  EXPECT_THAT(result.candidates,
              ElementsAre(Endpoint{ip("10.0.0.5"), 40000}, Endpoint{ip("127.0.0.1"), 40000}));
}

TEST(Announce, FallsBackToLoopbackOnAMachineWithoutANetwork) {
  const IpAddress alone[] = {ip("127.0.0.1"), ip("::1")};
  const auto result = announce(kWildcard, std::nullopt, alone, false);
  EXPECT_THAT(result.candidates, ElementsAre(Endpoint{ip("127.0.0.1"), 40000}));
}

TEST(Announce, PutsTheAnnouncedAddressOnceInPlaceOfAllOthers) {
  const Endpoint listening[] = {{ip("0.0.0.0"), 40000}, {ip("10.0.0.5"), 40000}};
  const auto result = announce(listening, ip("203.0.113.7"), kMachine, false);
  EXPECT_THAT(result.candidates, ElementsAre(Endpoint{ip("203.0.113.7"), 40000}));
  EXPECT_FALSE(result.are_local);
}

TEST(Announce, PutsTheAnnouncedAddressInPlaceOfThoseOfItsFamilyWhereThereAreAny) {
  const Endpoint listening[] = {{ip("::"), 40001}, {ip("0.0.0.0"), 40000}};
  const auto both = announce(listening, ip("203.0.113.7"), kMachine, false);
  EXPECT_THAT(both.candidates, ElementsAre(Endpoint{ip("203.0.113.7"), 40000}));
  EXPECT_FALSE(both.are_of_another_family);
  const auto other = announce(kWildcard, ip("2001:db8::7"), kMachine, false);
  EXPECT_THAT(other.candidates, ElementsAre(Endpoint{ip("2001:db8::7"), 40000}));
  EXPECT_TRUE(other.are_of_another_family);
}

TEST(Announce, KnowsAnAnnouncedAddressThatIsTheMachinesOwn) {
  EXPECT_TRUE(announce(kWildcard, ip("127.0.0.1"), kMachine, false).are_local);
}

TEST(Announce, TakesASpecificAddressAsItIs) {
  const Endpoint listening[] = {{ip("2001:db8::5"), 40001}};
  EXPECT_THAT(announce(listening, std::nullopt, kMachine, false).candidates,
              ElementsAre(listening[0]));
}

TEST(Announce, AnnouncesNothingForAFamilyThatTheMachineLacks) {
  const IpAddress v6_only[] = {ip("2001:db8::5")};
  EXPECT_THAT(announce(kWildcard, std::nullopt, v6_only, false).candidates, IsEmpty());
}

}  // namespace
}  // namespace sfu::server
