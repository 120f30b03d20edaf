#include "core/demux.h"

#include <utility>

namespace sfu::core {

void Demux::add_ufrag(std::string_view ufrag, Slot slot) { ufrags_[std::string(ufrag)] = slot; }

void Demux::remove_ufrag(std::string_view ufrag) {
  if (const auto found = ufrags_.find(ufrag); found != ufrags_.end()) ufrags_.erase(found);
}

std::optional<Demux::Slot> Demux::find_ufrag(std::string_view ufrag) const {
  const auto found = ufrags_.find(ufrag);
  return found == ufrags_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Demux::Slot> Demux::assign(const Path& path, Slot slot) {
  const auto [entry, is_new] = paths_.try_emplace(path, slot);
  if (is_new || entry->second == slot) return std::nullopt;
  return std::exchange(entry->second, slot);
}

void Demux::remove(const Path& path, Slot slot) {
  const auto found = paths_.find(path);
  if (found != paths_.end() && found->second == slot) paths_.erase(found);
}

void Demux::remove_all(Slot slot) {
  std::erase_if(paths_, [slot](const auto& entry) { return entry.second == slot; });
  std::erase_if(ufrags_, [slot](const auto& entry) { return entry.second == slot; });
}

std::optional<Demux::Slot> Demux::find(const Path& path) const {
  const auto found = paths_.find(path);
  return found == paths_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sfu::core
