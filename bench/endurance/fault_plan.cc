#include "endurance/fault_plan.h"

namespace sfu::endurance {
namespace {

using namespace std::chrono_literals;

struct Named {
  std::string_view name;
  FaultRule rule;
};

/// In the order of FaultKind.
constexpr std::array<Named, kFaultKinds> kRules = {{
    {"signaling reset", {12, 0s, 0s, 0s, false, false}},
    {"signaling silently gone", {10, 0s, 0s, 0s, false, false}},
    {"vanished, resumed", {8, 1s, 7s, 3s, true, true}},
    {"vanished beyond the grace", {5, 16s, 22s, 3s, true, true}},
    {"tab closed", {6, 1s, 6s, 0s, false, false}},
    {"left", {6, 1s, 6s, 0s, false, false}},
    {"ICE restart", {8, 0s, 0s, 1s, true, true}},
    {"port changed", {8, 0s, 0s, 1s, true, true}},
    {"NAT rebound", {6, 0s, 0s, 4s, true, true}},
    {"loss to the server", {8, 300ms, 2s, 2s, true, true}},
    {"loss from the server", {8, 300ms, 2s, 2s, true, true}},
    {"network out for 35 s", {2, 35s, 35s, 4s, true, true}},
    {"stops reading", {5, 2s, 8s, 3s, true, false}},
    {"garbage", {6, 1s, 3s, 0s, false, false}},
    {"UDP and TCP switched", {6, 0s, 0s, 3s, true, true}},
    {"track paused", {6, 1s, 6s, 0s, false, false}},
    {"screen shared", {6, 3s, 12s, 0s, false, false}},
    {"server stopped", {3, 100ms, 3s, 2s, true, true}},
    {"server killed", {1, 0s, 0s, 5s, true, true}},
}};

}  // namespace

std::string_view to_string(FaultKind kind) { return kRules[static_cast<std::size_t>(kind)].name; }

const FaultRule& rule_of(FaultKind kind) { return kRules[static_cast<std::size_t>(kind)].rule; }

TimeDelta FaultPlan::between(TimeDelta least, TimeDelta most) {
  const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
  return least + TimeDelta(static_cast<std::int64_t>(random_.next_u64() % span));
}

PlannedFault FaultPlan::next() {
  std::uint32_t sum = 0;
  for (const Named& named : kRules) sum += named.rule.weight;
  std::uint32_t drawn = random_.next_u32() % sum;
  std::size_t kind = 0;
  while (drawn >= kRules[kind].rule.weight) drawn -= kRules[kind++].rule.weight;
  const FaultRule& rule = kRules[kind].rule;
  PlannedFault fault;
  fault.after = between(TimeDelta(0), 2 * mean_interval_);
  fault.kind = static_cast<FaultKind>(kind);
  fault.person = random_.next_u32() % people_;
  fault.duration = between(rule.shortest, rule.longest);
  fault.seed = random_.next_u64();
  return fault;
}

}  // namespace sfu::endurance
