#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/deadline_queue.h"
#include "base/result.h"
#include "load/options.h"
#include "load/participant.h"
#include "load/publisher.h"
#include "load/results.h"
#include "load/server_usage.h"
#include "load/viewer.h"

namespace sfu::load {

/// A whole load on one thread: everybody joins, media flows, a window of it is measured, everybody
/// leaves.
class LoadRun {
 public:
  /// Both outlive it.
  LoadRun(const Options& options, RunContext& context);

  /// Says why where the load could not even begin.
  Result<void, std::string> run();
  const Results& results() const { return results_; }

 private:
  using Done = std::function<bool()>;

  Result<void, std::string> invite();
  Result<Participant::Identity, std::string> identify(const std::string& name,
                                                      const std::string& room);
  bool join();
  bool everybody_settled();
  void pump(TimeDelta span, const Done& done = nullptr);
  void start_due(Timestamp now);
  void handle_due_timeouts(Timestamp now);
  void handle_ready(const Poller::Ready& ready);

  WindowResult measure(double seconds);
  std::uint64_t packets_in_window() const;
  /// Waits for what is on its way, and answers packets_in_window() then.
  std::uint64_t drain();
  std::uint64_t expected_in_window() const;
  std::uint64_t own_overflows() const;
  void search_highest_rate();
  void leave();
  void collect();
  void show_progress(Timestamp now);

  template <class Visitor>
  void for_each_consumer(Visitor&& visit) const {
    for (const Viewer* viewer : viewers_)
      for (const auto& consumer : viewer->consumers()) visit(*consumer);
  }

  const Options& options_;
  RunContext& context_;
  ServerProbe probe_;
  std::vector<std::unique_ptr<Participant>> participants_;  // By slot, in the order of joining.
  std::vector<Publisher*> publishers_;
  std::vector<Viewer*> viewers_;
  DeadlineQueue deadlines_;
  std::size_t started_ = 0;
  Timestamp first_start_;
  Timestamp next_look_;
  Timestamp next_progress_;
  Timestamp began_at_;
  TimeDelta nap_{};  // None while people join: answers are timed.
  std::uint64_t shown_packets_ = 0;
  ServerUsage shown_usage_;
  Results results_;
};

}  // namespace sfu::load
