#include "endurance/fault_plan.h"

#include <gtest/gtest.h>

#include <set>

namespace sfu::endurance {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kPeople = 30;
constexpr int kFaults = 5000;

TEST(FaultPlan, IsTheSameForTheSameSeedAndAnotherForAnother) {
  FaultPlan one(7, kPeople, 3s), same(7, kPeople, 3s), other(8, kPeople, 3s);
  int differences = 0;
  for (int i = 0; i < 100; ++i) {
    const PlannedFault a = one.next(), b = same.next(), c = other.next();
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.person, b.person);
    EXPECT_EQ(a.after, b.after);
    EXPECT_EQ(a.duration, b.duration);
    EXPECT_EQ(a.seed, b.seed);
    differences += a.seed != c.seed;
  }
  EXPECT_EQ(differences, 100);
}

TEST(FaultPlan, HasEveryKindAndEverybodyWithinTheBoundsOfItsRule) {
  FaultPlan plan(1, kPeople, 3s);
  std::set<FaultKind> kinds;
  std::set<std::uint32_t> people;
  TimeDelta whole{};
  for (int i = 0; i < kFaults; ++i) {
    const PlannedFault fault = plan.next();
    const FaultRule& rule = rule_of(fault.kind);
    EXPECT_GE(fault.duration, rule.lasts.shortest);
    EXPECT_LE(fault.duration, rule.lasts.longest);
    kinds.insert(fault.kind);
    people.insert(fault.person);
    whole += fault.after;
  }
  EXPECT_EQ(kinds.size(), kFaultKinds);
  EXPECT_EQ(people.size(), kPeople);
  EXPECT_EQ(*people.rbegin(), kPeople - 1);
  EXPECT_NEAR(static_cast<double>(whole.count()) / kFaults, 3e6, 0.15e6);
}

TEST(FaultPlan, NamesEachKindByAnotherName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFaultKinds; ++i) names.insert(to_string(static_cast<FaultKind>(i)));
  EXPECT_EQ(names.size(), kFaultKinds);
}

}  // namespace
}  // namespace sfu::endurance
