#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/datagram_sink.h"
#include "base/endpoint.h"
#include "base/fault.h"
#include "base/link_writer.h"
#include "base/packet_buffer.h"
#include "base/random.h"
#include "base/units.h"
#include "core/commands.h"
#include "core/events.h"
#include "rtp/ntp.h"

namespace sfu::crypto {
class Certificate;
}

namespace sfu::core {

/// What a stream over TCP has shown with its first datagrams.
enum class StreamOpening : std::uint8_t {
  Proved,    // A valid check: it is the path of a transport.
  Unproven,  // A check with the right password that was answered with an error: it may try again.
  Refused,   // Anything else.
};

/// One worker's whole media engine without its thread and sockets: it finds the transport of each
/// datagram, owns transports and routers, and carries out commands. Sans-IO: a batch of handle_*()
/// calls, then flush_links(), then flush() if it is due, then poll_event() until empty, then wake
/// it no later than next_timeout() and flush_due().
class WorkerCore {
 public:
  struct Config {
    /// Announced by every transport, best first. At least one.
    std::vector<Endpoint> candidates;
    /// The same for ICE over TCP (RFC 6544), where streams are taken.
    std::vector<Endpoint> tcp_candidates = {};
    /// False where the candidates are another machine's (an address that is translated to ours):
    /// then nobody here can tell which of them a check came to.
    bool candidates_are_local = true;
    /// Of the process: one for all workers. It outlives the core.
    const crypto::Certificate* certificate = nullptr;
    rtp::NtpClock ntp;
    std::size_t max_transports = 20'000;
    std::size_t max_routers = 10'000;
    std::size_t max_producers_per_transport = 16;
    std::size_t max_consumers_per_transport = 2'000;
    std::size_t max_packet_buffers = 512 * 1024;  // 2 KiB each.
    /// To each worker by its number; null to this one itself. They outlive the core. Empty where it
    /// is the only one.
    std::vector<LinkWriter*> links = {};
  };

  /// `random` outlives the core.
  WorkerCore(Config config, RandomSource& random);
  ~WorkerCore();
  WorkerCore(const WorkerCore&) = delete;
  WorkerCore& operator=(const WorkerCore&) = delete;

  /// Where received datagrams are to be read into.
  PacketArena& arena();

  /// Where it is noted what one peer's input has broken: the transport whose datagram or timeout is
  /// handled is then closed, and the others go on.
  FaultNote& faults();

  void handle_datagram(Timestamp now, const Path& path, PacketBuffer datagram);
  /// A datagram on a stream that is no transport's path yet. Once it is Proved, handle_datagram()
  /// takes what follows.
  StreamOpening open_stream(Timestamp now, const Path& path, PacketBuffer datagram);
  /// A stream that was Proved is no more.
  void handle_stream_end(Timestamp now, const Path& path);
  /// A stream that was Proved and is no transport's path any more: it is to be closed. Drain it
  /// after the calls of a batch, and after the flush, which may still hold a goodbye for it.
  std::optional<Path> poll_released_stream();
  void handle_command(Timestamp now, RequestId request, Command command);
  /// One message of another worker's core, as it was written into the link to this one.
  void handle_link_message(Timestamp now, Bytes message);
  void handle_timeout(Timestamp now);

  /// Writes what is left for the links; what others wait for is then complete.
  void flush_links(Timestamp now);
  /// When to flush what is queued: a time that has passed for at once, a little later while the
  /// rest of a frame is still arriving; nothing where nothing is queued.
  std::optional<Timestamp> flush_due() const;
  /// Whether so many packets are queued that the flush is due at once, and what else has arrived is
  /// to wait for it: at about 2 µs for each, commands and handshakes then wait some 30 ms for their
  /// turn, however many viewers each packet has.
  bool is_batch_full() const;
  /// Encrypts all that the calls since the last flush have queued, straight into `sink`, whose
  /// send() then remains to be called. May be called before it is due.
  void flush(Timestamp now, DatagramSink& sink);

  std::optional<Event> poll_event();
  std::optional<Timestamp> next_timeout() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace sfu::core
