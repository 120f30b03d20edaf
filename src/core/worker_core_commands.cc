#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "core/stats_conversion.h"
#include "core/worker_core_impl.h"

// What the service asks of a worker.

namespace sfu::core {
namespace {

/// RFC 8445 §5.1.2.1 for component 1.
constexpr std::uint32_t priority(std::uint32_t type_preference, std::uint32_t local_preference) {
  return type_preference << 24 | local_preference << 8 | 255;
}

/// The earlier it is listed, the better.
std::uint32_t host_priority(std::size_t rank) {
  constexpr std::uint32_t kHostPreference = 126;
  return priority(kHostPreference,
                  static_cast<std::uint32_t>(65535 - std::min<std::size_t>(rank, 65535)));
}

/// RFC 6544 §4.2: below every address of UDP, and among themselves by direction before anything
/// else; a passive host candidate has direction preference 4.
std::uint32_t tcp_host_priority(std::size_t rank) {
  constexpr std::uint32_t kTcpHostPreference = 90;
  constexpr std::uint32_t kPassive = 4;
  constexpr std::size_t kMost = (1u << 13) - 1;
  return priority(kTcpHostPreference,
                  kPassive << 13 | static_cast<std::uint32_t>(kMost - std::min(rank, kMost)));
}

CommandError convert(const transport::ProducerRefusal& refusal) {
  if (const auto* error = std::get_if<media::ProducerError>(&refusal)) {
    switch (*error) {
      case media::ProducerError::IdTaken: return CommandError::AlreadyExists;
      case media::ProducerError::NoCodec:
      case media::ProducerError::TooManyStreams: return CommandError::Unsupported;
      case media::ProducerError::RouterFull: return CommandError::LimitReached;
    }
  }
  return std::get<media::ListenError>(refusal) == media::ListenError::TableFull
             ? CommandError::LimitReached
             : CommandError::SsrcTaken;
}

media::ConsumerType convert(ConsumerType type) {
  switch (type) {
    case ConsumerType::Simple: return media::ConsumerType::Simple;
    case ConsumerType::Simulcast: return media::ConsumerType::Simulcast;
    case ConsumerType::Svc: return media::ConsumerType::Svc;
  }
  return media::ConsumerType::Simple;
}

}  // namespace

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
                                                          const CreateProducer& command) {
  const auto found = transports_.find(command.transport);
  if (found == transports_.end()) return fail(CommandError::NotFound);
  if (producers_.contains(command.producer)) return fail(CommandError::AlreadyExists);
  Transport& transport = *at(found->second);
  if (transport.producers().size() >= config_.max_producers_per_transport)
    return fail(CommandError::LimitReached);
  const auto added = transport.add_producer(now, {.id = command.producer,
                                                  .kind = command.kind,
                                                  .parameters = command.parameters,
                                                  .mapping = command.mapping,
                                                  .paused = command.paused});
  if (!added) return fail(convert(added.error()));
  producers_[command.producer] = {found->second, {}};
  settle(now, found->second);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp, const CloseProducer& command) {
  if (!find_local_producer(command.producer)) return fail(CommandError::NotFound);
  close_producer(command.producer);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const PauseProducer& command) {
  return set_producer_paused(now, command.producer, true);
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const ResumeProducer& command) {
  return set_producer_paused(now, command.producer, false);
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::set_producer_paused(Timestamp now, ProducerId id,
                                                                      bool paused) {
  const Published* published = find_local_producer(id);
  if (!published) return fail(CommandError::NotFound);
  at(published->slot)->find_producer(id)->set_paused(now, paused);
  settle(now, published->slot);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const CreateConsumer& command) {
  const auto found = transports_.find(command.transport);
  const auto producer = producers_.find(command.producer);
  if (found == transports_.end() || producer == producers_.end())
    return fail(CommandError::NotFound);
  if (consumers_.contains(command.consumer)) return fail(CommandError::AlreadyExists);
  Transport& transport = *at(found->second);
  if (transport.consumer_count() >= config_.max_consumers_per_transport)
    return fail(CommandError::LimitReached);
  const auto added = transport.add_consumer(now, {.id = command.consumer,
                                                  .producer = command.producer,
                                                  .kind = command.kind,
                                                  .type = convert(command.type),
                                                  .parameters = command.parameters,
                                                  .paused = command.paused});
  if (!added) {
    switch (added.error()) {
      case Transport::ConsumerRefusal::NoSuchProducer: return fail(CommandError::NotFound);
      case Transport::ConsumerRefusal::Unsupported: return fail(CommandError::Unsupported);
      case Transport::ConsumerRefusal::SsrcTaken: return fail(CommandError::SsrcTaken);
    }
  }
  auto& viewers = producer->second.consumers;
  consumers_[command.consumer] = {found->second, *added, command.producer,
                                  static_cast<std::uint32_t>(viewers.size())};
  viewers.push_back(command.consumer);
  settle(now, found->second);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp, const CloseConsumer& command) {
  if (!consumers_.contains(command.consumer)) return fail(CommandError::NotFound);
  close_consumer(command.consumer);
  return ReplyValue(Done{});
}

template <class Act>
WorkerCore::Impl::CommandResult WorkerCore::Impl::with_consumer(Timestamp now, ConsumerId id,
                                                                Act&& act) {
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return fail(CommandError::NotFound);
  ReplyValue reply = act(at(found->second.slot)->consumer(found->second.consumer));
  settle(now, found->second.slot);
  return reply;
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const PauseConsumer& command) {
  return with_consumer(now, command.consumer, [now](media::Consumer& consumer) {
    consumer.pause(now);
    return ReplyValue(Done{});
  });
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const ResumeConsumer& command) {
  return with_consumer(now, command.consumer, [now](media::Consumer& consumer) {
    consumer.resume(now);
    return ReplyValue(Done{});
  });
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const SetPreferredLayers& command) {
  return with_consumer(now, command.consumer, [&](media::Consumer& consumer) {
    const media::Layers clamped =
        consumer.set_preferred_layers(now, command.spatial_layer, command.temporal_layer);
    return ReplyValue(PreferredLayers{clamped.spatial, clamped.temporal});
  });
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const SetConsumerPriority& command) {
  return with_consumer(now, command.consumer, [&](media::Consumer& consumer) {
    consumer.set_priority(command.priority);
    return ReplyValue(Done{});
  });
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const RequestKeyFrame& command) {
  return with_consumer(now, command.consumer, [now](media::Consumer& consumer) {
    consumer.request_key_frame(now);
    return ReplyValue(Done{});
  });
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const GetTransportStats& command) {
  const Transport* transport = find(command.transport);
  if (!transport) return fail(CommandError::NotFound);
  return ReplyValue(stats_of(now, *transport));
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const GetProducerStats& command) {
  std::vector<ProducerStats> stats;
  for (const ProducerId id : command.producers)
    if (const Published* published = find_local_producer(id))
      stats.push_back(at(published->slot)->find_producer(id)->stats(now));
  return ReplyValue(std::move(stats));
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
  // Here as below the last one takes the place of the one that goes.
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

/// Its consumers close with it, as mediasoup's do.
void WorkerCore::Impl::close_producer(ProducerId id) {
  const auto found = producers_.find(id);
  const Published published = std::move(found->second);
  producers_.erase(found);
  for (const ConsumerId consumer : published.consumers) close_consumer(consumer);
  if (published.remote)
    pipes_.close_far(published.remote->pipe);
  else
    at(published.slot)->remove_producer(id);
}

void WorkerCore::Impl::close_consumer(ConsumerId id) {
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return;
  const Viewed viewed = found->second;
  consumers_.erase(found);
  at(viewed.slot)->remove_consumer(viewed.consumer);
  const auto producer = producers_.find(viewed.producer);
  if (producer == producers_.end()) return;
  std::vector<ConsumerId>& viewers = producer->second.consumers;
  viewers[viewed.place] = viewers.back();
  viewers.pop_back();
  if (viewed.place < viewers.size()) consumers_.at(viewers[viewed.place]).place = viewed.place;
}

TransportCreated WorkerCore::Impl::describe(const Transport& transport) const {
  TransportCreated created;
  created.ice_username_fragment = transport.channel().credentials().ufrag;
  created.ice_password = transport.channel().credentials().password;
  for (std::size_t rank = 0; rank < config_.candidates.size(); ++rank) {
    const Endpoint& candidate = config_.candidates[rank];
    created.candidates.push_back({.foundation = "host" + std::to_string(rank),
                                  .priority = host_priority(rank),
                                  .address = candidate.ip.to_string(),
                                  .protocol = IpProtocol::Udp,
                                  .port = candidate.port});
  }
  for (std::size_t rank = 0; rank < config_.tcp_candidates.size(); ++rank) {
    const Endpoint& candidate = config_.tcp_candidates[rank];
    created.candidates.push_back({.foundation = "tcp" + std::to_string(rank),
                                  .priority = tcp_host_priority(rank),
                                  .address = candidate.ip.to_string(),
                                  .protocol = IpProtocol::Tcp,
                                  .port = candidate.port});
  }
  created.fingerprints.push_back({"sha-256", config_.certificate->sha256_fingerprint()});
  return created;
}

}  // namespace sfu::core
