#include <boost/json.hpp>
#include <fstream>
#include <string>

#include "load/results.h"

namespace sfu::load {
namespace {

namespace json = boost::json;

constexpr double kMicroseconds = 1e3;
constexpr double kMilliseconds = 1e6;

json::object times(const Histogram& histogram, double unit) {
  const auto value = [&](Nanoseconds time) { return static_cast<double>(time.count()) / unit; };
  return {{"count", histogram.count()},
          {"mean", value(histogram.mean())},
          {"p50", value(histogram.percentile(0.5))},
          {"p90", value(histogram.percentile(0.9))},
          {"p95", value(histogram.percentile(0.95))},
          {"p99", value(histogram.percentile(0.99))},
          {"p999", value(histogram.percentile(0.999))},
          {"max", value(histogram.max())}};
}

json::array buckets(const Histogram& histogram) {
  json::array list;
  histogram.for_each_bucket([&](Nanoseconds end, std::uint64_t count) {
    list.push_back(json::array{static_cast<double>(end.count()) / kMicroseconds, count});
  });
  return list;
}

json::object window_of(const WindowResult& window, bool has_server) {
  json::object object{{"seconds", window.seconds},
                      {"speed", window.speed},
                      {"packets_per_s", window.packets_each_second()},
                      {"verified", window.verified},
                      {"expected", window.expected},
                      {"received", window.received},
                      {"lost", window.lost},
                      {"own_overflows", window.own_overflows},
                      {"own_cpu_share", window.own_load()}};
  if (!has_server) return object;
  const auto seconds = [](Nanoseconds time) { return static_cast<double>(time.count()) / 1e9; };
  object["server_cpu_s"] = seconds(window.used.cpu);
  object["server_user_s"] = seconds(window.used.user);
  object["server_system_s"] = seconds(window.used.system);
  object["core_softirq_s"] = seconds(window.used.softirq);
  object["cpu_us_per_packet"] = window.server_cpu_us_each_packet();
  object["softirq_us_per_packet"] = window.server_softirq_us_each_packet();
  return object;
}

json::object shape_of(const LoadShape& shape) {
  return {{"rooms", shape.rooms},
          {"publishers", shape.publishers},
          {"viewers", shape.viewers},
          {"video", shape.video},
          {"audio", shape.audio},
          {"video_kbps", shape.video_kbps},
          {"fps", shape.fps},
          {"packet_size", shape.packet_size},
          {"audio_packet_size", shape.audio_packet_size},
          {"even", shape.even},
          {"simulcast", shape.simulcast},
          {"dtx", shape.dtx},
          {"ramp_s", shape.ramp_s}};
}

json::object streams_of(const StreamVerifier::Counters& streams) {
  json::object faults;
  for (std::size_t i = 0; i < kFaults; ++i)
    faults[to_string(static_cast<Fault>(i))] = streams.faults[i];
  return {{"packets", streams.packets},
          {"late", streams.late},
          {"frames", streams.frames},
          {"key_frames", streams.key_frames},
          {"broken_frames", streams.broken_frames},
          {"never_came", streams.never_came},
          {"padding_bytes", streams.padding_bytes},
          {"padding_packets", streams.padding_packets},
          {"faults", std::move(faults)}};
}

}  // namespace

bool write_json(const Options& options, const Metrics& metrics, const Results& results) {
  const bool has_server = options.server_pid != 0;
  json::object join;
  for (std::size_t i = 0; i < kJoinSteps; ++i)
    join[to_string(static_cast<JoinStep>(i))] = times(metrics.join[i], kMilliseconds);
  json::array steps;
  for (const WindowResult& step : results.steps) steps.push_back(window_of(step, has_server));
  const auto unmet = results.unmet(options, metrics);
  json::object root{{"load", options.load},
                    {"seed", options.seed},
                    {"shape", shape_of(options.shape)},
                    {"profile", results.profile ? parameters(*results.profile).name : ""},
                    {"participants", results.participants},
                    {"joined", results.joined},
                    {"consumers", results.consumers},
                    {"failures", json::value_from(results.failures)},
                    {"window", window_of(results.window, has_server)},
                    {"latency_us", times(metrics.latency, kMicroseconds)},
                    {"delta_latency_us", times(metrics.delta_latency, kMicroseconds)},
                    {"latency_buckets_us", buckets(metrics.latency)},
                    {"delta_latency_buckets_us", buckets(metrics.delta_latency)},
                    {"jitter_us", times(results.jitter, kMicroseconds)},
                    {"longest_gap_ms", times(results.longest_gap, kMilliseconds)},
                    {"streams", streams_of(results.streams)},
                    {"undecryptable", results.undecryptable},
                    {"unknown_streams", metrics.unknown_streams},
                    {"probation_packets", metrics.probation_packets},
                    {"join_ms", std::move(join)},
                    {"answers_ms", times(metrics.answers, kMilliseconds)},
                    {"answers_over_200_ms", metrics.slow_answers},
                    {"first_packet_ms", times(metrics.first_packet, kMilliseconds)},
                    {"first_key_frame_ms", times(metrics.first_key_frame, kMilliseconds)},
                    {"read_delay_us", times(metrics.read_delay, kMicroseconds)},
                    {"key_frame_requests", metrics.key_frame_requests},
                    {"nacks_sent", metrics.nacks_sent},
                    {"nacks_received", metrics.nacks_received},
                    {"retransmitted", metrics.retransmitted},
                    {"feedback_sent", metrics.feedback_sent},
                    {"met", unmet.empty()},
                    {"unmet", json::value_from(unmet)}};
  if (has_server)
    root["memory_bytes"] = json::object{{"before", results.memory_before},
                                        {"joined", results.memory_joined},
                                        {"end", results.memory_end}};
  if (!steps.empty()) {
    root["steps"] = std::move(steps);
    root["limit"] = results.limit;
  }
  std::ofstream file(options.json_file);
  file << json::serialize(root) << '\n';
  return static_cast<bool>(file.flush());
}

}  // namespace sfu::load
