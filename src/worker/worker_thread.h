#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/duration_histogram.h"
#include "base/random.h"
#include "core/worker_core.h"
#include "io/file_descriptor.h"
#include "io/udp_socket.h"
#include "worker/arrival_times.h"
#include "worker/batch_sender.h"
#include "worker/heartbeat.h"
#include "worker/mailbox.h"
#include "worker/stream_connections.h"
#include "worker/wait_policy.h"
#include "worker/worker_links.h"
#include "worker/worker_port.h"

namespace sfu::worker {

/// One media thread: a loop over its sockets, its mailbox and its core's deadline. It reads all
/// that has arrived, lets the core handle it, and only then flushes, when that is due.
class WorkerThread final : public WorkerPort {
 public:
  /// Commands between two looks for packets: about 0.3 ms of consumers being made. Where packets
  /// take long, so do commands: a quarter of the time, but no more than 2 to 3 ms in one go.
  static constexpr std::size_t kCommandsInTurn = 32;
  static constexpr std::size_t kMostCommandsInTurn = 256;

  struct Config {
    unsigned index = 0;
    core::WorkerCore::Config core;
    /// With the other workers; outlives the thread. None where it is the only one.
    WorkerLinks* links = nullptr;
    bool segmentation = true;  // As io::GroupSender has it.
  };
  /// Called on the worker's thread with what the core has to say, in order.
  using Deliver = std::function<void(std::vector<core::Event>)>;

  /// Takes over the sockets, which all have the worker's port, and starts the thread. The random
  /// source is used by this thread only. `listeners`: for clients that cannot use UDP.
  WorkerThread(Config config, std::vector<io::UdpSocket> sockets,
               std::unique_ptr<RandomSource> random, Deliver deliver,
               std::vector<io::TcpListener> listeners = {});
  /// Ends the loop and joins the thread.
  ~WorkerThread() override;

  void post(core::RequestId request, core::Command command) override;
  /// From any thread. The loop turns at least once a second.
  std::optional<Pulse> pulse() const override { return heartbeat_.pulse(); }

  /// From now on the thread runs on this processor alone. False where it may not.
  bool pin(int processor);

 private:
  struct Posted {
    core::RequestId request;
    core::Command command;
  };
  static constexpr std::size_t kMailboxCapacity = 64 * 1024;

  /// What epoll has found since the last turn.
  struct Ready {
    bool wake_up = false;
    bool streams = false;
    std::uint32_t sockets = 0;  // A bit for each.
  };

  void run();
  /// Until there is something to do; returns the time then.
  Timestamp wait();
  WaitPolicy::Outlook outlook();
  void wait_on(const io::FileDescriptor& epoll, TimeDelta at_most);
  void turn(Timestamp now);
  void handle_commands(Timestamp now);
  void take_commands();
  void handle_links(Timestamp now);
  void flush_links(Timestamp now);
  void handle_datagrams(Timestamp now);
  bool handle_received();
  void handle_streams(Timestamp now);
  void flush_if_due(Timestamp now);
  void flush(Timestamp now);
  void deliver_events();
  void complete(core::WorkerStats& stats) const;
  void measure_load(Timestamp before, Timestamp after);
  void wake();

  const Config config_;
  const std::unique_ptr<RandomSource> random_;
  const Deliver deliver_;
  io::FileDescriptor epoll_;
  io::FileDescriptor dozing_;  // Knows the commands, and not the sockets.
  io::FileDescriptor wake_up_;
  Mailbox<Posted> mailbox_{kMailboxCapacity};
  std::atomic<bool> stopping_ = false;
  Heartbeat heartbeat_;

  // Of the thread alone.
  core::WorkerCore core_;
  std::vector<io::UdpSocket> sockets_;  // After the core: they hold buffers of its arena.
  StreamConnections streams_;           // The same.
  std::vector<Posted> commands_;
  std::size_t carried_out_ = 0;  // Of commands_; the rest waits for the next turn.
  std::vector<io::ReceivedDatagram> received_;
  std::size_t handled_ = 0;  // Of received_; the rest waits for the next turn.
  BatchSender sender_;
  ArrivalTimes arrivals_;
  Ready ready_;
  WaitPolicy wait_policy_;
  bool told_segmentation_ = false;
  std::uint64_t wake_ups_ = 0;
  std::uint64_t flushes_ = 0;
  std::uint64_t flushes_held_ = 0;
  TimeDelta held_{};
  std::optional<Timestamp> held_since_;
  DurationHistogram turns_;
  std::optional<Timestamp> turn_began_;
  TimeDelta last_turn_{};
  TimeDelta waited_{};
  Timestamp load_since_{};
  double load_ = 0;

  std::thread thread_;  // Last: it starts when all the rest is there.
};

}  // namespace sfu::worker
