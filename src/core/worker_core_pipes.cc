#include <algorithm>
#include <utility>

#include "core/worker_core_impl.h"

// Rooms on several workers: the ends of pipes, and what other workers write.

namespace sfu::core {
namespace {

CommandError convert(PipeTable::Refusal refusal) {
  switch (refusal) {
    case PipeTable::Refusal::NoSuchWorker:
    case PipeTable::Refusal::NoSuchProducer: return CommandError::NotFound;
    case PipeTable::Refusal::SlotTaken: return CommandError::AlreadyExists;
    case PipeTable::Refusal::LimitReached: return CommandError::LimitReached;
    case PipeTable::Refusal::BadProducer: return CommandError::Unsupported;
  }
  return CommandError::Unsupported;
}

}  // namespace

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now, const OpenPipe& command) {
  const Published* published = find_local_producer(command.producer);
  if (!published) return fail(CommandError::NotFound);
  const auto opened = pipes_.open_near(now, command.pipe, command.to_worker,
                                       at(published->slot)->router(), command.producer);
  if (!opened) return fail(convert(opened.error()));
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp, const ClosePipe& command) {
  if (!pipes_.close_near(command.pipe)) return fail(CommandError::NotFound);
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp now,
                                                          const CreateRemoteProducer& command) {
  const auto room = rooms_.find(command.router);
  if (room == rooms_.end()) return fail(CommandError::NotFound);
  if (producers_.contains(command.producer)) return fail(CommandError::AlreadyExists);
  const auto opened = pipes_.open_far(now, command.pipe, command.from_worker, *room->second.router,
                                      {.id = command.producer,
                                       .kind = command.kind,
                                       .parameters = command.parameters,
                                       .mapping = command.mapping});
  if (!opened) return fail(convert(opened.error()));
  producers_[command.producer] = {
      .slot = 0, .consumers = {}, .remote = Remote{command.router, command.pipe}};
  return ReplyValue(Done{});
}

WorkerCore::Impl::CommandResult WorkerCore::Impl::execute(Timestamp,
                                                          const CloseRemoteProducer& command) {
  const auto found = producers_.find(command.producer);
  if (found == producers_.end() || !found->second.remote) return fail(CommandError::NotFound);
  close_producer(command.producer);
  return ReplyValue(Done{});
}

void WorkerCore::Impl::close_remote_producers(RouterId router) {
  std::vector<ProducerId> closing;
  for (const auto& [id, published] : producers_)
    if (published.remote && published.remote->router == router) closing.push_back(id);
  for (const ProducerId id : closing) close_producer(id);
}

WorkerCore::Impl::Published* WorkerCore::Impl::find_local_producer(ProducerId id) {
  const auto found = producers_.find(id);
  return found == producers_.end() || found->second.remote ? nullptr : &found->second;
}

void WorkerCore::Impl::handle_link_message(Timestamp now, Bytes message) {
  if (const auto part = pipes_.handle_message(now, message))
    batch_.hold().note_packet(now, part->ssrc, part->ends_frame);
  drain_media_events();
  tell_fault_of_nobody();
}

void WorkerCore::Impl::flush_links(Timestamp now) { pipes_.flush(now); }

std::optional<Timestamp> WorkerCore::Impl::next_timeout() const {
  if (!unsettled_.empty()) return Timestamp::min();
  std::optional<Timestamp> next = levels_due_;
  for (const auto& due : {deadlines_.next(), pipes_.next_timeout()})
    if (due && (!next || *due < *next)) next = due;
  return next;
}

}  // namespace sfu::core
