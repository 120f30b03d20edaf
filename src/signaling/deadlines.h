#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/units.h"

namespace sfu::signaling {

/// At most one deadline for each key, the earliest at hand.
template <class Key>
class Deadlines {
 public:
  void set(const Key& key, Timestamp at) {
    clear(key);
    by_time_.emplace(at, key);
    by_key_.emplace(key, at);
  }
  void clear(const Key& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    by_time_.erase({found->second, key});
    by_key_.erase(found);
  }
  bool contains(const Key& key) const { return by_key_.contains(key); }
  std::optional<Timestamp> next() const {
    return by_time_.empty() ? std::nullopt : std::optional(by_time_.begin()->first);
  }
  std::size_t size() const { return by_key_.size(); }
  /// Takes out and returns the key with the earliest deadline.
  std::optional<Key> pop_first() {
    if (by_time_.empty()) return std::nullopt;
    const Key key = by_time_.begin()->second;
    clear(key);
    return key;
  }
  /// Takes out and returns one key whose deadline is not after `now`.
  std::optional<Key> pop_due(Timestamp now) {
    if (by_time_.empty() || by_time_.begin()->first > now) return std::nullopt;
    const Key key = by_time_.begin()->second;
    clear(key);
    return key;
  }

 private:
  std::set<std::pair<Timestamp, Key>> by_time_;
  std::unordered_map<Key, Timestamp> by_key_;
};

}  // namespace sfu::signaling
