#include "service/placement.h"

#include <algorithm>
#include <cmath>

namespace sfu::service {
namespace {

/// More than any load that can be measured or expected.
constexpr double kStuck = 1e6;

}  // namespace

std::size_t Placement::choose(Timestamp now, const std::vector<std::size_t>& present) const {
  const auto is_freer = [&](std::size_t a, std::size_t b) { return load(now, a) < load(now, b); };
  std::size_t freest = 0;
  for (std::size_t i = 1; i < workers_.size(); ++i)
    if (is_freer(i, freest)) freest = i;
  if (present.empty()) return freest;
  const std::size_t at_home = *std::min_element(present.begin(), present.end(), is_freer);
  return load(now, at_home) > load(now, freest) + margin_ ? freest : at_home;
}

void Placement::expect(Timestamp now, std::size_t worker, double share) {
  State& state = workers_[worker];
  state.expected = still_expected(now, state) + share;
  state.expected_at = now;
}

double Placement::load(Timestamp now, std::size_t worker) const {
  const State& state = workers_[worker];
  const double at_least = static_cast<double>(state.people) * kShareOfPerson;
  return std::max(state.measured, at_least) + still_expected(now, state) +
         (state.is_stuck ? kStuck : 0);
}

double Placement::still_expected(Timestamp now, const State& worker) {
  if (worker.expected == 0) return 0;
  const auto age = static_cast<double>((now - worker.expected_at).count());
  return worker.expected * std::exp2(-age / static_cast<double>(kHalfLife.count()));
}

}  // namespace sfu::service
