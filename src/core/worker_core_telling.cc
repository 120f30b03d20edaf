#include <utility>

#include "core/worker_core_impl.h"

// What is told of media while it flows: how well it comes, and how loud it is.

namespace sfu::core {

void WorkerCore::Impl::tell_scores(ProducerId id) {
  const Published* published = find_local_producer(id);
  if (!published) return;
  const media::Producer& producer = *at(published->slot)->find_producer(id);
  events_.emplace_back(ProducerScoreChanged{slots_[published->slot].room, id, producer.scores()});
}

void WorkerCore::Impl::listen_to(const media::RoomAudible& room) {
  audible_rooms_.push_back(room.router);
  if (!levels_due_) levels_due_ = room.at + kAudioInterval;
}

void WorkerCore::Impl::tell_levels(Timestamp now) {
  if (!levels_due_ || now < *levels_due_) return;
  std::erase_if(audible_rooms_, [this](RouterId id) {
    const auto room = rooms_.find(id);
    if (room == rooms_.end()) return true;
    AudioLevels told{id, {}};
    const bool goes_on = room->second.router->audio().take_levels(told.levels);
    events_.emplace_back(std::move(told));
    return !goes_on;
  });
  levels_due_ = now + kAudioInterval;
  if (audible_rooms_.empty()) levels_due_.reset();
}

}  // namespace sfu::core
