#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/bytes.h"

namespace sfu::micro {

/// AES-128-GCM by the fastest library of this machine, and nothing around it.
class BareGcm {
 public:
  explicit BareGcm(std::uint8_t key);
  ~BareGcm();
  BareGcm(BareGcm&&) noexcept;

  static const char* library();
  /// Encrypts `plain` to `out` and puts the tag of 16 bytes behind it.
  void seal(std::uint64_t index, Bytes header, Bytes plain, std::uint8_t* out);

 private:
  struct Key;
  std::unique_ptr<Key> key_;
};

/// Who reads what the receivers get. The kernel hands a buffer back where it was read: on the
/// sender's core it is still in the cache for the next packet, as behind a network card; from
/// another core, as under a load generator, each has to come back.
enum class Readers { kNone, kSameCore, kOtherCore };

/// What forwarding cannot be cheaper than: one socket sends to many on loopback, each with a key of
/// its own, and for each packet there is a header to write, a payload to encrypt and a share of a
/// call. There is no routing, no state, no timer.
class FanOut {
 public:
  struct Options {
    std::size_t receivers = 50;
    std::size_t packet_size = 1200;
    std::size_t packets = 5;  // To each receiver in a round.
    bool gso = true;          // One call for all of them, else a call for each.
    Readers readers = Readers::kSameCore;
  };

  explicit FanOut(const Options& options);
  ~FanOut();
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  /// Sends one round. False where the kernel took less than all.
  bool send();
  /// Waits until all that has come is read, which is not the sender's work.
  void drain();

 private:
  struct Receiver;

  bool send_to(Receiver& receiver);
  void read_all();
  void read_on_other_core();

  const Options options_;
  const std::vector<std::uint8_t> payload_;
  std::vector<std::uint8_t> buffer_;
  int socket_ = -1;
  std::vector<Receiver> receivers_;
  std::uint64_t index_ = 0;
  // Rounds that the other core's reader is to read, and has read.
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<std::uint64_t> read_{0};
  std::atomic<bool> ends_{false};
  std::thread reader_;
};

}  // namespace sfu::micro
