#include <boost/json/serialize.hpp>
#include <string>

#include "service/fixture_for_test.h"

// JSON's numbers have no bound, and those of the others' programs have one: 1e999 is Infinity
// there, which no JSON can say. The test's client reads each frame that it is sent as JSON.

namespace sfu::service {
namespace {

struct Number {
  const char* name;
  const char* text;
  json::value told;  // To the others.
};

class InfiniteNumber : public ServiceTest, public testing::WithParamInterface<Number> {
 protected:
  json::value told() const { return GetParam().told; }
  std::string text() const { return GetParam().text; }

  TestClient ann_{*service_, "ann"}, bob_{*service_, "bob"};
};

TEST_P(InfiniteNumber, InAppDataIsToldToViewersAndToWhoComesLater) {
  ann_.enter("one");
  bob_.enter("one");
  std::string producing = json::serialize(TestClient::producing("audio", ortc::kChromiumOpus));
  const std::string empty = R"("appData":{})";
  const auto at = producing.find(empty);
  ASSERT_NE(at, std::string::npos);
  producing.replace(at, empty.size(), R"("appData":{"n":)" + text() + "}");
  bob_.send_text("42[\"create-producer\"," + producing + "]");
  EXPECT_EQ(ann_.last("new-consumer").at("appData").at("n"), told());
  TestClient cid(*service_, "cid");
  cid.enter("one");
  EXPECT_EQ(cid.count("existing-participants"), 1u);
  EXPECT_EQ(cid.last("new-consumer").at("appData").at("n"), told());
}

TEST_P(InfiniteNumber, IsRelayedToPeers) {
  for (TestClient* one : {&ann_, &bob_}) one->emit("ready", json::object{{"roomId", "one"}});
  bob_.send_text(R"(42["call-user",{"to":"ann","offer":{"n":)" + text() + "}}]");
  EXPECT_EQ(ann_.last("call-user").at("offer").at("n"), told());
}

TEST_P(InfiniteNumber, AsAChatsTimeIsToldToAll) {
  for (TestClient* one : {&ann_, &bob_}) one->emit("ready", json::object{{"roomId", "one"}});
  bob_.send_text(R"(42["chat:message",{"roomId":"one","message":"hi","timestamp":)" + text() +
                 "}]");
  ASSERT_EQ(ann_.count("chat:message"), 1u);
  EXPECT_EQ(ann_.last("chat:message").at("timestamp"), told());
  EXPECT_EQ(bob_.count("chat:message"), 1u);
}

INSTANTIATE_TEST_SUITE_P(Table, InfiniteNumber,
                         testing::Values(Number{"TooLarge", "1e999", nullptr},
                                         Number{"TooLow", "-1e999", nullptr},
                                         Number{"NothingTimesMuch", "0e999", 0}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace sfu::service
