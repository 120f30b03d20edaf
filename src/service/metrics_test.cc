#include "service/metrics.h"

#include <gmock/gmock.h>

#include <string>

namespace sfu::service {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, OfOneNameAreOneFamilyWhateverCameBetween) {
  Metrics metrics;
  metrics.counter("packets_total", "Packets.", 1, {{"worker", "0"}});
  metrics.gauge("rooms", "Rooms.", 2);
  metrics.counter("packets_total", "Packets.", 3, {{"worker", "1"}});
  EXPECT_EQ(metrics.to_text(),
            "# HELP packets_total Packets.\n"
            "# TYPE packets_total counter\n"
            "packets_total{worker=\"0\"} 1\n"
            "packets_total{worker=\"1\"} 3\n"
            "# HELP rooms Rooms.\n"
            "# TYPE rooms gauge\n"
            "rooms 2\n");
}

TEST(Metrics, AHistogramCountsUpwards) {
  DurationHistogram durations;
  durations.add(std::chrono::microseconds(50));
  durations.add(std::chrono::milliseconds(2));
  durations.add(std::chrono::seconds(60));
  Metrics metrics;
  metrics.histogram("turn_seconds", "Turns.", durations);
  const std::string text = metrics.to_text();
  EXPECT_THAT(text, HasSubstr("turn_seconds_bucket{le=\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("turn_seconds_bucket{le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("turn_seconds_bucket{le=\"0.003\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("turn_seconds_bucket{le=\"10\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("turn_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("turn_seconds_count 3\n"));
  EXPECT_THAT(text, HasSubstr("turn_seconds_sum 60.00205\n"));
}

TEST(Metrics, AWorkerThatDoesNotAnswerIsDownAndTellsNothingElse) {
  Metrics metrics;
  core::WorkerStats stats;
  stats.packets_sent = 7;
  add_worker_metrics(metrics, 0, stats);
  add_worker_metrics(metrics, 1, std::nullopt);
  const std::string text = metrics.to_text();
  EXPECT_THAT(text, HasSubstr("meetlite_sfu_worker_up{worker=\"0\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("meetlite_sfu_worker_up{worker=\"1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("meetlite_sfu_worker_sent_packets_total{worker=\"0\"} 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("sent_packets_total{worker=\"1\"")));
}

TEST(Metrics, OfRequestsAreLabelledByTablesOfTheProgramAlone) {
  ServiceCounters counters;
  const Failure failure{ErrorCode::NotFound, "a text that a client chose"};
  counters.note_request(find_request("join-room"), std::chrono::milliseconds(2), nullptr);
  counters.note_request(find_request("pause-producer"), std::chrono::milliseconds(1), &failure);
  for (int i = 0; i < 3; ++i)
    counters.note_request(nullptr, std::chrono::milliseconds(1), &failure);
  counters.note_refused_connection(ErrorCode::TokenExpired);
  Metrics metrics;
  add_request_metrics(metrics, counters);
  const std::string text = metrics.to_text();
  EXPECT_THAT(text, HasSubstr("duration_seconds_count{event=\"join-room\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("duration_seconds_count{event=\"unknown\"} 3\n"));
  EXPECT_THAT(text,
              HasSubstr("failed_requests_total{event=\"pause-producer\",code=\"not_found\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("refused_connections_total{code=\"token_expired\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("chose")));
}

}  // namespace
}  // namespace sfu::service
