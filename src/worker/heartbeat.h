#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace sfu::worker {

/// What a worker's loop is at.
enum class Stage : std::uint8_t {
  Waiting,
  Command,
  Links,
  Datagrams,
  Streams,
  Timers,
  Sending,
  Delivering,
};

/// What is seen of a worker's loop from outside at one moment.
struct Pulse {
  std::uint64_t turns = 0;
  Stage stage = Stage::Waiting;
  std::uint8_t command = 0;  // Where the stage is Command: its index in core::Command.

  friend bool operator==(const Pulse&, const Pulse&) = default;
};

/// For people: "handles datagrams", "carries out CreateTransport".
std::string describe(const Pulse& pulse);

/// A loop's sign of life. One thread writes it, with a relaxed store for each stage that has
/// something to do; any other may read it.
class Heartbeat {
 public:
  void begin_turn() {
    ++turns_;
    enter(Stage::Waiting);
  }
  void enter(Stage stage, std::uint8_t command = 0) {
    word_.store(turns_ << 16 | std::uint64_t{command} << 8 | static_cast<std::uint64_t>(stage),
                std::memory_order_relaxed);
  }

  Pulse pulse() const {
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    return {word >> 16, static_cast<Stage>(word & 0xff), static_cast<std::uint8_t>(word >> 8)};
  }

 private:
  std::uint64_t turns_ = 0;  // Of the writer alone.
  std::atomic<std::uint64_t> word_{0};
};

}  // namespace sfu::worker
