#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "base/result.h"
#include "base/units.h"
#include "core/commands.h"
#include "core/events.h"
#include "service/worker_watch.h"
#include "worker/worker_port.h"

namespace sfu::service {

namespace asio = boost::asio;

/// The service's end of one media worker: turns commands and their replies, which cross a mailbox,
/// into calls that a coroutine waits for. What the worker is slow to answer waits here, in order,
/// so that the mailbox never refuses what must not get lost. It belongs to the service thread.
class Worker {
 public:
  /// Commands in the mailbox or at work at one time.
  static constexpr std::size_t kMaxUnderWay = 4096;

  using Outcome = Result<core::ReplyValue, core::CommandError>;
  using Clock = std::function<Timestamp()>;

  /// `port` outlives the worker.
  Worker(std::size_t index, worker::WorkerPort& port, Clock clock);

  std::size_t index() const { return index_; }

  asio::awaitable<Outcome> request(core::Command command);
  /// The two halves of request(): several commands may be under way before the first is awaited.
  /// Each start() is to be followed by one finish().
  [[nodiscard]] core::RequestId start(core::Command command);
  asio::awaitable<Outcome> finish(core::RequestId id);
  /// For closing: whatever the answer is, there is nothing more to do.
  void send(core::Command command);

  /// Resumes whoever waits for it, within this call.
  void handle_reply(core::Reply reply);

  /// Looks at its pulse; to be called about every WorkerWatch::kInterval. Of one that gets stuck,
  /// questions that wait are answered with CommandError::NotFound: whoever asks for figures gets
  /// those of the others. Everything else goes on waiting.
  WorkerWatch::Change look();
  const WorkerWatch& watch() const { return watch_; }

  /// True where its loop does not turn, or the oldest command without an answer is older than
  /// `patience`.
  bool is_stuck(TimeDelta patience) const;
  /// Asks something small where nothing is under way, so that is_stuck() has what to judge by.
  void probe();

 private:
  struct Pending {
    Timestamp since;
    bool wanted = true;
    bool is_question = false;  // It changes nothing.
    std::optional<Outcome> outcome;
    asio::any_completion_handler<void()> resume;
  };

  struct Waiting {
    core::RequestId id;
    core::Command command;
  };

  core::RequestId post(core::Command command, bool wanted);
  void hand_over();
  void refuse_questions();
  void refuse_question(core::RequestId id, Pending& pending);

  const std::size_t index_;
  worker::WorkerPort& port_;
  const Clock clock_;
  WorkerWatch watch_;
  std::uint64_t last_request_ = 0;
  std::size_t under_way_ = 0;
  std::deque<Waiting> waiting_;
  std::set<core::RequestId> refused_;           // Under way all the same.
  std::map<core::RequestId, Pending> pending_;  // Oldest first, as ids are counted up.
};

}  // namespace sfu::service
