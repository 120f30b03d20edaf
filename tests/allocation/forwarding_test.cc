#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/allocation_count_for_test.h"
#include "rtcp/packet.h"
#include "sim/conference.h"

// What forwarding asks of the heap. A program of its own, since it replaces operator new.

namespace sfu::sim {
namespace {

using namespace std::chrono_literals;

/// Room for all datagrams of one flush.
class BufferedSink final : public DatagramSink {
 public:
  BufferedSink() {
    bytes_.resize(4 * 1024 * 1024);
    groups_.reserve(16 * 1024);
  }
  MutableBytes room() override { return MutableBytes(bytes_).subspan(used_); }
  void commit(const Path& path, std::size_t size, std::size_t datagram_size) override {
    groups_.push_back({path, used_, size, datagram_size});
    used_ += size;
  }
  void send() override { FAIL() << "there is room for more than a flush has"; }

  /// Returns the number of datagrams.
  std::size_t drain(Outbox& outbox) {
    std::size_t count = 0;
    for (const Group& group : groups_) {
      for (std::size_t at = 0; at < group.size; at += group.datagram_size, ++count)
        outbox.send(group.path,
                    Bytes(bytes_).subspan(group.offset + at,
                                          std::min(group.datagram_size, group.size - at)));
    }
    groups_.clear();
    used_ = 0;
    return count;
  }

 private:
  struct Group {
    Path path;
    std::size_t offset;
    std::size_t size;
    std::size_t datagram_size;
  };

  std::vector<std::uint8_t> bytes_;
  std::vector<Group> groups_;
  std::size_t used_ = 0;
};

/// The server's place on the network, with an eye on the heap while media, feedback and reports
/// pass and timers run. Connectivity checks and handshakes come now and then, and may allocate.
class WatchedServer final : public Host {
 public:
  explicit WatchedServer(core::WorkerCore& core) : core_(core) {}

  void handle_datagram(Timestamp now, const Path& path, Bytes datagram) override {
    const bool media = datagram[0] >= 128 && datagram[0] <= 191;
    PacketBuffer buffer = core_.arena().allocate();
    std::copy(datagram.begin(), datagram.end(), buffer.room().begin());
    buffer.set_size(datagram.size());
    AllocationCount::watches = watches && media;
    core_.handle_datagram(now, path, std::move(buffer));
    if (AllocationCount::watches)
      ++(rtcp::looks_like_rtcp(datagram) ? rtcp_received : rtp_received);
    AllocationCount::watches = false;
  }
  void handle_timeout(Timestamp now) override {
    const auto due = core_.next_timeout();
    if (!due || *due > now) return;  // Only a flush is.
    AllocationCount::watches = watches;
    core_.handle_timeout(now);
    AllocationCount::watches = false;
  }
  void flush(Timestamp now, Outbox& outbox) override {
    const auto due = core_.flush_due();
    if (!due || *due > now) return;
    AllocationCount::watches = watches;
    core_.flush(now, sink_);
    AllocationCount::watches = false;
    const std::size_t flushed = sink_.drain(outbox);
    sent += watches ? flushed : 0u;
  }
  Timestamp next_timeout() const override {
    return std::min(core_.next_timeout().value_or(Timestamp::max()),
                    core_.flush_due().value_or(Timestamp::max()));
  }

  bool watches = false;
  std::size_t rtp_received = 0;
  std::size_t rtcp_received = 0;
  std::size_t sent = 0;

 private:
  core::WorkerCore& core_;
  BufferedSink sink_;
};

TEST(Forwarding, ThroughAWholeWorkerAllocatesNothingOverAThousandPackets) {
  constexpr std::size_t kViewers = 20;
  Conference conference(1);
  WatchedServer server(conference.core());
  conference.network().attach(conference.server_address(), server);
  const RouterId room = conference.open_room();
  conference.join(room, {.audio = true, .video = true, .simulcast_layers = 2});
  for (std::size_t i = 0; i < kViewers; ++i)
    conference.join(room, {.audio = false, .video = false});
  conference.run_for(30s);  // Histories and rings have been round once.

  server.watches = true;
  conference.run_for(12s);
  EXPECT_GT(server.rtp_received, 1000u);
  EXPECT_GT(server.rtcp_received, 1000u);
  EXPECT_GT(server.sent, 500 * kViewers);
  EXPECT_EQ(AllocationCount::total, 0u);
}

}  // namespace
}  // namespace sfu::sim
