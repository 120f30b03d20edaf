#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "load/metrics.h"
#include "load/options.h"
#include "load/results.h"

namespace sfu::load {

struct Outcome {
  std::unique_ptr<Metrics> metrics;
  Results results;
};

/// Makes a run's certificate, random numbers and clock, and runs it. The error says why it could
/// not begin; what went wrong later stands in the results.
Result<Outcome, std::string> run_load(const Options& options);

}  // namespace sfu::load
