#include "load/results.h"

#include <algorithm>
#include <cstdio>

namespace sfu::load {
namespace {

double microseconds(Nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }
double milliseconds(Nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

template <class... Values>
std::string format(const char* text, Values... values) {
  std::array<char, 300> buffer;
  std::snprintf(buffer.data(), buffer.size(), text, values...);
  return buffer.data();
}

double each_packet_us(Nanoseconds time, std::uint64_t packets) {
  return packets == 0 ? 0 : microseconds(time) / static_cast<double>(packets);
}

}  // namespace

double WindowResult::packets_each_second() const {
  return seconds <= 0 ? 0 : static_cast<double>(verified) / seconds;
}
double WindowResult::server_cpu_us_each_packet() const {
  return each_packet_us(used.cpu, verified);
}
double WindowResult::server_softirq_us_each_packet() const {
  return each_packet_us(used.softirq, verified);
}
double WindowResult::own_load() const {
  return seconds <= 0 ? 0 : static_cast<double>(own_cpu.count()) / 1e9 / seconds;
}

const Histogram& judged_latency(const Options& options, const Metrics& metrics) {
  return options.shape.video ? metrics.delta_latency : metrics.latency;
}

std::vector<std::string> Results::unmet(const Options& options, const Metrics& metrics) const {
  std::vector<std::string> unmet;
  const auto require = [&](bool holds, std::string text) {
    if (!holds) unmet.push_back(std::move(text));
  };
  const auto require_at_most = [&](std::optional<double> most, double is, const char* what,
                                   const char* unit) {
    if (most) require(is <= *most, format("%s is %.3f %s, more than %.3f", what, is, unit, *most));
  };
  require(joined == participants && failure_count == 0,
          format("%zu of %zu joined, %zu failed", joined, participants, failure_count));
  require(window.received != 0, "no packet was received");
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    // The last steps of a search lose thousands of packets in a row.
    if (options.max_rate && fault == Fault::SequenceJump) continue;
    require(streams.faults[i] == 0, format("%s: %llu", std::string(to_string(fault)).c_str(),
                                           static_cast<unsigned long long>(streams.faults[i])));
  }
  require(undecryptable == 0, format("%llu packets could not be decrypted",
                                     static_cast<unsigned long long>(undecryptable)));
  require(metrics.unknown_streams == 0,
          format("%llu packets of streams that nobody announced",
                 static_cast<unsigned long long>(metrics.unknown_streams)));

  const Expectations& expect = options.expect;
  if (expect.loss)
    require(window.lost <= *expect.loss,
            format("%llu packets were lost", static_cast<unsigned long long>(window.lost)));
  const Histogram& latency = judged_latency(options, metrics);
  require_at_most(expect.p50_us, microseconds(latency.percentile(0.5)), "median latency", "us");
  require_at_most(expect.p99_us, microseconds(latency.percentile(0.99)), "99 % latency", "us");
  require_at_most(expect.cpu_us, window.server_cpu_us_each_packet(), "CPU for each packet", "us");
  const Histogram& server_time = metrics.join[static_cast<std::size_t>(JoinStep::ServerTime)];
  require_at_most(expect.join_p50_ms, milliseconds(server_time.percentile(0.5)),
                  "median server time of a join", "ms");
  require_at_most(expect.answer_p99_ms, milliseconds(metrics.answers.percentile(0.99)),
                  "99 % of answers", "ms");
  require_at_most(expect.gap_ms, milliseconds(longest_gap.max()), "longest gap", "ms");
  if (expect.rate)
    require(window.packets_each_second() >= *expect.rate,
            format("%.0f packets/s, fewer than %.0f", window.packets_each_second(), *expect.rate));
  return unmet;
}

}  // namespace sfu::load
