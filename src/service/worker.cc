#include "service/worker.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"

namespace sfu::service {

Worker::Worker(std::size_t index, worker::WorkerPort& port, Clock clock)
    : index_(index), port_(port), clock_(std::move(clock)) {}

asio::awaitable<Worker::Outcome> Worker::request(core::Command command) {
  const core::RequestId id = start(std::move(command));
  co_return co_await finish(id);
}

core::RequestId Worker::start(core::Command command) { return post(std::move(command), true); }

void Worker::send(core::Command command) { post(std::move(command), false); }

core::RequestId Worker::post(core::Command command, bool wanted) {
  const core::RequestId id{++last_request_};
  const bool is_question = std::holds_alternative<core::GetWorkerStats>(command) ||
                           std::holds_alternative<core::GetTransportStats>(command) ||
                           std::holds_alternative<core::GetProducerStats>(command);
  pending_.emplace(id, Pending{clock_(), wanted, is_question, std::nullopt, {}});
  waiting_.push_back({id, std::move(command)});
  hand_over();
  return id;
}

void Worker::hand_over() {
  while (!waiting_.empty() && under_way_ < kMaxUnderWay) {
    ++under_way_;
    port_.post(waiting_.front().id, std::move(waiting_.front().command));
    waiting_.pop_front();
  }
}

asio::awaitable<Worker::Outcome> Worker::finish(core::RequestId id) {
  const auto found = pending_.find(id);
  SFU_CHECK(found != pending_.end() && found->second.wanted);
  Pending& pending = found->second;
  if (watch_.is_stuck()) refuse_question(id, pending);
  if (!pending.outcome) {
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        [&pending](auto handler) {
          // Swapped in: move assignment of this type calls itself for ever in Boost 1.81.
          asio::any_completion_handler<void()>(std::move(handler)).swap(pending.resume);
        },
        asio::use_awaitable);
  }
  Outcome outcome = *std::move(pending.outcome);
  pending_.erase(id);
  co_return outcome;
}

void Worker::handle_reply(core::Reply reply) {
  const bool is_refused = refused_.erase(reply.request) > 0;
  const auto found = pending_.find(reply.request);
  if (!is_refused && found == pending_.end()) return;
  --under_way_;
  hand_over();
  if (is_refused) return;
  if (!found->second.wanted) {
    pending_.erase(found);
    return;
  }
  found->second.outcome = std::move(reply.result);
  // Moved out first: the coroutine erases the entry that holds it.
  if (auto resume = std::move(found->second.resume)) std::move(resume)();
}

WorkerWatch::Change Worker::look() {
  const auto pulse = port_.pulse();
  if (!pulse) return WorkerWatch::Change::None;
  const auto change = watch_.look(clock_(), *pulse);
  if (change == WorkerWatch::Change::Stuck) refuse_questions();
  return change;
}

void Worker::refuse_questions() {
  std::vector<asio::any_completion_handler<void()>> resumed;
  for (auto& [id, pending] : pending_) {
    refuse_question(id, pending);
    if (pending.outcome && pending.resume) resumed.push_back(std::move(pending.resume));
  }
  for (auto& resume : resumed) std::move(resume)();
}

/// Its answer, when it comes, is of no use any more.
void Worker::refuse_question(core::RequestId id, Pending& pending) {
  if (!pending.is_question || !pending.wanted || pending.outcome) return;
  pending.outcome = sfu::fail(core::CommandError::NotFound);
  refused_.insert(id);
}

bool Worker::is_stuck(TimeDelta patience) const {
  if (watch_.is_stuck()) return true;
  for (const auto& [id, pending] : pending_)
    if (!pending.outcome) return clock_() - pending.since > patience;
  return false;
}

void Worker::probe() {
  if (pending_.empty()) send(core::GetWorkerStats{});
}

}  // namespace sfu::service
