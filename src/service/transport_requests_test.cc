#include <gmock/gmock.h>

#include <ostream>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

using TransportTest = ServiceTest;

constexpr const char* kFingerprint =
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:"
    "ff";

json::value connecting(const char* direction, const char* role = "client") {
  return json::object{
      {"direction", direction},
      {"dtlsParameters",
       json::object{{"role", role},
                    {"fingerprints", json::array{json::object{{"algorithm", "sha-256"},
                                                              {"value", kFingerprint}}}}}}};
}

TEST_F(TransportTest, TheReplyIsWhatMediasoupClientTakes) {
  TestClient ann(*service_, "ann");
  ann.join("one");
  ann.create_transport("one", "send");
  auto created = ann.last("webrtc-transport-created");
  EXPECT_TRUE(TransportId::parse(std::string(created.at("id").as_string())).has_value());
  created.as_object().erase("id");
  EXPECT_EQ(created, json::parse(R"({
    "iceParameters": {"usernameFragment": "ufrag", "password": "password", "iceLite": true},
    "iceCandidates": [{"foundation": "udp", "priority": 1076302079, "ip": "192.0.2.7",
      "address": "192.0.2.7", "protocol": "udp", "port": 40000, "type": "host"}],
    "dtlsParameters": {"role": "auto", "fingerprints": [{"algorithm": "sha-256", "value": "AA:BB"}]},
    "sctpParameters": null, "iceServers": [], "direction": "send"})"));
}

TEST_F(TransportTest, ConnectsOncePerDirection) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  ann.emit("connect-webrtc-transport", connecting("send"));
  EXPECT_EQ(ann.last("webrtc-transport-connected"), json::parse(R"({"direction":"send"})"));
  EXPECT_EQ(error_of(ann.ask("connect-webrtc-transport", connecting("send"))),
            "already_connected|Failed to connect transport|");
  EXPECT_EQ(ann.ask("connect-webrtc-transport", connecting("recv", "server")),
            json::parse(R"({"direction":"recv","ok":true})"));
  const auto sent = worker().sent<core::ConnectTransport>();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].role, core::DtlsRole::Client);
  EXPECT_EQ(sent[1].role, core::DtlsRole::Server);
  EXPECT_EQ(sent[0].fingerprints.at(0).value, kFingerprint);
}

TEST_F(TransportTest, AFailedConnectMayBeTriedAgain) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  worker().refuse_next<core::ConnectTransport>(core::CommandError::Unsupported);
  EXPECT_EQ(ann.ask("connect-webrtc-transport", connecting("send")).at("error").at("code"),
            "unsupported");
  EXPECT_EQ(ann.ask("connect-webrtc-transport", connecting("send")).at("ok"), true);
}

TEST_F(TransportTest, ADirectionWithoutATransportCannotConnect) {
  TestClient ann(*service_, "ann");
  ann.join("one");
  ann.create_transport("one", "recv");
  EXPECT_EQ(error_of(ann.ask("connect-webrtc-transport", connecting("send"))),
            "no_transport|Failed to connect transport|there is no transport of this direction");
}

TEST_F(TransportTest, ANewSendTransportReplacesTheOldWithItsProducers) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  bob.produce_video();
  bob.emit("connect-webrtc-transport", connecting("send"));
  ann.forget();
  bob.create_transport("one", "send");
  EXPECT_EQ(ann.names(), "consumer-producer-closed consumer-closed producer-closed");
  EXPECT_EQ(worker().transports.size(), 4u);
  EXPECT_TRUE(worker().producers.empty());
  EXPECT_EQ(bob.ask("connect-webrtc-transport", connecting("send")).at("ok"), true);
  bob.produce_video();
  EXPECT_EQ(ann.count("new-consumer"), 1u);
}

TEST_F(TransportTest, ANewReceiveTransportReplacesTheOldAndIsFilledAgain) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  ann.produce_video();
  bob.enter("one");
  const auto old_id = bob.last("new-consumer").at("consumerId");
  bob.forget();
  bob.create_transport("one", "recv");
  EXPECT_EQ(bob.names(), "consumer-closed webrtc-transport-created new-consumer");
  EXPECT_EQ(bob.last("consumer-closed").at("consumerId"), old_id);
  EXPECT_NE(bob.last("new-consumer").at("consumerId"), old_id);
  EXPECT_EQ(bob.last("new-consumer").at("rtpParameters").at("mid"), "0");
  EXPECT_EQ(worker().consumers.size(), 1u);
}

