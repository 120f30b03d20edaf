#include "service/metrics.h"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <utility>
#include <variant>

#include "service/worker_figures.h"

namespace sfu::service {
namespace {

double to_seconds(TimeDelta span) { return std::chrono::duration<double>(span).count(); }
double to_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

/// Since 1970, as the kernel has it: the same each time that it is asked.
std::optional<double> start_time_seconds() {
  double booted = 0;
  std::ifstream machine("/proc/stat");
  for (std::string word; machine >> word;)
    if (word == "btime") machine >> booted;
  std::ifstream process("/proc/self/stat");
  std::string fields;
  std::getline(process, fields);
  // The program's name, in parentheses, may hold anything.
  const auto name_end = fields.rfind(')');
  if (booted == 0 || name_end == std::string::npos) return std::nullopt;
  constexpr int kFieldsBefore = 19;  // From the state on to starttime, proc(5).
  std::istringstream rest(fields.substr(name_end + 1));
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) rest >> skipped;
  double ticks = 0;
  rest >> ticks;
  return booted + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

prometheus::ClientMetric& Metrics::add(std::string_view name, std::string_view help,
                                       prometheus::MetricType type, Labels labels) {
  auto family = std::ranges::find(families_, name, &prometheus::MetricFamily::name);
  if (family == families_.end()) {
    families_.push_back({std::string(name), std::string(help), type, {}});
    family = std::prev(families_.end());
  }
  prometheus::ClientMetric& metric = family->metric.emplace_back();
  for (Label& label : labels)
    metric.label.push_back({std::string(label.name), std::move(label.value)});
  return metric;
}

void Metrics::counter(std::string_view name, std::string_view help, double value, Labels labels) {
  add(name, help, prometheus::MetricType::Counter, std::move(labels)).counter.value = value;
}

void Metrics::gauge(std::string_view name, std::string_view help, double value, Labels labels) {
  add(name, help, prometheus::MetricType::Gauge, std::move(labels)).gauge.value = value;
}

void Metrics::histogram(std::string_view name, std::string_view help,
                        const DurationHistogram& durations, Labels labels) {
  auto& histogram = add(name, help, prometheus::MetricType::Histogram, std::move(labels)).histogram;
  constexpr auto& kBounds = DurationHistogram::kBounds;
  for (std::size_t bucket = 0; bucket <= kBounds.size(); ++bucket) {
    histogram.sample_count += durations.count(bucket);
    if (bucket < kBounds.size())
      histogram.bucket.push_back({histogram.sample_count, to_seconds(kBounds[bucket])});
  }
  histogram.sample_sum = to_seconds(durations.sum());
}

std::string Metrics::to_text() const {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families_);
  return text.str();
}

void add_process_metrics(Metrics& metrics) {
  if (const auto start = start_time_seconds())
    metrics.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.",
                  *start);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  metrics.counter("process_cpu_seconds_total", "Processor time of all threads.",
                  to_seconds(usage.ru_utime) + to_seconds(usage.ru_stime));
  std::size_t pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  metrics.gauge("process_virtual_memory_bytes", "Memory that is mapped.",
                static_cast<double>(pages) * page_bytes);
  metrics.gauge("process_resident_memory_bytes", "Memory that is in use.",
                static_cast<double>(resident_pages) * page_bytes);
  std::error_code error;
  std::filesystem::directory_iterator descriptors("/proc/self/fd", error);
  if (!error)
    metrics.gauge("process_open_fds", "Descriptors that are open.",
                  static_cast<double>(std::distance(begin(descriptors), end(descriptors))));
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  metrics.gauge("process_max_fds", "Descriptors that may be open.",
                static_cast<double>(limit.rlim_cur));
}

void add_worker_metrics(Metrics& metrics, std::size_t index,
                        const std::optional<core::WorkerStats>& stats) {
  const Metrics::Labels labels = {{"worker", std::to_string(index)}};
  metrics.gauge("meetlite_sfu_worker_up", "1 where the media worker answers, 0 where it is stuck.",
                stats ? 1 : 0, labels);
  if (!stats) return;
  for (const WorkerFigure& figure : worker_figures()) {
    const double value =
        std::visit([&](auto member) { return static_cast<double>((*stats).*member); },
                   figure.member) /
        figure.metric_unit;
    const auto add =
        figure.kind == WorkerFigure::Kind::Counter ? &Metrics::counter : &Metrics::gauge;
    (metrics.*add)(figure.metric_name, figure.help, value, labels);
  }
  for (const RefusalFigure& figure : refusal_figures())
    metrics.counter("meetlite_sfu_worker_refused_packets_total",
                    "What peers sent that was refused, by what was wrong with it.",
                    static_cast<double>(stats->refused.*figure.member),
                    {{"worker", std::to_string(index)}, {"reason", std::string(figure.reason)}});
  const auto cpu = [&](const char* mode, std::int64_t time_us) {
    metrics.counter("meetlite_sfu_worker_cpu_seconds_total", "Processor time of the thread.",
                    static_cast<double>(time_us) / 1e6,
                    {{"worker", std::to_string(index)}, {"mode", mode}});
  };
  cpu("user", stats->user_time_us);
  cpu("system", stats->system_time_us);
  metrics.histogram("meetlite_sfu_worker_turn_duration_seconds",
                    "What one turn of the loop took, without its waiting.", stats->turns, labels);
}

void add_request_metrics(Metrics& metrics, const ServiceCounters& counters) {
  for (const auto& [code, count] : counters.refused_connections())
    metrics.counter("meetlite_sfu_refused_connections_total",
                    "Connections that were not let in, by the code that they were told.",
                    static_cast<double>(count), {{"code", std::string(to_string(code))}});
  for (const auto& [what, count] : counters.failures())
    metrics.counter(
        "meetlite_sfu_failed_requests_total",
        "Requests that failed, by event and the code of the answer.", static_cast<double>(count),
        {{"event", std::string(what.first)}, {"code", std::string(to_string(what.second))}});
  for (const auto& [event, durations] : counters.requests())
    metrics.histogram("meetlite_sfu_request_duration_seconds",
                      "From a request's turn to its answer, by event.", durations,
                      {{"event", std::string(event)}});
}

}  // namespace sfu::service
