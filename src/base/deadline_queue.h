#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/units.h"

namespace sfu {

/// Which of many numbered things is due first: at most one deadline for each slot number, kept in
/// an indexed binary heap, so that setting, moving and removing one costs O(log n) and allocates
/// only while the number of slots grows.
class DeadlineQueue {
 public:
  using Slot = std::uint32_t;

  /// Sets, moves or (with nullopt) removes the deadline of `slot`.
  void set(Slot slot, std::optional<Timestamp> deadline);

  std::optional<Timestamp> next() const {
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().deadline);
  }
  /// Takes out the earliest slot that is due at `now`.
  std::optional<Slot> pop_due(Timestamp now);

  std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    Timestamp deadline;
    Slot slot;
  };
  static constexpr std::size_t kAbsent = ~std::size_t{0};

  void place(std::size_t at, Entry entry);
  void sift_up(std::size_t at);
  void sift_down(std::size_t at);
  void remove(std::size_t at);

  std::vector<Entry> heap_;
  std::vector<std::size_t> position_;  // By slot.
};

}  // namespace sfu
