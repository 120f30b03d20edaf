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
    {"signaling reset", {.weight = 12}},
    {"signaling silently gone", {.weight = 10}},
    {"vanished, resumed",
     {.weight = 8, .lasts = {1s, 7s}, .recovery = 3s, .touched = Touched::All}},
    {"vanished beyond the grace",
     {.weight = 5, .lasts = {16s, 22s}, .recovery = 3s, .touched = Touched::All}},
    {"tab closed", {.weight = 6, .lasts = {1s, 6s}}},
    {"left", {.weight = 6, .lasts = {1s, 6s}}},
    {"ICE restart", {.weight = 8, .recovery = 1s, .touched = Touched::All}},
    {"port changed", {.weight = 8, .recovery = 1s, .touched = Touched::All}},
    {"NAT rebound", {.weight = 6, .recovery = 4s, .touched = Touched::All}},
    {"loss to the server",
     {.weight = 8, .lasts = {300ms, 2s}, .recovery = 2s, .touched = Touched::All}},
    {"loss from the server",
     {.weight = 8, .lasts = {300ms, 2s}, .recovery = 2s, .touched = Touched::All}},
    {"network out for 35 s",
     {.weight = 2, .lasts = {35s, 35s}, .recovery = 4s, .touched = Touched::All}},
    {"stops reading",
     {.weight = 5, .lasts = {2s, 8s}, .recovery = 3s, .touched = Touched::Viewing}},
    {"garbage", {.weight = 6, .lasts = {1s, 3s}}},
    {"UDP and TCP switched", {.weight = 6, .recovery = 3s, .touched = Touched::All}},
    {"track paused", {.weight = 6, .lasts = {1s, 6s}}},
    {"screen shared", {.weight = 6, .lasts = {3s, 12s}}},
    {"server stopped",
     {.weight = 3, .lasts = {100ms, 3s}, .recovery = 2s, .touched = Touched::All}},
    {"server killed", {.weight = 1, .recovery = 5s, .touched = Touched::All}},
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
  fault.duration = between(rule.lasts.shortest, rule.lasts.longest);
  fault.seed = random_.next_u64();
  return fault;
}

}  // namespace sfu::endurance
