#include "core/pipe_table.h"

#include <utility>

#include "media/link_messages.h"

namespace sfu::core {
namespace {

template <class End>
End* find(const std::vector<std::unique_ptr<End>>& ends, PipeId pipe) {
  if (pipe.slot >= ends.size() || !ends[pipe.slot]) return nullptr;
  End* end = ends[pipe.slot].get();
  return end->pipe() == pipe ? end : nullptr;
}

/// The place of a slot, which the table grows to have.
template <class End>
Result<std::unique_ptr<End>*, PipeTable::Refusal> free_place(
    std::vector<std::unique_ptr<End>>& ends, PipeId pipe) {
  if (pipe.slot >= PipeTable::kMaxPipes) return fail(PipeTable::Refusal::LimitReached);
  if (pipe.slot >= ends.size()) ends.resize(pipe.slot + 1);
  if (ends[pipe.slot]) return fail(PipeTable::Refusal::SlotTaken);
  return &ends[pipe.slot];
}

}  // namespace

media::LinkSubscriber* PipeTable::near(PipeId pipe) const { return find(near_, pipe); }
media::RemoteProducer* PipeTable::far(PipeId pipe) const { return find(far_, pipe); }

Result<void, PipeTable::Refusal> PipeTable::open_near(Timestamp now, PipeId pipe,
                                                      std::size_t to_worker, media::Router& router,
                                                      ProducerId producer) {
  LinkWriter* to = link(to_worker);
  if (!to) return fail(Refusal::NoSuchWorker);
  const auto place = free_place(near_, pipe);
  if (!place) return fail(place.error());
  auto subscriber = std::make_unique<media::LinkSubscriber>(pipe, *to);
  if (!subscriber->subscribe(now, router, producer)) return fail(Refusal::NoSuchProducer);
  **place = std::move(subscriber);
  return {};
}

bool PipeTable::close_near(PipeId pipe) {
  const media::LinkSubscriber* end = near(pipe);
  if (!end) return false;
  closed_.packets += end->counters().packets;
  closed_.dropped += end->counters().dropped;
  near_[pipe.slot].reset();
  return true;
}

Result<void, PipeTable::Refusal> PipeTable::open_far(Timestamp now, PipeId pipe,
                                                     std::size_t from_worker, media::Router& router,
                                                     const media::ProducerOptions& producer) {
  LinkWriter* back = link(from_worker);
  if (!back) return fail(Refusal::NoSuchWorker);
  const auto place = free_place(far_, pipe);
  if (!place) return fail(place.error());
  auto created = media::RemoteProducer::create(now, pipe, producer, router, *back, arena_);
  if (!created)
    return fail(created.error() == media::ProducerError::RouterFull ? Refusal::LimitReached
                                                                    : Refusal::BadProducer);
  **place = std::move(*created);
  ++far_count_;
  note_wish(pipe);
  deadlines_.set(pipe.slot, (**place)->next_timeout());
  return {};
}

void PipeTable::close_far(PipeId pipe) {
  const media::RemoteProducer* end = far(pipe);
  if (!end) return;
  closed_.dropped += end->buffers_missing();
  deadlines_.set(pipe.slot, std::nullopt);
  far_[pipe.slot].reset();
  --far_count_;
}

std::optional<PipeTable::FramePart> PipeTable::handle_message(Timestamp now, Bytes message) {
  std::optional<FramePart> part;
  const auto header = media::read_link_message<media::LinkHeader>(message);
  switch (header.kind) {
    case media::LinkMessageKind::Packet:
      if (media::RemoteProducer* end = far(header.pipe)) {
        const auto packet = media::read_link_message<media::PacketMessage>(message);
        part = end->handle_packet(now, packet, message.subspan(sizeof packet));
        if (end->has_news()) note_wish(header.pipe);
      }
      break;
    case media::LinkMessageKind::State:
      if (media::RemoteProducer* end = far(header.pipe)) {
        end->handle_state(now, media::read_link_message<media::StateMessage>(message));
        note_wish(header.pipe);
      }
      break;
    case media::LinkMessageKind::Wishes:
      if (media::LinkSubscriber* end = near(header.pipe))
        end->handle_wishes(now, media::read_link_message<media::WishesMessage>(message));
      break;
  }
  return part;
}

void PipeTable::handle_timeout(Timestamp now) {
  while (const auto slot = deadlines_.pop_due(now)) {
    far_[*slot]->handle_timeout(now);
    deadlines_.set(*slot, far_[*slot]->next_timeout());
  }
}

void PipeTable::note_wish(PipeId pipe) {
  if (to_tell_.empty() || to_tell_.back() != pipe) to_tell_.push_back(pipe);
}

void PipeTable::flush(Timestamp now) {
  for (const PipeId pipe : to_tell_) {
    media::RemoteProducer* end = far(pipe);
    if (!end) continue;
    end->tell_wishes(now);
    deadlines_.set(pipe.slot, end->next_timeout());
  }
  to_tell_.clear();
}

PipeTable::Counters PipeTable::counters() const {
  Counters sum = closed_;
  for (const auto& end : near_) {
    if (!end) continue;
    sum.packets += end->counters().packets;
    sum.dropped += end->counters().dropped;
  }
  for (const auto& end : far_)
    if (end) sum.dropped += end->buffers_missing();
  return sum;
}

}  // namespace sfu::core
