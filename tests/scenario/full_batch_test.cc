#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/collecting_sink_for_test.h"
#include "rtcp/packet.h"
#include "sim/conference.h"
#include "sim/server_host.h"

namespace sfu::sim {
namespace {

using namespace std::chrono_literals;

/// A worker with more to do than it can: it sends nothing before its batch is full.
class OverloadedServer final : public Host {
 public:
  explicit OverloadedServer(core::WorkerCore& core) : core_(core), host_(core) {}

  void handle_datagram(Timestamp now, const Path& path, Bytes datagram) override {
    if (!core_.is_batch_full()) host_.handle_datagram(now, path, datagram);
  }
  void handle_timeout(Timestamp now) override { core_.handle_timeout(now); }
  void flush(Timestamp now, Outbox&) override {
    if (!core_.is_batch_full() || media_flushed) return;
    CollectingSink sink;
    core_.flush(now, sink);
    media_flushed = std::ranges::count_if(sink.take_sent(), [](const auto& sent) {
      const auto& datagram = sent.second;
      return datagram[0] >> 6 == 2 && !rtcp::looks_like_rtcp(datagram);
    });
    stays_full = core_.is_batch_full();
  }
  Timestamp next_timeout() const override {
    return core_.next_timeout().value_or(Timestamp::max());
  }

  std::optional<std::ptrdiff_t> media_flushed;
  bool stays_full = false;

 private:
  core::WorkerCore& core_;
  ServerHost host_;
};

TEST(FullBatch, HoldsSixteenThousandPacketsHoweverManyViewersEachHasAndIsEmptyAfterItsFlush) {
  constexpr std::size_t kViewers = 30;
  constexpr std::ptrdiff_t kFull = 16 * 1024;
  Conference conference(1);
  const RouterId room = conference.open_room();
  conference.join(room, {.audio = true, .video = true});
  for (std::size_t i = 0; i < kViewers; ++i)
    conference.join(room, {.audio = false, .video = false});
  conference.run_for(3s);
  ASSERT_FALSE(conference.core().is_batch_full());

  OverloadedServer server(conference.core());
  conference.network().attach(conference.server_address(), server);
  conference.run_for(20s);
  ASSERT_TRUE(server.media_flushed);
  EXPECT_GE(*server.media_flushed, kFull);
  EXPECT_LT(*server.media_flushed, kFull + static_cast<std::ptrdiff_t>(kViewers));
  EXPECT_FALSE(server.stays_full);
}

}  // namespace
}  // namespace sfu::sim
