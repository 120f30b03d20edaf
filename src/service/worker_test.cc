#include "service/worker.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "service/turn_queue.h"

namespace sfu::service {
namespace {

/// Writes down what it is given; tests answer.
class Mailbox final : public worker::WorkerPort {
 public:
  void post(core::RequestId request, core::Command) override { posted.push_back(request); }
  std::optional<worker::Pulse> pulse() const override { return beat; }
  worker::Pulse beat;
  std::vector<core::RequestId> posted;
};

class WorkerTest : public testing::Test {
 protected:
  void answer(core::RequestId request) {
    worker_.handle_reply(core::Reply{request, core::ReplyValue(core::Done{})});
  }
  void spawn(asio::awaitable<void> coroutine) {
    asio::co_spawn(context_, std::move(coroutine), asio::detached);
    run();
  }
  void run() {
    context_.restart();
    context_.poll();
  }

  asio::io_context context_;
  Mailbox mailbox_;
  Timestamp now_{};
  Worker worker_{0, mailbox_, [this] { return now_; }};
};

TEST_F(WorkerTest, AnAnswerThatComesBeforeItIsAwaitedIsKept) {
  const auto first = worker_.start(core::GetWorkerStats{});
  const auto second = worker_.start(core::GetWorkerStats{});
  answer(second);
  std::string order;
  const auto wait_for_both = [&]() -> asio::awaitable<void> {
    co_await worker_.finish(first);
    order += "first ";
    co_await worker_.finish(second);
    order += "second ";
  };
  spawn(wait_for_both());
  EXPECT_EQ(order, "");
  answer(first);
  EXPECT_EQ(order, "first second ");
}

TEST_F(WorkerTest, HoldsBackWhatTheMailboxHasNoRoomForAndLosesNothing) {
  for (std::size_t i = 0; i < Worker::kMaxUnderWay + 3; ++i) worker_.send(core::GetWorkerStats{});
  EXPECT_EQ(mailbox_.posted.size(), Worker::kMaxUnderWay);
  answer(mailbox_.posted[0]);
  EXPECT_EQ(mailbox_.posted.size(), Worker::kMaxUnderWay + 1);
  answer(mailbox_.posted[0]);  // Answered before: it makes no room twice.
  EXPECT_EQ(mailbox_.posted.size(), Worker::kMaxUnderWay + 1);
  answer(mailbox_.posted[1]);
  answer(mailbox_.posted[2]);
  ASSERT_EQ(mailbox_.posted.size(), Worker::kMaxUnderWay + 3);
  EXPECT_LT(mailbox_.posted[mailbox_.posted.size() - 2], mailbox_.posted.back());
}

TEST_F(WorkerTest, OneThatGetsStuckRefusesQuestionsAndGoesOnWaitingForTheRest) {
  const auto question = worker_.start(core::GetWorkerStats{});
  const auto request = worker_.start(core::CreateRouter{});
  std::string told;
  const auto wait_for = [&](core::RequestId id, std::string name) -> asio::awaitable<void> {
    const auto outcome = co_await worker_.finish(id);
    told += name + (outcome ? ":done " : ":refused ");
  };
  spawn(wait_for(question, "question"));
  spawn(wait_for(request, "request"));
  worker_.look();
  while (!worker_.watch().is_stuck()) {
    EXPECT_EQ(told, "");
    now_ += WorkerWatch::kInterval;
    worker_.look();
  }
  EXPECT_TRUE(worker_.is_stuck(std::chrono::hours(1)));
  EXPECT_EQ(told, "question:refused ");
  const auto late = worker_.start(core::GetTransportStats{});
  spawn(wait_for(late, "late"));
  const auto later = worker_.start(core::GetProducerStats{});
  spawn(wait_for(later, "later"));
  EXPECT_EQ(told, "question:refused late:refused later:refused ");

  ++mailbox_.beat.turns;
  EXPECT_EQ(worker_.look(), WorkerWatch::Change::Recovered);
  for (const auto id : {question, request, late, later}) answer(id);
  EXPECT_EQ(told, "question:refused late:refused later:refused request:done ");
}

TEST_F(WorkerTest, RefusedQuestionsMakeRoomInTheMailboxWhenTheyAreAnswered) {
  const auto ask = [&]() -> asio::awaitable<void> {
    co_await worker_.request(core::GetWorkerStats{});
  };
  for (std::size_t i = 0; i < Worker::kMaxUnderWay + 1; ++i) spawn(ask());
  worker_.look();
  while (!worker_.watch().is_stuck()) {
    now_ += WorkerWatch::kInterval;
    worker_.look();
  }
  EXPECT_EQ(mailbox_.posted.size(), Worker::kMaxUnderWay);
  answer(mailbox_.posted.front());
  EXPECT_EQ(mailbox_.posted.size(), Worker::kMaxUnderWay + 1);
}

TEST_F(WorkerTest, IsStuckOnceTheOldestQuestionHasWaitedTooLong) {
  constexpr auto kPatience = std::chrono::seconds(5);
  worker_.probe();
  worker_.probe();
  EXPECT_EQ(mailbox_.posted.size(), 1u) << "one question is enough";
  now_ += kPatience;
  EXPECT_FALSE(worker_.is_stuck(kPatience));
  now_ += TimeDelta(1);
  EXPECT_TRUE(worker_.is_stuck(kPatience));
  answer(mailbox_.posted[0]);
  EXPECT_FALSE(worker_.is_stuck(kPatience));
}

TEST_F(WorkerTest, TurnsOfOneKeyComeInOrderAndThoseOfOthersDoNotWait) {
  TurnQueue turns(context_.get_executor());
  std::string order;
  const auto work = [&](std::string name, core::RequestId until) -> asio::awaitable<void> {
    order += name + "< ";
    co_await worker_.finish(until);
    order += ">" + name + " ";
  };
  std::vector<core::RequestId> gates;
  for (int i = 0; i < 4; ++i) gates.push_back(worker_.start(core::GetWorkerStats{}));
  spawn(turns.run("room", work("a", gates[0])));
  spawn(turns.run("room", work("b", gates[1])));
  spawn(turns.run("room", work("c", gates[2])));
  spawn(turns.run("other", work("d", gates[3])));
  EXPECT_EQ(order, "a< d< ");
  answer(gates[1]);
  answer(gates[3]);
  EXPECT_EQ(order, "a< d< >d ");
  answer(gates[0]);
  run();
  EXPECT_EQ(order, "a< d< >d >a b< >b c< ");
  answer(gates[2]);
  run();
  EXPECT_EQ(turns.busy_keys(), 0u);
}

}  // namespace
}  // namespace sfu::service
