#include <utility>
#include <variant>

#include "core/worker_core_impl.h"

// What the service asks of a worker about producers and consumers.

namespace sfu::core {
namespace {

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
                                                          const GetProducerStats& command) {
  std::vector<ProducerStats> stats;
  for (const ProducerId id : command.producers)
    if (const Published* published = find_local_producer(id))
      stats.push_back(at(published->slot)->find_producer(id)->stats(now));
  return ReplyValue(std::move(stats));
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

}  // namespace sfu::core