TEST_F(TransportTest, AFailedCreationKeepsTheOldTransport) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  ann.produce_video();
  bob.enter("one");
  worker().refuse_next<core::CreateTransport>(core::CommandError::LimitReached);
  bob.forget();
  bob.create_transport("one", "recv");
  EXPECT_EQ(bob.names(), "error");
  EXPECT_EQ(bob.last("error"), json::parse(R"({"message":"Failed to create transport",
    "code":"limit_reached","event":"create-webrtc-transport"})"));
  EXPECT_EQ(worker().consumers.size(), 1u);
}

TEST_F(TransportTest, AnotherRoomsIdIsRefused) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.join("two");
  bob.create_transport("one", "send");
  EXPECT_EQ(error_of(bob.last("error")),
            "not_in_room|Failed to create transport|roomId names another room than the one joined");
  EXPECT_EQ(ann.count("participant-joined"), 0u);
}

struct Refusal {
  const char* name;
  const char* event;
  const char* payload;
  const char* detail;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.name; }

#define HASHES "dtlsParameters.fingerprints[0]"
const Refusal kRefusals[] = {
    {"no_payload", "create-webrtc-transport", "null", "the payload must be an object"},
    {"payload_is_text", "create-webrtc-transport", R"("send")", "the payload must be an object"},
    {"no_room", "create-webrtc-transport", R"({"direction":"send"})", "roomId is missing"},
    {"no_direction", "create-webrtc-transport", R"({"roomId":"one"})", "direction is missing"},
    {"other_direction", "create-webrtc-transport", R"({"roomId":"one","direction":"both"})",
     "direction must be send or recv"},
    {"direction_number", "create-webrtc-transport", R"({"roomId":"one","direction":1})",
     "direction must be send or recv"},
    {"no_dtls", "connect-webrtc-transport", R"({"direction":"send"})", "dtlsParameters is missing"},
    {"dtls_text", "connect-webrtc-transport", R"({"direction":"send","dtlsParameters":"x"})",
     "dtlsParameters must be an object"},
    {"no_fingerprints", "connect-webrtc-transport", R"({"direction":"send","dtlsParameters":{}})",
     "dtlsParameters.fingerprints is missing"},
    {"empty_fingerprints", "connect-webrtc-transport",
     R"({"direction":"send","dtlsParameters":{"fingerprints":[]}})",
     "dtlsParameters.fingerprints must have at least one element"},
    {"fingerprints_object", "connect-webrtc-transport",
     R"({"direction":"send","dtlsParameters":{"fingerprints":{}}})",
     "dtlsParameters.fingerprints must be an array of at most 16 elements"},
    {"role", "connect-webrtc-transport",
     R"({"direction":"send","dtlsParameters":{"role":"actpass","fingerprints":[]}})",
     "dtlsParameters.role must be auto, client or server"},
    {"md5", "connect-webrtc-transport",
     R"({"direction":"send","dtlsParameters":{"fingerprints":[{"algorithm":"md5","value":"00"}]}})",
     HASHES ".algorithm must be sha-1, sha-224, sha-256, sha-384 or sha-512"},
    {"short_hash", "connect-webrtc-transport",
     R"({"direction":"send","dtlsParameters":{"fingerprints":[{"algorithm":"sha-256","value":"00:11"}]}})",
     HASHES ".value must be 32 pairs of hexadecimal digits with colons"},
};

class RefusedTransport : public ServiceTest, public testing::WithParamInterface<Refusal> {};

TEST_P(RefusedTransport, SaysWhatIsWrongAndChangesNothing) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  const auto before = worker().commands.size();
  const auto answer = ann.ask(GetParam().event, json::parse(GetParam().payload));
  ASSERT_EQ(answer.at("ok"), false);
  EXPECT_EQ(answer.at("error").at("code"), "invalid_request");
  EXPECT_EQ(answer.at("error").at("detail"), GetParam().detail);
  EXPECT_EQ(worker().commands.size(), before);
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedTransport, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace sfu::service
