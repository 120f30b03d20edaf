#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/fifo.h"
#include "base/units.h"
#include "dtls/datagram_bio.h"

namespace sfu::dtls {

/// Sends the last flight again until it is answered (RFC 6347 §4.2.4), on our clock: the same
/// bytes, for a receiver discards only what it already has; or, where there are copies of the
/// flight in new records, each of these once first.
class Retransmission {
 public:
  /// The first wait; it doubles up to the second figure. RFC 6347 §4.2.4.1 speaks of 1 s and 60 s:
  /// a meeting cannot wait so long for a lost datagram.
  static constexpr TimeDelta kInitialDelay = std::chrono::milliseconds(50);
  static constexpr TimeDelta kMaxDelay = std::chrono::seconds(2);

  /// A new flight was sent just now; whatever went before is answered. `flights` is not empty: the
  /// flight and its copies.
  void start(Timestamp now, std::vector<Flight> flights);
  /// The flight needs no answer; it is kept for repeat_on_demand().
  void stop_timer();
  void forget();

  void handle_timeout(Timestamp now, Fifo<DatagramBytes>& outbox);
  /// The peer repeats what our flight answers. At most once in kInitialDelay.
  void repeat_on_demand(Timestamp now, Fifo<DatagramBytes>& outbox);
  std::optional<Timestamp> next_timeout() const { return deadline_; }

 private:
  void repeat(Fifo<DatagramBytes>& outbox);

  std::vector<Flight> flights_;
  std::size_t current_ = 0;
  TimeDelta delay_{};
  std::optional<Timestamp> deadline_;
  std::optional<Timestamp> last_demand_;
};

}  // namespace sfu::dtls
