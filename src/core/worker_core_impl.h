#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/deadline_queue.h"
#include "base/packet_buffer.h"
#include "base/token_bucket.h"
#include "core/commands.h"
#include "core/demux.h"
#include "core/events.h"
#include "core/pipe_table.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "dtls/context.h"
#include "media/event.h"
#include "media/router.h"
#include "transport/flush_writer.h"
#include "transport/offender_watch.h"
#include "transport/send_batch.h"
#include "transport/webrtc_transport.h"

namespace sfu::core {

class WorkerCore::Impl {
 public:
  Impl(Config config, RandomSource& random);

  PacketArena& arena() { return arena_; }
  FaultNote& faults() { return media_events_.faults(); }
  void handle_datagram(Timestamp now, const Path& path, PacketBuffer datagram);
  StreamOpening open_stream(Timestamp now, const Path& path, Bytes datagram);
  void handle_stream_end(Timestamp now, const Path& path);
  std::optional<Path> poll_released_stream() { return demux_.poll_released_stream(); }
  void handle_command(Timestamp now, RequestId request, Command command);
  void handle_link_message(Timestamp now, Bytes message);
  void handle_timeout(Timestamp now);
  void flush_links(Timestamp now);
  std::optional<Timestamp> flush_due() const;
  bool is_batch_full() const { return batch_.media_packets_in_use() >= kFullBatch; }
  void flush(Timestamp now, DatagramSink& sink);
  std::optional<Event> poll_event();
  std::optional<Timestamp> next_timeout() const;

 private:
  using Slot = transport::SendBatch::Slot;
  using Transport = transport::WebRtcTransport;
  using CommandResult = Result<ReplyValue, CommandError>;

  static constexpr std::size_t kFullBatch = 16 * 1024;  // Media packets.

  // A peer can make its transports take one path from each other with every check: what the
  // service hears of each transport's states is bounded.
  static constexpr double kTellingsPerSecond = 2;
  static constexpr double kTellingBurst = 16;
  static constexpr TimeDelta kTellingPause = std::chrono::milliseconds(500);

  /// A transport, and what it takes to find it again.
  struct Occupied {
    RouterId room;
    std::uint32_t place_in_room = 0;
    std::unique_ptr<Transport> transport;
    TokenBucket tellings{kTellingsPerSecond, kTellingBurst, Timestamp{}};
    IceState told_ice = IceState::New;
    DtlsState told_dtls = DtlsState::New;
    std::optional<Timestamp> tell_again;  // The state could not be told yet.
    bool unsettled = false;               // As unsettled_ says.
  };
  struct Room {
    std::unique_ptr<media::Router> router;
    std::vector<Slot> transports;
  };
  struct Viewed {
    Slot slot;  // Of the consumer's transport.
    Transport::ConsumerSlot consumer;
    ProducerId producer;
    std::uint32_t place = 0;  // Among the producer's consumers.
  };
  /// Where a producer of another worker comes from.
  struct Remote {
    RouterId router;
    PipeId pipe;
  };
  struct Published {
    Slot slot;  // Of the producer's transport; meaningless where it is remote.
    std::vector<ConsumerId> consumers;
    std::optional<Remote> remote = {};
  };

  Transport* at(Slot slot);
  Transport* find(TransportId id);
  /// Nothing where it names no transport.
  std::optional<ice::Outcome> handle_stun(Timestamp now, const Path& path, Bytes datagram);
  /// After any call into the transport of `slot`: its events, and its next deadline.
  void settle(Timestamp now, Slot slot);
  /// The same, once at the end of the batch for all calls into it.
  void settle_later(Slot slot);
  void settle_all(Timestamp now);
  void update_deadline(Slot slot);
  void tell_state(Timestamp now, Slot slot);
  void drain_media_events();
  /// Ends the transport whose input has broken something.
  void end_if_at_fault(Timestamp now, Slot slot) {
    if (faults().is_set()) [[unlikely]]
      end_at_fault(now, slot);
  }
  void end_at_fault(Timestamp now, Slot slot);
  void tell_fault_of_nobody();
  void tell(const media::Diagnosis& diagnosis);
  void wake_consumer(ConsumerId id);
  void tell_scores(ProducerId id);
  void listen_to(const media::RoomAudible& room);
  void tell_levels(Timestamp now);
  void handle_routing(Timestamp now, Slot slot, const transport::RoutingEvent& event);
  void report(Timestamp now, Slot slot, const transport::Report& report);
  void report(Slot slot, const transport::Offence& offence);
  /// A datagram of nobody.
  void drop_stranger(Timestamp now, const Path& path);
  std::optional<Slot> take_slot();
  void close_transport(Timestamp now, Slot slot);
  void close_producer(ProducerId id);
  void close_remote_producers(RouterId router);
  /// One that has its transport here.
  Published* find_local_producer(ProducerId id);
  void close_consumer(ConsumerId id);
  TransportCreated describe(const Transport& transport) const;

