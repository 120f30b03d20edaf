#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/token_bucket.h"

namespace sfu {

/// A token bucket for each key (an address, a user), for at most `max_keys` of them. A key that
/// there is no room for takes the place of the one that has been quiet for the longest time, so
/// whoever comes with any number of keys makes the table neither grow nor refuse anybody else.
template <class Key>
class KeyedBuckets {
 public:
  KeyedBuckets(const Rate& rate, std::size_t max_keys) : rate_(rate), max_keys_(max_keys) {}

  /// False where there has been too much of this key.
  bool take(Timestamp now, const Key& key) { return bucket(now, key).take(now); }
  /// False as long as something is owed.
  bool has_any(Timestamp now, const Key& key) { return bucket(now, key).has_any(now); }
  // As TokenBucket's.
  void charge(Timestamp now, const Key& key, double cost) { bucket(now, key).charge(now, cost); }
  void charge(Timestamp now, const Key& key, double cost, double most_owed) {
    bucket(now, key).charge(now, cost, most_owed);
  }
  TimeDelta until_any(Timestamp now, const Key& key) { return bucket(now, key).until_any(now); }

  /// What was taken for `key` turned out to cost nothing.
  void give_back(const Key& key) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) found->second->second.give_back();
  }

  std::size_t size() const { return entries_.size(); }

 private:
  using ByUse = std::list<std::pair<Key, TokenBucket>>;  // The latest first.

  TokenBucket& bucket(Timestamp now, const Key& key) {
    forget_full(now);
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, found->second);
      return found->second->second;
    }
    if (entries_.size() >= max_keys_) forget_last();
    by_use_.emplace_front(key, TokenBucket(rate_, now));
    entries_.emplace(key, by_use_.begin());
    return by_use_.front().second;
  }

  /// Those that say no more than a new bucket would. Two for each that may be added, so that the
  /// table shrinks.
  void forget_full(Timestamp now) {
    for (int i = 0; i < 2 && !by_use_.empty() && by_use_.back().second.is_full(now); ++i)
      forget_last();
  }
  void forget_last() {
    entries_.erase(by_use_.back().first);
    by_use_.pop_back();
  }

  const Rate rate_;
  const std::size_t max_keys_;
  ByUse by_use_;
  std::unordered_map<Key, typename ByUse::iterator> entries_;
};

}  // namespace sfu
