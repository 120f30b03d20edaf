#pragma once

#include <utility>

namespace sfu {

/// Where it is noted that an invariant does not hold which one peer's input may have broken. Unlike
/// after an SFU_CHECK the process goes on: whoever noticed leaves its work undone, and whoever
/// handed the input in takes the note and ends that peer.
class FaultNote {
 public:
  /// Returns `holds`. Where that is false it notes `what`, unless there is a note already.
  bool expect(bool holds, const char* what) {
    if (!holds && !what_) [[unlikely]]
      what_ = what;
    return holds;
  }
  /// What did not hold, once; null where all did.
  const char* take() { return std::exchange(what_, nullptr); }
  bool is_set() const { return what_ != nullptr; }

 private:
  const char* what_ = nullptr;
};

}  // namespace sfu

/// True where `condition` holds; else it is noted in `note`.
#define SFU_EXPECT(note, condition) ((note).expect(static_cast<bool>(condition), #condition))
