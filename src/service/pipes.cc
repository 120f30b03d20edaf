#include "service/pipes.h"

namespace sfu::service {

void Pipes::acquire(const Producer& producer, RouterId router, Worker& from, Worker& to) {
  if (&from == &to) return;
  const auto [entry, is_new] = pipes_.try_emplace({producer.id, to.index()});
  Pipe& pipe = entry->second;
  ++pipe.viewers;
  if (!is_new) return;
  pipe.id = take_id();
  pipe.from = &from;
  pipe.to = &to;
  to.send(core::CreateRemoteProducer{router, producer.id, pipe.id, from.index(), producer.kind,
                                     producer.parameters.own, producer.parameters.mapping});
  from.send(core::OpenPipe{pipe.id, producer.id, to.index()});
}

void Pipes::release(ProducerId producer, const Worker& to) {
  const auto found = pipes_.find({producer, to.index()});
  if (found != pipes_.end() && --found->second.viewers == 0) end(found);
}

void Pipes::close(ProducerId producer) {
  auto pipe = pipes_.lower_bound({producer, 0});
  while (pipe != pipes_.end() && pipe->first.first == producer) pipe = end(pipe);
}

Pipes::Entry Pipes::end(Entry pipe) {
  const auto& [id, from, to, viewers] = pipe->second;
  from->send(core::ClosePipe{id});
  to->send(core::CloseRemoteProducer{pipe->first.first});
  free_ids_.push_back({id.slot, id.generation + 1});
  return pipes_.erase(pipe);
}

PipeId Pipes::take_id() {
  if (free_ids_.empty()) return {slots_++, 0};
  const PipeId id = free_ids_.back();
  free_ids_.pop_back();
  return id;
}

}  // namespace sfu::service
