#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "signaling/engineio/server_for_test.h"

// The life of sessions: heartbeats, ends, and what waits to be sent.

namespace sfu::signaling::engineio {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

TEST_F(EngineIoServer, PingsInSteadyIntervalsHoweverLateThePongIs) {
  const WebSocketId ws = open_websocket("EIO=4&transport=websocket");
  pass(seconds(25) - milliseconds(1));
  EXPECT_EQ(sent_[ws].size(), 1u);
  pass(milliseconds(1));
  EXPECT_EQ(sent_[ws].back(), "2");
  pass(seconds(19));
  receive(ws, "3");
  pass(seconds(6) - milliseconds(1));
  EXPECT_EQ(sent_[ws].size(), 2u);
  pass(milliseconds(1));
  EXPECT_EQ(sent_[ws].size(), 3u);
}

TEST_F(EngineIoServer, EndsWithoutAPongAfterIntervalAndTimeoutAndNotBefore) {
  open_polling();
  pass(seconds(45) - milliseconds(1));
  EXPECT_TRUE(closed_.empty());
  pass(milliseconds(1));
  EXPECT_THAT(closed_, ElementsAre(CloseReason::PingTimeout));
}

TEST_F(EngineIoServer, ALateTimerDoesNotStretchTheTimeout) {
  open_polling();
  now_ += seconds(30);
  server_.handle_timeout(now_);
  now_ += seconds(15);
  EXPECT_EQ(body(poll()), kUnknownSid);
}

TEST_F(EngineIoServer, TellsAPageThatGoesAwayFromOtherEndsOfAWebSocket) {
  const auto end = [this](WebSocketEnd how) {
    server_.handle_websocket_closed(now_, open_websocket("EIO=4&transport=websocket"), how);
    drain();
  };
  end(WebSocketEnd::GoingAway);
  end(WebSocketEnd::Closed);
  end(WebSocketEnd::TooSlow);
  EXPECT_THAT(closed_, ElementsAre(CloseReason::PageGone, CloseReason::ClientClose,
                                   CloseReason::SlowReader));
}

TEST_F(EngineIoServer, AClosedWebSocketSessionHearsWhatWasSentBefore) {
  const WebSocketId ws = open_websocket("EIO=4&transport=websocket");
  server_.send(session_, text_frame(PacketType::Message, "bye"));
  server_.close(session_);
  server_.send(session_, text_frame(PacketType::Message, "too late"));
  drain();
  ASSERT_EQ(sent_[ws].size(), 3u);
  EXPECT_EQ(sent_[ws][1], "4bye");
  EXPECT_EQ(sent_[ws][2], "<close>");
  EXPECT_THAT(closed_, ElementsAre(CloseReason::ServerClose));
}

TEST_F(EngineIoServer, AClosedPollingSessionHearsOfItAtItsNextPoll) {
  open_polling();
  server_.send(session_, text_frame(PacketType::Message, "bye"));
  server_.close(session_);
  drain();
  EXPECT_THAT(closed_, ElementsAre(CloseReason::ServerClose));
  EXPECT_EQ(body(post("4ignored")), "ok");
  EXPECT_TRUE(messages_.empty());
  EXPECT_EQ(body(poll()), "4bye");
  EXPECT_EQ(body(poll()), "1");
  EXPECT_EQ(server_.session_count(), 0u);
  EXPECT_EQ(closed_.size(), 1u);
}

TEST_F(EngineIoServer,
       AClosedPollingSessionWhosePollWaitsHearsWhatWasSentBeforeInAnAnswerOfItsOwn) {
  open_polling();
  const RequestId waiting = poll();
  server_.send(session_, text_frame(PacketType::Message, "bye"));
  server_.close(session_);
  drain();
  EXPECT_EQ(body(waiting), "4bye");
  EXPECT_THAT(closed_, ElementsAre(CloseReason::ServerClose));
  EXPECT_EQ(body(poll()), "1");
  EXPECT_EQ(server_.session_count(), 0u);
  EXPECT_EQ(closed_.size(), 1u);
}

TEST_F(EngineIoServer, AClosedPollingSessionThatHasNothingElseToHearHearsOfItAtOnce) {
  open_polling();
  const RequestId waiting = poll();
  server_.close(session_);
  drain();
  EXPECT_EQ(body(waiting), "1");
  EXPECT_EQ(server_.session_count(), 0u);
}

TEST_F(EngineIoServer, AClosedPollingSessionThatSaysCloseItselfIsForgottenAtOnce) {
  open_polling();
  server_.close(session_);
  drain();
  EXPECT_EQ(body(post("1")), "ok");
  EXPECT_EQ(server_.session_count(), 0u);
  EXPECT_THAT(closed_, ElementsAre(CloseReason::ServerClose));
}

TEST_F(EngineIoServer, AClosedPollingSessionThatPollsNoMoreIsForgotten) {
  open_polling();
  server_.close(session_);
  drain();
  pass(seconds(45));
  EXPECT_EQ(server_.session_count(), 0u);
  EXPECT_EQ(closed_.size(), 1u);
}

TEST_F(EngineIoServer, AtItsEndItAnswersThePollsThatWaitAndLeavesWebSocketsToTheShell) {
  const WebSocketId websocket = open_websocket("EIO=4&transport=websocket");
  open_polling();
  const RequestId waiting = poll();
  send("last words");
  const RequestId next = poll();
  server_.send(session_, text_frame(PacketType::Message, "and more"));
  server_.close_polling();
  drain();
  EXPECT_EQ(body(waiting), "4last words");
  EXPECT_EQ(body(next),
            "4and more\x1e"
            "1");
  EXPECT_THAT(closed_, ElementsAre(CloseReason::ServerClose));
  EXPECT_THAT(sent_[websocket], testing::Not(testing::Contains("<close>")));
}

TEST_F(EngineIoServer, AReaderIsCutOffAtTheBoundOfItsQueueAndNotBefore) {
  open_polling();
  for (int i = 0; i < 10; ++i) send(std::string(98, 'x'));  // 100 bytes each in the queue.
  EXPECT_TRUE(closed_.empty());
  send("");
  EXPECT_THAT(closed_, ElementsAre(CloseReason::SlowReader));
}

TEST_F(EngineIoServer, WakesTheShellOnceForAllThatIsWaiting) {
  int wakes = 0;
  server_.set_wake([&] { ++wakes; });
  open_polling();
  const int before = wakes;
  server_.send(session_, text_frame(PacketType::Message, "a"));
  EXPECT_EQ(wakes, before) << "nothing can be sent without a poll";
  server_.handle_request(now_, RequestId{77}, request("EIO=4&transport=polling&sid=" + sid_));
  server_.send(session_, text_frame(PacketType::Message, "b"));
  EXPECT_EQ(wakes, before + 1);
  drain();
  EXPECT_EQ(body(RequestId{77}),
            "4a\x1e"
            "4b");
}

}  // namespace
}  // namespace sfu::signaling::engineio