  CommandResult execute(Timestamp now, const CreateRouter& command);
  CommandResult execute(Timestamp now, const CloseRouter& command);
  CommandResult execute(Timestamp now, const CreateTransport& command);
  CommandResult execute(Timestamp now, const CloseTransport& command);
  CommandResult execute(Timestamp now, const ConnectTransport& command);
  CommandResult execute(Timestamp now, const RestartIce& command);
  CommandResult execute(Timestamp now, const CreateProducer& command);
  CommandResult execute(Timestamp now, const CloseProducer& command);
  CommandResult execute(Timestamp now, const PauseProducer& command);
  CommandResult execute(Timestamp now, const ResumeProducer& command);
  CommandResult execute(Timestamp now, const CreateConsumer& command);
  CommandResult execute(Timestamp now, const CloseConsumer& command);
  CommandResult execute(Timestamp now, const PauseConsumer& command);
  CommandResult execute(Timestamp now, const ResumeConsumer& command);
  CommandResult execute(Timestamp now, const SetPreferredLayers& command);
  CommandResult execute(Timestamp now, const SetConsumerPriority& command);
  CommandResult execute(Timestamp now, const RequestKeyFrame& command);
  CommandResult execute(Timestamp now, const OpenPipe& command);
  CommandResult execute(Timestamp now, const ClosePipe& command);
  CommandResult execute(Timestamp now, const CreateRemoteProducer& command);
  CommandResult execute(Timestamp now, const CloseRemoteProducer& command);
  CommandResult execute(Timestamp now, const GetTransportStats& command);
  CommandResult execute(Timestamp now, const GetProducerStats& command);
  CommandResult execute(Timestamp now, const GetWorkerStats& command);
  CommandResult set_producer_paused(Timestamp now, ProducerId id, bool paused);
  /// Calls `act(consumer)`, then settles its transport.
  template <class Act>
  CommandResult with_consumer(Timestamp now, ConsumerId id, Act&& act);

  const Config config_;
  RandomSource& random_;
  const dtls::Context dtls_;
  PacketArena arena_;  // Before all that holds packets.
  media::EventQueue media_events_;
  transport::SendBatch batch_;
  transport::FlushWriter writer_;
  std::unordered_map<RouterId, Room> rooms_;
  PipeTable pipes_;  // After the routers that its far ends are on.
  std::vector<Occupied> slots_;
  std::vector<Slot> free_slots_;
  std::unordered_map<TransportId, Slot> transports_;
  std::unordered_map<ProducerId, Published> producers_;
  std::unordered_map<ConsumerId, Viewed> consumers_;
  Demux demux_;
  DeadlineQueue deadlines_;
  std::vector<Slot> unsettled_;
  std::vector<Slot> scratch_slots_;
  std::vector<RouterId> audible_rooms_;
  std::optional<Timestamp> levels_due_;  // Of all of them.
  std::deque<Event> events_;
  std::uint64_t unroutable_ = 0;  // Datagrams of nobody.
  transport::OffenderWatch strangers_;
  // Of transports that were closed.
  transport::Refusals closed_refused_;
  std::uint64_t closed_dropped_ = 0;
  std::uint64_t transports_at_fault_ = 0;  // Closed for what they broke.
};

}  // namespace sfu::core
