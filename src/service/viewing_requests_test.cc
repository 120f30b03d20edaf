#include <gmock/gmock.h>

#include "service/fixture_for_test.h"

// set-consumer-priority, request-key-frame.

namespace sfu::service {
namespace {

class ViewingRequestsTest : public ServiceTest {
 protected:
  ViewingRequestsTest() {
    ann_.enter("one");
    bob_.enter("one");
    bob_.produce_video();
    ann_.produce_video();
    consumer_ = std::string(ann_.last("new-consumer").at("consumerId").as_string());
    of_bob_ = std::string(bob_.last("new-consumer").at("consumerId").as_string());
  }
  json::value prioritize(const json::value& id, const json::value& priority) {
    return ann_.ask("set-consumer-priority",
                    json::object{{"consumerId", id}, {"priority", priority}});
  }
  json::value ask_for_key_frame(const json::value& id) {
    return ann_.ask("request-key-frame", json::object{{"consumerId", id}});
  }

  TestClient ann_{*service_, "ann"}, bob_{*service_, "bob"};
  std::string consumer_, of_bob_;
};

TEST_F(ViewingRequestsTest, APriorityReachesTheWorkerAndTheStatistics) {
  EXPECT_EQ(prioritize(json::string(consumer_), 7), (json::object{{"ok", true}}));
  ASSERT_EQ(worker().count<core::SetConsumerPriority>(), 1u);
  EXPECT_EQ(worker().sent<core::SetConsumerPriority>()[0].priority, 7);
  const auto stats = ann_.ask("get-participant-stats");
  EXPECT_EQ(stats.at("consumers").at("details").at(0).at("stats").at(0).at("priority"), 7);
}

TEST_F(ViewingRequestsTest, PrioritiesAreFromOneToTwoHundredAndFiftyFive) {
  for (const int good : {1, 255})
    EXPECT_EQ(prioritize(json::string(consumer_), good).at("ok"), true) << good;
  for (const json::value& bad : {json::value(0), json::value(256), json::value(-1),
                                 json::value(1.5), json::value("7"), json::value(true)})
    EXPECT_EQ(error_of(prioritize(json::string(consumer_), bad)),
              "invalid_request|Failed to set priority|priority must be an integer from 1 to 255")
        << json::serialize(bad);
  EXPECT_EQ(error_of(prioritize(json::string(consumer_), nullptr)),
            "invalid_request|Failed to set priority|priority is missing");
  EXPECT_EQ(worker().count<core::SetConsumerPriority>(), 2u);
}

TEST_F(ViewingRequestsTest, NobodyCanNameAConsumerOfAnother) {
  const std::string wanted = "there is no such consumer";
  for (const char* unknown : {"", "x", "00000000-0000-4000-8000-000000000000"}) {
    EXPECT_EQ(error_of(prioritize(unknown, 1)), "not_found|Failed to set priority|" + wanted);
    EXPECT_EQ(error_of(ask_for_key_frame(unknown)),
              "not_found|Failed to request key frame|" + wanted);
  }
  EXPECT_EQ(error_of(prioritize(json::string(of_bob_), 1)),
            "not_found|Failed to set priority|" + wanted);
  EXPECT_EQ(error_of(ask_for_key_frame(json::string(of_bob_))),
            "not_found|Failed to request key frame|" + wanted);
  EXPECT_EQ(worker().count<core::SetConsumerPriority>(), 0u);
  EXPECT_EQ(worker().count<core::RequestKeyFrame>(), 0u);
}

TEST_F(ViewingRequestsTest, AKeyFrameIsAskedForAtTheWorkerOfTheViewer) {
  EXPECT_EQ(ask_for_key_frame(json::string(consumer_)), (json::object{{"ok", true}}));
  ASSERT_EQ(worker().count<core::RequestKeyFrame>(), 1u);
  EXPECT_EQ(worker().sent<core::RequestKeyFrame>()[0].consumer.to_string(), consumer_);
}

TEST_F(ViewingRequestsTest, WithoutAnAcknowledgementAFailureIsAnErrorEventAndSuccessSaysNothing) {
  ann_.forget();
  ann_.emit("request-key-frame", json::object{{"consumerId", consumer_}});
  EXPECT_EQ(ann_.names(), "");
  ann_.emit("request-key-frame", json::object{{"consumerId", 5}});
  EXPECT_EQ(error_of(ann_.last("error")),
            "invalid_request|Failed to request key frame|consumerId must be a text");
  EXPECT_EQ(ann_.last("error").at("event"), "request-key-frame");
}

TEST_F(ViewingRequestsTest, AConsumerThatClosesMeanwhileIsSaidToHave) {
  worker().holding = true;
  const auto id = ann_.start_asking("set-consumer-priority",
                                    json::object{{"consumerId", consumer_}, {"priority", 9}});
  service_->pump();
  bob_.emit("close-producer", json::object{{"kind", "video"}});
  release();
  EXPECT_EQ(error_of(ann_.answer(id)).substr(0, 7), "closed|");
}

}  // namespace
}  // namespace sfu::service
