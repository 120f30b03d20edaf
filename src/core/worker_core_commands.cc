#include <utility>

#include "core/host_candidates.h"
#include "core/stats_conversion.h"
#include "core/worker_core_impl.h"

// What the service asks of a worker: routers, transports, and how it is; producers and consumers
// are in worker_core_streams.cc.

namespace sfu::core {

void WorkerCore::Impl::handle_command(Timestamp now, RequestId request, Command command) {
  CommandResult result = std::visit(
      [&](const auto& specific) -> CommandResult { return execute(now, specific); }, command);
  drain_media_events();
  tell_fault_of_nobody();
  events_.emplace_back(Reply{request, std::move(result)});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp, const CreateRouter& command) {
  if (rooms_.contains(command.router)) return fail(CommandError::AlreadyExists);
  if (rooms_.size() >= config_.max_routers) return fail(CommandError::LimitReached);
  rooms_[command.router].router = std::make_unique<media::Router>(media_events_, command.router);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const CloseRouter& command) {
  const auto room = rooms_.find(command.router);
  if (room == rooms_.end()) return fail(CommandError::NotFound);
  while (!room->second.transports.empty()) close_transport(now, room->second.transports.back());
  close_remote_producers(command.router);
  rooms_.erase(room);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp,
                                                          const CreateTransport& command) {
  const auto found = rooms_.find(command.router);
  if (found == rooms_.end()) return fail(CommandError::NotFound);
  if (transports_.contains(command.transport)) return fail(CommandError::AlreadyExists);
  const auto slot = take_slot();
  if (!slot) return fail(CommandError::LimitReached);

  Transport::Options options{.id = command.transport,
                             .slot = *slot,
                             .credentials = ice::Credentials::random(random_),
                             .candidates = config_.candidates,
                             .candidates_are_local = config_.candidates_are_local,
                             .ntp = config_.ntp};
  demux_.add_ufrag(options.credentials.ufrag, *slot);
  Room& room = found->second;
  Occupied& occupied = slots_[*slot];
  occupied.room = command.router;
  occupied.place_in_room = static_cast<std::uint32_t>(room.transports.size());
  occupied.transport =
      std::make_unique<Transport>(std::move(options), dtls_, *room.router, batch_, random_);
  room.transports.push_back(*slot);
  transports_[command.transport] = *slot;
  return ReplyValue(describe(*at(*slot)));
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const CloseTransport& command) {
  const auto found = transports_.find(command.transport);
  if (found == transports_.end()) return fail(CommandError::NotFound);
  close_transport(now, found->second);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const ConnectTransport& command) {
  const auto found = transports_.find(command.transport);
  if (found == transports_.end()) return fail(CommandError::NotFound);
  std::vector<transport::Fingerprint> fingerprints;
  for (const DtlsFingerprint& given : command.fingerprints) {
    if (const auto algorithm = crypto::parse_hash_algorithm(given.algorithm))
      fingerprints.push_back({*algorithm, given.value});
  }
  const auto connected =
      at(found->second)->connect(now, command.role == DtlsRole::Server, fingerprints);
  settle(now, found->second);
  if (connected) return ReplyValue(Done{});
  return fail(connected.error() == transport::ConnectError::AlreadyConnected
                  ? CommandError::AlreadyConnected
                  : CommandError::Unsupported);
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const RestartIce& command) {
  const auto found = transports_.find(command.transport);
  if (found == transports_.end()) return fail(CommandError::NotFound);
  auto fresh = ice::Credentials::random(random_);
  IceRestarted restarted{fresh.ufrag, fresh.password};
  demux_.add_ufrag(fresh.ufrag, found->second);
  at(found->second)->restart_ice(now, std::move(fresh));
  settle(now, found->second);
  return ReplyValue(std::move(restarted));
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const GetTransportStats& command) {
  const Transport* transport = find(command.transport);
  if (!transport) return fail(CommandError::NotFound);
  return ReplyValue(stats_of(now, *transport));
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp, const GetWorkerStats&) {
  WorkerStats stats;
  stats.ciphers = batch_.ciphers().name();
  stats.packets_dropped = closed_dropped_;
  transport::Refusals refused = closed_refused_;
  stats.media_packets_sent = writer_.counters().media_packets;
  stats.padding_bytes_sent = writer_.counters().padding_bytes;
  for (const Occupied& slot : slots_) {
    if (!slot.transport) continue;
    refused += slot.transport->refusals();
    stats.packets_dropped += slot.transport->send_counters().dropped;
  }
  stats.packets_dropped += unroutable_ + refused.total();
  stats.refused = {.strangers = unroutable_,
                   .stun = refused.stun,
                   .dtls = refused.dtls,
                   .srtp = refused.srtp,
                   .malformed = refused.malformed,
                   .streams = refused.streams,
                   .floods = refused.floods};
  stats.transports_at_fault = transports_at_fault_;
  constexpr std::uint64_t kBufferBytes = 2048;
  static_assert(kBufferBytes >= PacketBuffer::kCapacity);
  stats.packet_buffer_bytes = arena_.capacity() * kBufferBytes;
  stats.packet_buffers_in_use = arena_.in_use();
  stats.routers = static_cast<std::uint32_t>(rooms_.size());
  stats.transports = static_cast<std::uint32_t>(transports_.size());
  stats.producers = static_cast<std::uint32_t>(producers_.size() - pipes_.far_ends());
  stats.link_packets = pipes_.counters().packets;
  stats.link_packets_dropped = pipes_.counters().dropped;
  stats.consumers = static_cast<std::uint32_t>(consumers_.size());
  return ReplyValue(stats);
}

std::optional<WorkerCore::Impl::Slot> WorkerCore::Impl::take_slot() {
  if (!free_slots_.empty()) {
    const Slot slot = free_slots_.back();
    free_slots_.pop_back();
    return slot;
  }
  if (slots_.size() >= config_.max_transports) return std::nullopt;
  slots_.emplace_back();
  return static_cast<Slot>(slots_.size() - 1);
}

void WorkerCore::Impl::close_transport(Timestamp now, Slot slot) {
  Transport& transport = *at(slot);
  transport.close(now);
  closed_refused_ += transport.refusals();
  closed_dropped_ += transport.send_counters().dropped;
  while (!transport.producers().empty()) close_producer(transport.producers().front()->id());
  std::vector<ConsumerId> consumers;
  transport.for_each_consumer(
      [&](const media::Consumer& consumer) { consumers.push_back(consumer.id()); });
  for (const ConsumerId consumer : consumers) close_consumer(consumer);
  demux_.remove_all(slot);
  deadlines_.set(slot, std::nullopt);
  transports_.erase(transport.id());
  // As in close_consumer(), the last one takes the place of the one that goes.
  const std::uint32_t place = slots_[slot].place_in_room;
  std::vector<Slot>& neighbours = rooms_.at(slots_[slot].room).transports;
  neighbours[place] = neighbours.back();
  slots_[neighbours[place]].place_in_room = place;
  neighbours.pop_back();
  const bool unsettled = slots_[slot].unsettled;  // It stays on the list.
  slots_[slot] = {};
  slots_[slot].unsettled = unsettled;
  free_slots_.push_back(slot);
}

TransportCreated WorkerCore::Impl::describe(const Transport& transport) const {
  TransportCreated created;
  created.ice_username_fragment = transport.channel().credentials().ufrag;
  created.ice_password = transport.channel().credentials().password;
  created.candidates = host_candidates(config_.candidates, config_.tcp_candidates);
  created.fingerprints.push_back({"sha-256", config_.certificate->sha256_fingerprint()});
  return created;
}

}  // namespace sfu::core
