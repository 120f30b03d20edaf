#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "core/stats.h"

namespace sfu::service {

/// One number that a worker tells of itself, with its names: /stats and /metrics both walk the
/// table of these, so neither can lack what the other has.
struct WorkerFigure {
  using Member =
      std::variant<std::uint64_t core::WorkerStats::*, std::uint32_t core::WorkerStats::*,
                   double core::WorkerStats::*, bool core::WorkerStats::*>;
  /// A counter grows only, from the start of the process on.
  enum class Kind : std::uint8_t { Gauge, Counter };

  std::string_view json_name;
  std::string_view metric_name;
  std::string_view help;
  Kind kind;
  Member member;
  /// So many of what JSON tells make one of what the metric tells.
  double metric_unit = 1;
};
std::span<const WorkerFigure> worker_figures();

/// Why something was refused: a field of `refused` in /stats and a label in /metrics.
struct RefusalFigure {
  std::string_view reason;
  std::uint64_t core::RefusedStats::*member;
};
std::span<const RefusalFigure> refusal_figures();

}  // namespace sfu::service
