#include "service/consumer_handler.h"

#include <utility>

#include "base/check.h"

namespace sfu::service {

bool ConsumerHandler::reserve(ProducerId producer) {
  return !by_producer_.contains(producer) && reserved_.insert(producer).second;
}

Consumer& ConsumerHandler::add(Consumer consumer) {
  SFU_CHECK(reserved_.erase(consumer.producer) == 1);
  by_producer_.emplace(consumer.producer, consumer.id);
  return consumers_.emplace(consumer.id, std::move(consumer)).first->second;
}

Consumer* ConsumerHandler::find(ConsumerId id) {
  const auto found = consumers_.find(id);
  return found == consumers_.end() ? nullptr : &found->second;
}

const Consumer* ConsumerHandler::find_by_producer(ProducerId producer) const {
  const auto found = by_producer_.find(producer);
  return found == by_producer_.end() ? nullptr : &consumers_.at(found->second);
}

void ConsumerHandler::set_all_announced() {
  for (auto& [id, consumer] : consumers_) consumer.announced = true;
}

std::optional<Consumer> ConsumerHandler::remove_by_producer(ProducerId producer) {
  reserved_.erase(producer);
  const auto found = by_producer_.find(producer);
  if (found == by_producer_.end()) return std::nullopt;
  auto removed = consumers_.extract(found->second);
  by_producer_.erase(found);
  return std::move(removed.mapped());
}

std::vector<Consumer> ConsumerHandler::remove_all() {
  std::vector<Consumer> removed;
  removed.reserve(consumers_.size());
  for (auto& [id, consumer] : consumers_) removed.push_back(std::move(consumer));
  consumers_.clear();
  by_producer_.clear();
  reserved_.clear();
  return removed;
}

}  // namespace sfu::service
