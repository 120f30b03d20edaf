#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/fifo.h"
#include "base/sans_io.h"
#include "ice/credentials.h"
#include "ice/diagnosis.h"
#include "ice/events.h"
#include "ice/seen_transactions.h"
#include "stun/message.h"

namespace sfu::ice {

/// What became of a datagram. Only `Answered` changes more than counters.
enum class Outcome : std::uint8_t {
  Answered,               // A valid check: the path is validated, consent is refreshed.
  AnsweredWithError,      // Authenticated, but refused with 400, 420 or 487.
  DroppedMalformed,       // Not a STUN message.
  DroppedNotARequest,     // A response, an indication, or a method other than Binding.
  DroppedBadFingerprint,  // FINGERPRINT is there and wrong.
  DroppedWrongUsername,   // No USERNAME, or not of this agent.
  DroppedBadIntegrity,    // No MESSAGE-INTEGRITY, or a wrong one.
  DroppedReplay,          // A valid check that came before, now from a stranger's address.
};

/// The ICE-lite side of one transport (RFC 8445 §2.5): answers connectivity checks, learns the
/// peer's paths from those that are valid, and the one to send on from those that nominate. Always
/// controlled. Promises: only what carries our password changes anything, and that only once; at
/// most kMaxPaths paths. After each call of a function that is not const, drain poll_transmit() and
/// poll_event().
class LiteAgent {
 public:
  /// Several networks and both families of one client; the least recently checked gives way.
  static constexpr std::size_t kMaxPaths = 16;
  /// Two intervals between consent checks at their longest (RFC 7675 §5.1: 5 s and a fifth). When
  /// the selected path was silent for so long, media follows the checks that still come. So a new
  /// port at the client's NAT costs no 30 s with browsers that nominate once only.
  static constexpr TimeDelta kSilenceBeforeMoving = std::chrono::seconds(12);
  /// Far more than one call can cause: an owner that reaches it never drains.
  static constexpr std::size_t kMaxUndrainedEvents = 256;

  struct Config {
    Credentials credentials;
    /// A lite agent sends no checks, so the peer's own are its sign of consent (RFC 7675 §5.1).
    TimeDelta consent_timeout = std::chrono::seconds(30);
  };

  explicit LiteAgent(Config config);

  /// A STUN datagram whose USERNAME names this agent, or which came along one of its paths.
  Outcome handle_datagram(Timestamp now, const Datagram& datagram);
  void handle_timeout(Timestamp now);
  std::optional<Transmit> poll_transmit();
  std::optional<Event> poll_event();
  /// When the consent of some path ends.
  std::optional<Timestamp> next_timeout() const;

  /// ICE restart (RFC 8445 §9): `fresh` counts from now on, the former credentials until the first
  /// valid check with `fresh`. Media goes on along the selected path meanwhile.
  void restart(Credentials fresh);
  /// The owner gave `path` to another transport. PathRemoved comes all the same: it is about this
  /// agent's view alone.
  void forget_path(const Path& path);

  /// Those to signal to the peer.
  const Credentials& credentials() const { return pending_ ? *pending_ : current_; }
  State state() const { return state_; }
  /// Where to send: the nominated path, or before any nomination the first validated one
  /// (RFC 8445 §12.1 allows it). Empty when New or Disconnected.
  const std::optional<Path>& selected_path() const { return selected_; }
  /// Media and DTLS are taken from these, selected or not.
  bool is_validated(const Path& path) const;
  std::size_t path_count() const { return paths_.size(); }

  Diagnosis diagnosis() const;

 private:
  struct ValidPath {
    Path path;
    Timestamp last_check;
  };

  Outcome refused(const Path& path, Outcome outcome, std::uint64_t& counter);
  const Credentials* credentials_for(const stun::MessageView& request) const;
  static int error_in(const stun::MessageView& request);
  void answer(const Path& path, const stun::MessageView& request, const Credentials& credentials);
  void answer_error(const Path& path, const stun::MessageView& request,
                    const Credentials& credentials, int code);
  void finish_restart();
  void validate(Timestamp now, const Path& path);
  void nominate(const Path& path, const stun::MessageView& request);
  ValidPath* find(const Path& path);
  bool selected_is_silent(Timestamp now) const;
  void make_room();
  void remove(const Path& path);
  void select_unnominated(const std::optional<Path>& path);
  void select(const std::optional<Path>& path);
  void emit(Event event);
  void update_state();
  void remember_checked(const Endpoint& local);

  Credentials current_;
  std::optional<Credentials> pending_;  // Signaled by restart(), not yet used by the peer.
  TimeDelta consent_timeout_;
  State state_ = State::New;
  std::vector<ValidPath> paths_;  // At most kMaxPaths.
  std::optional<Path> selected_;
  bool nominated_ = false;  // Whether selected_ was nominated.
  SeenTransactions transactions_;
  std::optional<std::uint32_t> nomination_;  // The highest value of attribute 0xC001.
  std::optional<Transmit> outbox_;           // One answer at most: callers drain after every call.
  Fifo<Event> events_;
  Diagnosis seen_;
};

}  // namespace sfu::ice
