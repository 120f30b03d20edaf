#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace sfu {

/// First in, first out, for what is put in now and then and drained soon: it holds no memory while
/// it is empty (a std::deque of anything keeps 576 bytes). There is one of these, or several, for
/// each of many thousand objects.
template <class T>
class Fifo {
 public:
  using value_type = T;
  using const_iterator = typename std::vector<T>::const_iterator;

  bool empty() const { return next_ == items_.size(); }
  std::size_t size() const { return items_.size() - next_; }
  const_iterator begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(next_); }
  const_iterator end() const { return items_.end(); }

  void push_back(T item) { items_.push_back(std::move(item)); }
  template <class... Arguments>
  void emplace_back(Arguments&&... arguments) {
    items_.emplace_back(std::forward<Arguments>(arguments)...);
  }

  std::optional<T> pop_front() {
    if (empty()) return std::nullopt;
    std::optional<T> front(std::move(items_[next_++]));
    if (empty()) {
      clear();
    } else if (next_ >= kMaxTaken && 2 * next_ >= items_.size()) {
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(next_));
      next_ = 0;
    }
    return front;
  }
  void clear() {
    std::vector<T>().swap(items_);
    next_ = 0;
  }

 private:
  /// So many taken items may lie before the first that is left, or as many as are left.
  static constexpr std::size_t kMaxTaken = 16;

  std::vector<T> items_;
  std::size_t next_ = 0;
};

}  // namespace sfu
