#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "base/link_writer.h"

namespace sfu::worker {

/// A bounded ring of messages from one worker's thread to another's. The two indices are all that
/// they share: each thread touches them once a batch, and the writer once more where the ring looks
/// full. The memory is taken at the first message.
///
/// A message lies in one piece behind its size; one that does not fit before the end of the ring
/// begins at its start again:
///
///     | size | message, padded to 8 | size | message ... | kSkip | unused |
class WorkerLink final : public LinkWriter {
 public:
  /// Some 800 packets: what a worker can bring while another one is busy for a few milliseconds.
  static constexpr std::size_t kCapacity = 1024 * 1024;

  /// `capacity` is a power of two. Messages of up to a half of it are taken.
  explicit WorkerLink(std::size_t capacity = kCapacity);
  WorkerLink(const WorkerLink&) = delete;
  WorkerLink& operator=(const WorkerLink&) = delete;

  // The writer's thread.

  MutableBytes reserve(std::size_t size) override;
  void commit() override;
  /// Shows the reader all that was committed. True where it has to be woken, since it had read all
  /// that it was shown before.
  bool publish();

  // The reader's thread.

  /// Calls `visit(Bytes)` for each message that is there, at most `most` of them. True where more
  /// is there: the reader comes again without being woken.
  template <class Visit>
  bool read(std::size_t most, Visit visit);

 private:
  static constexpr std::size_t kCacheLine = 64;
  static constexpr std::uint64_t kSkip = ~std::uint64_t{0};
  static constexpr std::size_t kHeader = sizeof(std::uint64_t);

  /// What a message of so many bytes takes of the ring.
  static constexpr std::size_t footprint(std::size_t size) {
    return kHeader + (size + kAlignment - 1) / kAlignment * kAlignment;
  }
  std::uint8_t* at(std::uint64_t index) const { return ring_.get() + (index & (capacity_ - 1)); }
  std::size_t room_to_end(std::uint64_t index) const {
    return capacity_ - static_cast<std::size_t>(index & (capacity_ - 1));
  }
  bool fits(std::size_t bytes);

  const std::size_t capacity_;

  // Indices count all bytes that ever passed.

  // The writer's own.
  std::unique_ptr<std::uint8_t[]> ring_;  // The reader looks at it once it was shown something.
  std::uint64_t written_ = 0;
  std::uint64_t reserved_ = 0;  // Where written_ will be.
  std::uint64_t shown_ = 0;
  std::uint64_t known_read_ = 0;  // read_index_ when it was last looked at.

  alignas(kCacheLine) std::atomic<std::uint64_t> write_index_ = 0;
  alignas(kCacheLine) std::atomic<std::uint64_t> read_index_ = 0;

  // The reader's own.
  alignas(kCacheLine) std::uint64_t read_ = 0;
};

template <class Visit>
bool WorkerLink::read(std::size_t most, Visit visit) {
  const std::uint64_t end = write_index_.load(std::memory_order_acquire);
  if (read_ == end) return false;
  while (read_ != end && most > 0) {
    std::uint64_t size;
    std::memcpy(&size, at(read_), kHeader);
    if (size == kSkip) {
      read_ += room_to_end(read_);
      continue;
    }
    visit(Bytes(at(read_) + kHeader, static_cast<std::size_t>(size)));
    read_ += footprint(static_cast<std::size_t>(size));
    --most;
  }
  // The writer stores its index and then looks at ours, we the other way round: in the one order
  // of both, whoever is second sees the other's, so no message is left without a wake-up.
  read_index_.store(read_, std::memory_order_seq_cst);
  return write_index_.load(std::memory_order_seq_cst) != read_;
}

}  // namespace sfu::worker
