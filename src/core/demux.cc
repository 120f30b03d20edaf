#include "core/demux.h"

#include <utility>

namespace sfu::core {

void Demux::add_ufrag(std::string_view ufrag, Slot slot) {
  remove_ufrag(ufrag);
  ufrags_.emplace(ufrag, slot);
  owned_[slot].ufrags.emplace_back(ufrag);
}

void Demux::remove_ufrag(std::string_view ufrag) {
  const auto found = ufrags_.find(ufrag);
  if (found == ufrags_.end()) return;
  std::erase(owned_[found->second].ufrags, ufrag);
  ufrags_.erase(found);
}

std::optional<Demux::Slot> Demux::find_ufrag(std::string_view ufrag) const {
  const auto found = ufrags_.find(ufrag);
  return found == ufrags_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Demux::Slot> Demux::assign(const Path& path, Slot slot) {
  latest_.reset();
  const auto [entry, is_new] = paths_.try_emplace(path, slot);
  if (!is_new && entry->second == slot) return std::nullopt;
  owned_[slot].paths.push_back(path);
  if (is_new) return std::nullopt;
  disown(path, entry->second);
  return std::exchange(entry->second, slot);
}

void Demux::disown(const Path& path, Slot slot) {
  if (const auto owned = owned_.find(slot); owned != owned_.end())
    std::erase(owned->second.paths, path);
}

void Demux::remove(const Path& path, Slot slot) {
  const auto found = paths_.find(path);
  if (found == paths_.end() || found->second != slot) return;
  latest_.reset();
  disown(path, slot);
  paths_.erase(found);
  note_released(path);
}

void Demux::remove_all(Slot slot) {
  const auto owned = owned_.find(slot);
  if (owned == owned_.end()) return;
  latest_.reset();
  for (const Path& path : owned->second.paths) {
    paths_.erase(path);
    note_released(path);
  }
  for (const std::string& ufrag : owned->second.ufrags) ufrags_.erase(ufrag);
  owned_.erase(owned);
}

void Demux::note_released(const Path& path) {
  if (path.protocol == IpProtocol::Tcp) released_streams_.push_back(path);
}

std::optional<Path> Demux::poll_released_stream() {
  while (!released_streams_.empty()) {
    const Path path = released_streams_.back();
    released_streams_.pop_back();
    if (!paths_.contains(path)) return path;
  }
  return std::nullopt;
}

std::optional<Demux::Slot> Demux::search(const Path& path) {
  const auto found = paths_.find(path);
  if (found == paths_.end()) return std::nullopt;
  latest_ = Found{path, found->second};
  return found->second;
}

}  // namespace sfu::core
