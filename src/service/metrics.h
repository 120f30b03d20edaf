#pragma once

#include <prometheus/metric_family.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration_histogram.h"
#include "core/stats.h"
#include "service/service_counters.h"

namespace sfu::service {

/// Families of metrics for Prometheus, in the order in which they were first named.
class Metrics {
 public:
  struct Label {
    std::string_view name;
    std::string value;
  };
  using Labels = std::vector<Label>;

  /// Grows only, from the start of the process on: its name ends in "_total".
  void counter(std::string_view name, std::string_view help, double value, Labels labels = {});
  void gauge(std::string_view name, std::string_view help, double value, Labels labels = {});
  /// In seconds, as its name says.
  void histogram(std::string_view name, std::string_view help, const DurationHistogram& durations,
                 Labels labels = {});

  /// The text format that Prometheus scrapes.
  std::string to_text() const;

 private:
  prometheus::ClientMetric& add(std::string_view name, std::string_view help,
                                prometheus::MetricType type, Labels labels);

  std::vector<prometheus::MetricFamily> families_;
};

/// Of the whole process, under the names that every Prometheus client has.
void add_process_metrics(Metrics& metrics);
/// One worker's; those of one that does not answer are absent, but for `worker_up`.
void add_worker_metrics(Metrics& metrics, std::size_t index,
                        const std::optional<core::WorkerStats>& stats);
void add_request_metrics(Metrics& metrics, const ServiceCounters& counters);

}  // namespace sfu::service
