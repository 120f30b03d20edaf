#include "service/worker_figures.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <set>
#include <string>

#include "service/metrics.h"
#include "service/stats_json.h"

namespace sfu::service {
namespace {

/// Every field with a number of its own. A field more than these does not compile: it is to be
/// given a number here, and to be looked for in what is compared below.
core::WorkerStats with_a_number_of_its_own_in_each_field() {
  core::WorkerStats stats;
  auto& [ciphers, packets_received, bytes_received, packets_sent, bytes_sent, packets_dropped,
         refused, transports_at_fault, packet_buffer_bytes, packet_buffers_in_use, link_packets,
         link_packets_dropped, loop_load, media_packets_sent, padding_bytes_sent, wake_ups, flushes,
         flushes_held, held_us, receive_calls, receive_overflows, send_calls, send_groups,
         send_failed, segmentation, segmentation_refused, tcp_connections, tcp_accepted,
         tcp_refused, tcp_packets_received, tcp_packets_sent, tcp_packets_dropped, routers,
         transports, producers, consumers, turns, user_time_us, system_time_us, max_rss_kb] = stats;
  ciphers = "libipsec-mb 1.3.0 (AVX512)";
  packets_received = 101, bytes_received = 102, packets_sent = 103, bytes_sent = 104;
  packets_dropped = 105;
  auto& [strangers, stun, dtls, srtp, malformed, streams, floods] = refused;
  strangers = 201, stun = 202, dtls = 203, srtp = 204, malformed = 205, streams = 206, floods = 207;
  transports_at_fault = 106, packet_buffer_bytes = 107, packet_buffers_in_use = 108;
  link_packets = 109, link_packets_dropped = 110, loop_load = 0.25;
  media_packets_sent = 111, padding_bytes_sent = 112, wake_ups = 113, flushes = 114;
  flushes_held = 115, held_us = 1'500'000, receive_calls = 117, receive_overflows = 118;
  send_calls = 119, send_groups = 120, send_failed = 121, segmentation = true;
  segmentation_refused = 122, tcp_connections = 123, tcp_accepted = 124, tcp_refused = 125;
  tcp_packets_received = 126, tcp_packets_sent = 127, tcp_packets_dropped = 128;
  routers = 129, transports = 130, producers = 131, consumers = 132;
  turns.add(std::chrono::milliseconds(2));
  user_time_us = 7'500'000, system_time_us = 8'250'000, max_rss_kb = 133;
  return stats;
}

TEST(WorkerFigures, EachStandsUnderItsOwnNameInStats) {
  json::value expected = json::parse(R"json({
    "index": 3, "responding": true,
    "resourceUsage": {"ru_utime": 7500, "ru_stime": 8250, "ru_maxrss": 133},
    "ciphers": "libipsec-mb 1.3.0 (AVX512)",
    "refused": {"strangers": 201, "stun": 202, "dtls": 203, "srtp": 204, "malformed": 205,
                "streams": 206, "floods": 207},
    "routers": 129, "transports": 130, "producers": 131, "consumers": 132,
    "packetsReceived": 101, "bytesReceived": 102, "packetsSent": 103, "bytesSent": 104,
    "packetsDropped": 105,
    "tcpConnections": 123, "tcpAccepted": 124, "tcpRefused": 125,
    "tcpPacketsReceived": 126, "tcpPacketsSent": 127, "tcpPacketsDropped": 128,
    "transportsAtFault": 106, "packetBufferBytes": 107, "packetBuffersInUse": 108,
    "linkPackets": 109, "linkPacketsDropped": 110, "loopLoad": 0.25,
    "mediaPacketsSent": 111, "paddingBytesSent": 112, "wakeUps": 113,
    "flushes": 114, "flushesHeld": 115, "heldMicroseconds": 1500000,
    "receiveCalls": 117, "receiveOverflows": 118,
    "sendCalls": 119, "sendGroups": 120, "sendFailed": 121,
    "segmentation": true, "segmentationRefused": 122})json");
  expected.as_object()["pid"] = getpid();
  const json::value told = worker_to_json(3, with_a_number_of_its_own_in_each_field());
  EXPECT_EQ(told, expected) << json::serialize(told);
}

/// The lines that hold a value, without those that explain it, in the order of their names.
std::set<std::string> values_of(const std::string& text) {
  std::set<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find('\n', from);
    if (text[from] != '#') lines.insert(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

TEST(WorkerFigures, EachStandsUnderItsOwnNameInMetrics) {
  Metrics metrics;
  add_worker_metrics(metrics, 3, with_a_number_of_its_own_in_each_field());
  std::set<std::string> expected;
  for (const char* line : {
           R"(up{worker="3"} 1)",
           R"(routers{worker="3"} 129)",
           R"(transports{worker="3"} 130)",
           R"(producers{worker="3"} 131)",
           R"(consumers{worker="3"} 132)",
           R"(received_packets_total{worker="3"} 101)",
           R"(received_bytes_total{worker="3"} 102)",
           R"(sent_packets_total{worker="3"} 103)",
           R"(sent_bytes_total{worker="3"} 104)",
           R"(dropped_packets_total{worker="3"} 105)",
           R"(refused_packets_total{worker="3",reason="strangers"} 201)",
           R"(refused_packets_total{worker="3",reason="stun"} 202)",
           R"(refused_packets_total{worker="3",reason="dtls"} 203)",
           R"(refused_packets_total{worker="3",reason="srtp"} 204)",
           R"(refused_packets_total{worker="3",reason="malformed"} 205)",
           R"(refused_packets_total{worker="3",reason="streams"} 206)",
           R"(refused_packets_total{worker="3",reason="floods"} 207)",
           R"(transports_at_fault_total{worker="3"} 106)",
           R"(packet_buffer_bytes{worker="3"} 107)",
           R"(packet_buffers_in_use{worker="3"} 108)",
           R"(link_packets_total{worker="3"} 109)",
           R"(link_dropped_packets_total{worker="3"} 110)",
           R"(load_ratio{worker="3"} 0.25)",
           R"(sent_media_packets_total{worker="3"} 111)",
           R"(sent_padding_bytes_total{worker="3"} 112)",
           R"(wake_ups_total{worker="3"} 113)",
           R"(flushes_total{worker="3"} 114)",
           R"(held_flushes_total{worker="3"} 115)",
           R"(flush_held_seconds_total{worker="3"} 1.5)",
           R"(receive_calls_total{worker="3"} 117)",
           R"(receive_overflows_total{worker="3"} 118)",
           R"(send_calls_total{worker="3"} 119)",
           R"(send_groups_total{worker="3"} 120)",
           R"(send_failed_packets_total{worker="3"} 121)",
           R"(segmentation{worker="3"} 1)",
           R"(refused_groups_total{worker="3"} 122)",
           R"(tcp_connections{worker="3"} 123)",
           R"(tcp_accepted_total{worker="3"} 124)",
           R"(tcp_refused_total{worker="3"} 125)",
           R"(tcp_received_packets_total{worker="3"} 126)",
           R"(tcp_sent_packets_total{worker="3"} 127)",
           R"(tcp_dropped_packets_total{worker="3"} 128)",
           R"(cpu_seconds_total{worker="3",mode="user"} 7.5)",
           R"(cpu_seconds_total{worker="3",mode="system"} 8.25)",
           R"(turn_duration_seconds_count{worker="3"} 1)",
           R"(turn_duration_seconds_sum{worker="3"} 0.002)",
       })
    expected.insert(std::string("meetlite_sfu_worker_") + line);
  std::set<std::string> told = values_of(metrics.to_text());
  std::erase_if(told, [](const std::string& line) { return line.find("le=") != line.npos; });
  EXPECT_EQ(told, expected);
}

TEST(WorkerFigures, AMetricIsACounterWhereItsNameEndsInTotalAndNoTwoShareAName) {
  std::set<std::string_view> names;
  for (const WorkerFigure& figure : worker_figures()) {
    EXPECT_EQ(figure.kind == WorkerFigure::Kind::Counter, figure.metric_name.ends_with("_total"))
        << figure.metric_name;
    EXPECT_TRUE(names.insert(figure.json_name).second) << figure.json_name;
    EXPECT_TRUE(names.insert(figure.metric_name).second) << figure.metric_name;
  }
}

}  // namespace
}  // namespace sfu::service
