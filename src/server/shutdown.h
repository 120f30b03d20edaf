#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"

namespace sfu::server {

/// What a server does from the first wish that it end to its end, as a plain state machine: time
/// and events go in, the phase comes out, and whoever drives it does what the phase says. Phases
/// only ever advance.
class Shutdown {
 public:
  enum class Phase : std::uint8_t {
    Serving,
    Draining,  ///< Meetings may end; no room is opened.
    Closing,   ///< Every connection is closed, in good order.
    Ended,
  };
  enum class Wish : std::uint8_t {
    LetMeetingsEnd,  ///< SIGTERM
    EndMeetings,     ///< SIGINT
  };

  /// How long connections may take to close. A client that is there takes a round trip.
  static constexpr TimeDelta kLongestClosing = std::chrono::seconds(1);

  /// `longest_drain`: for the meetings that run.
  explicit Shutdown(TimeDelta longest_drain) : longest_drain_(longest_drain) {}

  /// A second wish ends the meetings, whatever it is; one more does not wait for connections.
  void handle_wish(Timestamp now, Wish wish);
  void handle_no_meetings(Timestamp now);
  void handle_connections_gone();
  void handle_timeout(Timestamp now);

  Phase phase() const { return phase_; }
  /// When the phase ends at the latest.
  std::optional<Timestamp> next_timeout() const { return deadline_; }

 private:
  void close(Timestamp now);
  void end();

  const TimeDelta longest_drain_;
  Phase phase_ = Phase::Serving;
  std::optional<Timestamp> deadline_;
};

}  // namespace sfu::server
