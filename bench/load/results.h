#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/metrics.h"
#include "load/options.h"
#include "load/server_usage.h"
#include "load/stream_verifier.h"

namespace sfu::load {

/// One measured window.
struct WindowResult {
  double seconds = 0;
  double speed = 1;            // Of the publishers, see --max-rate.
  std::uint64_t expected = 0;  // Packets that viewers had to get of what was sent in the window.
  std::uint64_t received = 0;  // Those that they got and verified.
  std::uint64_t lost = 0;
  std::uint64_t late = 0;      // Of all received: out of order, or sent again.
  std::uint64_t verified = 0;  // Verified while the window was open; CPU time is divided by these.
  std::uint64_t own_overflows = 0;  // Datagrams lost by sockets of this process.
  ServerUsage used;                 // By the server while the window was open.
  Nanoseconds own_cpu{};

  double packets_each_second() const;
  double server_cpu_us_each_packet() const;
  double server_softirq_us_each_packet() const;
  double own_load() const;  // Share of a core.
};

/// Everything that is known at the end.
struct Results {
  std::size_t participants = 0;
  std::size_t joined = 0;
  std::size_t consumers = 0;
  std::vector<std::string> failures;  // A few of them, in words.
  std::size_t failure_count = 0;
  std::optional<srtp::Profile> profile;
  WindowResult window;
  std::vector<WindowResult> steps;  // Of --max-rate, in order.
  std::string limit;                // Why --max-rate ended.
  StreamVerifier::Counters streams;
  std::uint64_t undecryptable = 0;
  Histogram jitter;
  Histogram longest_gap;  // One for each stream of each viewer.
  std::uint64_t memory_before = 0;
  std::uint64_t memory_joined = 0;
  std::uint64_t memory_end = 0;

  /// What does not hold of what must, in words; empty is good.
  std::vector<std::string> unmet(const Options& options, const Metrics& metrics) const;
};

/// Of a voice all packets count as a delta frame's do.
const Histogram& judged_latency(const Options& options, const Metrics& metrics);

void print_table(const Options& options, const Metrics& metrics, const Results& results);
/// False where the file cannot be written.
bool write_json(const Options& options, const Metrics& metrics, const Results& results);

}  // namespace sfu::load
