#include "media/router.h"

namespace sfu::media {

Source* Router::add_source(const SourceOptions& options) {
  if (sources_.size() == kMaxSources || sources_.contains(options.producer)) return nullptr;
  auto source = std::make_unique<Source>(options, events_);
  return sources_.emplace(options.producer, std::move(source)).first->second.get();
}

void Router::remove_source(ProducerId producer) {
  const auto node = sources_.extract(producer);  // Out of the map before subscribers hear of it.
}

Source* Router::find(ProducerId producer) {
  const auto found = sources_.find(producer);
  return found == sources_.end() ? nullptr : found->second.get();
}

bool Router::subscribe(Timestamp now, ProducerId producer, Subscriber& subscriber,
                       PacketSink& sink) {
  Source* source = find(producer);
  if (!source) return false;
  source->subscribe(now, subscriber, sink);
  return true;
}

}  // namespace sfu::media
