#include <cstdio>
#include <string>

#include "load/results.h"

namespace sfu::load {
namespace {

using Big = unsigned long long;

double us(Nanoseconds time) { return static_cast<double>(time.count()) / 1e3; }
double mb(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

void print_times(const char* name, const char* unit, double scale, const Histogram& times) {
  const auto value = [&](Nanoseconds time) { return static_cast<double>(time.count()) / scale; };
  if (times.count() == 0) return;
  std::printf("  %-26s p50 %9.2f  p95 %9.2f  p99 %9.2f  max %9.2f %s  (%llu)\n", name,
              value(times.percentile(0.5)), value(times.percentile(0.95)),
              value(times.percentile(0.99)), value(times.max()), unit,
              static_cast<Big>(times.count()));
}

void print_packets(const Results& results) {
  const WindowResult& window = results.window;
  std::printf("packets\n");
  std::printf("  %-26s %.0f each second, %llu in %.1f s\n", "verified",
              window.packets_each_second(), static_cast<Big>(window.verified), window.seconds);
  std::printf("  %-26s %llu of %llu (%llu datagrams dropped by this tool's own sockets)\n", "lost",
              static_cast<Big>(window.lost), static_cast<Big>(window.expected),
              static_cast<Big>(window.own_overflows));
  std::printf("  %-26s %llu\n", "late or sent again", static_cast<Big>(results.streams.late));
  std::printf("  %-26s %llu complete (%llu key frames), %llu broken\n", "frames",
              static_cast<Big>(results.streams.frames),
              static_cast<Big>(results.streams.key_frames),
              static_cast<Big>(results.streams.broken_frames));
  std::printf("  %-26s %llu bytes, %llu packets of nothing else\n", "padding",
              static_cast<Big>(results.streams.padding_bytes),
              static_cast<Big>(results.streams.padding_packets));
}

void print_server(const Options& options, const Results& results) {
  if (options.server_pid == 0) return;
  const WindowResult& window = results.window;
  std::printf("server\n");
  std::printf("  %-26s %.3f us for each packet: %.2f s in %.1f s (user %.2f s, system %.2f s)\n",
              "CPU", window.server_cpu_us_each_packet(), us(window.used.cpu) / 1e6, window.seconds,
              us(window.used.user) / 1e6, us(window.used.system) / 1e6);
  if (options.server_core >= 0)
    std::printf(
        "  %-26s %.3f us for each packet (a part of the above, unless this kernel accounts "
        "interrupts apart)\n",
        "softirq of its core", window.server_softirq_us_each_packet());
  std::printf("  %-26s %.1f MB before, %.1f MB when all had joined, %.1f MB at the end\n", "memory",
              mb(results.memory_before), mb(results.memory_joined), mb(results.memory_end));
}

void print_steps(const Results& results) {
  if (results.steps.empty()) return;
  std::printf("rate\n");
  for (const WindowResult& step : results.steps)
    std::printf("  %10.0f packets/s  lost %-8llu this tool %3.0f %% of a core\n",
                step.packets_each_second(), static_cast<Big>(step.lost), step.own_load() * 100);
  std::printf("  highest without loss: %.0f packets/s; ended because %s\n",
              results.window.packets_each_second(), results.limit.c_str());
}

}  // namespace

void print_table(const Options& options, const Metrics& metrics, const Results& results) {
  const LoadShape& shape = options.shape;
  std::printf(
      "\nload %s: %d room%s of %d publisher%s x %d viewer%s, %s, %s\n", options.load.c_str(),
      shape.rooms, shape.rooms == 1 ? "" : "s", shape.publishers, shape.publishers == 1 ? "" : "s",
      shape.viewers, shape.viewers == 1 ? "" : "s",
      shape.video ? (shape.audio ? "video and audio" : "video") : "audio",
      results.profile ? std::string(parameters(*results.profile).name).c_str() : "not connected");
  print_packets(results);
  std::printf("one-way latency, arrival by the kernel's clock\n");
  print_times("all", "us", 1e3, metrics.latency);
  print_times("delta frames", "us", 1e3, metrics.delta_latency);
  print_times("jitter (RFC 3550)", "us", 1e3, results.jitter);
  print_times("longest gap", "ms", 1e6, results.longest_gap);
  std::printf("joining\n");
  std::printf("  %-26s %zu of %zu, %zu consumers\n", "joined", results.joined, results.participants,
              results.consumers);
  for (std::size_t i = 0; i < kJoinSteps; ++i)
    print_times(std::string(to_string(static_cast<JoinStep>(i))).c_str(), "ms", 1e6,
                metrics.join[i]);
  print_times("all answers", "ms", 1e6, metrics.answers);
  std::printf("  %-26s %llu\n", "answers over 200 ms", static_cast<Big>(metrics.slow_answers));
  print_times("join to first packet", "ms", 1e6, metrics.first_packet);
  print_times("join to first key frame", "ms", 1e6, metrics.first_key_frame);
  print_server(options, results);
  std::printf("this tool\n");
  std::printf("  %-26s %.0f %% of a core\n", "CPU", results.window.own_load() * 100);
  print_times("arrival to reading", "us", 1e3, metrics.read_delay);
  print_steps(results);
  for (const std::string& failure : results.failures) std::printf("failure: %s\n", failure.c_str());
  const auto unmet = results.unmet(options, metrics);
  for (const std::string& text : unmet) std::printf("NOT MET: %s\n", text.c_str());
  if (unmet.empty()) std::printf("met: everybody joined, everything was verified\n");
}

}  // namespace sfu::load
