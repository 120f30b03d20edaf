#include <gmock/gmock.h>

#include "service/fixture_for_test.h"
#include "service/ice_servers.h"
#include "service/transport_states.h"

// restart-ice, transport-state-changed, iceServers.

namespace sfu::service {
namespace {

using IceTest = ServiceTest;

json::value towards(const char* direction) { return json::object{{"direction", direction}}; }

TEST_F(IceTest, RestartIsAnsweredWithTheFreshParametersOfThatTransport) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  const auto transport = ann.last("webrtc-transport-created");
  ASSERT_EQ(transport.at("direction"), "recv");
  EXPECT_EQ(ann.ask("restart-ice", towards("recv")), json::parse(R"({"ok": true,
    "direction": "recv",
    "iceParameters": {"usernameFragment": "ufrag1", "password": "password1", "iceLite": true}})"));
  ann.emit("restart-ice", towards("send"));
  EXPECT_EQ(ann.last("ice-restarted"), json::parse(R"({"direction": "send",
    "iceParameters": {"usernameFragment": "ufrag2", "password": "password2", "iceLite": true}})"));
  const auto sent = worker().sent<core::RestartIce>();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].transport.to_string(), transport.at("id").as_string());
}

TEST_F(IceTest, RestartOfWhatIsNotThereSaysWhatIsMissing) {
  TestClient ann(*service_, "ann");
  EXPECT_EQ(error_of(ann.ask("restart-ice", towards("send"))),
            "not_in_room|Failed to restart ICE|join a room first");
  ann.join("one");
  EXPECT_EQ(error_of(ann.ask("restart-ice", towards("send"))),
            "no_transport|Failed to restart ICE|create a transport first");
  ann.create_transport("one", "recv");
  EXPECT_EQ(error_of(ann.ask("restart-ice", towards("send"))),
            "no_transport|Failed to restart ICE|there is no transport of this direction");
  EXPECT_EQ(error_of(ann.ask("restart-ice", towards("both"))),
            "invalid_request|Failed to restart ICE|direction must be send or recv");
  EXPECT_EQ(error_of(ann.ask("restart-ice", json::object{})),
            "invalid_request|Failed to restart ICE|direction is missing");
  EXPECT_EQ(worker().count<core::RestartIce>(), 0u);
}

TEST_F(IceTest, RestartThatTheWorkerRefusesLeavesTheTransport) {
  TestClient ann(*service_, "ann");
  ann.enter("one");
  worker().refuse_next<core::RestartIce>(core::CommandError::NotFound);
  EXPECT_EQ(error_of(ann.ask("restart-ice", towards("recv"))), "closed|Failed to restart ICE|");
  EXPECT_EQ(ann.ask("restart-ice", towards("recv")).at("ok"), true);
  EXPECT_EQ(worker().transports.size(), 2u);
}

TEST_F(IceTest, StatesOfATransportAreToldToItsOwnerAlone) {
  TestClient ann(*service_, "ann"), bob(*service_, "bob");
  ann.enter("one");
  bob.enter("one");
  const auto id =
      TransportId::parse(std::string(ann.last("webrtc-transport-created").at("id").as_string()));
  ann.forget();
  bob.forget();
  const auto tell = [&](core::IceState ice, core::DtlsState dtls) {
    service_->server->handle_worker_event(0, core::TransportStateChanged{id.value(), ice, dtls});
    service_->pump();
  };
  tell(core::IceState::Completed, core::DtlsState::Connected);
  tell(core::IceState::Disconnected, core::DtlsState::Connected);
  EXPECT_EQ(json::serialize(json::value_from(ann.payloads("transport-state-changed"))),
            R"([{"direction":"recv","iceState":"completed","dtlsState":"connected"},)"
            R"({"direction":"recv","iceState":"disconnected","dtlsState":"connected"}])");
  EXPECT_EQ(bob.names(), "");

  ann.create_transport("one", "recv");
  ann.forget();
  tell(core::IceState::Connected, core::DtlsState::Closed);
  EXPECT_EQ(ann.count("transport-state-changed"), 0u) << "it was replaced";
  ann.emit("leave-room");
  bob.emit("leave-room");
  expect_nothing_left();
}

TEST(TransportStates, HaveTheWordsThatMediasoupUses) {
  EXPECT_EQ(to_string(core::IceState::New), "new");
  EXPECT_EQ(to_string(core::IceState::Connected), "connected");
  EXPECT_EQ(to_string(core::DtlsState::New), "new");
  EXPECT_EQ(to_string(core::DtlsState::Connecting), "connecting");
  EXPECT_EQ(to_string(core::DtlsState::Failed), "failed");
  EXPECT_EQ(to_string(core::DtlsState::Closed), "closed");
}

const IceServer kStun{{"stun:stun.example.org"}, "", ""};
const IceServer kTurn{
    {"turn:turn.example.org", "turns:turn.example.org:443?transport=tcp"}, "", ""};
const IceServer kFixed{{"turn:other.example.org"}, "name", "word"};
constexpr const char* kTurnSecret = "north-of-the-river-1234";

Options with_turn() {
  Options options;
  options.ice_servers = {{kStun, kTurn, kFixed}, kTurnSecret, std::chrono::hours(12)};
  return options;
}

class TurnTest : public ServiceTest {
 protected:
  TurnTest() : ServiceTest(1, with_turn()) {}
};

TEST_F(TurnTest, EachTransportComesWithServersAndCredentialsThatAreGoodForAWhile) {
  TestClient ann(*service_, "ann");
  ann.join("one");
  ann.create_transport("one", "send");
  EXPECT_EQ(ann.last("webrtc-transport-created").at("iceServers"), json::parse(R"([
    {"urls": ["stun:stun.example.org"]},
    {"urls": ["turn:turn.example.org", "turns:turn.example.org:443?transport=tcp"],
     "username": "1700043200:ann", "credential": "qq7ze+qc/VfXgJi2qK/K8KZqtYY="},
    {"urls": ["turn:other.example.org"], "username": "name", "credential": "word"}])"))
      << "the credential was computed by another HMAC-SHA1";
  service_->unix_time += std::chrono::minutes(5);
  ann.create_transport("one", "recv");
  const auto later = ann.last("webrtc-transport-created").at("iceServers");
  EXPECT_EQ(later.at(1).at("username"), "1700043500:ann");
}

TEST(IceServers, KeepAUserIdOutOfTheNameThatIsNotPlainAscii) {
  const IceServers servers{{kTurn}, kTurnSecret, std::chrono::hours(12)};
  for (const char* user : {"an n", "\xc3\xa4nne", "an\nn"}) {
    const auto list = servers.for_user(user, std::chrono::seconds(1'700'000'000));
    EXPECT_EQ(list.at(0).at("username"), "1700043200");
    EXPECT_EQ(list.at(0).at("credential"), "QevcFjHl739L3fZNtYQ591+v+Rs=");
  }
}

}  // namespace
}  // namespace sfu::service
