#include <optional>
#include <string_view>
#include <utility>

#include "media_room.h"

// Clients whose network blocks UDP: STUN, DTLS and SRTP over real TCP connections (RFC 6544).

namespace sfu::service {
namespace {

class MediaOverTcp : public MediaRoomTest {
 protected:
  MediaOverTcp() : MediaRoomTest(1) {}

  /// Whether the viewer decodes as many more frames.
  [[nodiscard]] bool goes_on(SocketPerson& viewer) {
    const std::uint64_t before = frames_of(viewer);
    return until([&] { return frames_of(viewer) >= before + kFrames; });
  }
  json::value worker_stats() {
    std::optional<HttpResponse> response;
    service_->server->handle_stats(HttpRequest{}, [&](HttpResponse answer) { response = answer; });
    EXPECT_TRUE(until([&] { return response.has_value(); }));
    return json::parse(response->body).at("workerStats").at(0);
  }
  json::value ask(SocketPerson& person, std::string_view event) {
    const std::uint64_t id = person.client.start_asking(event);
    EXPECT_TRUE(until([&] { return !person.client.answer(id).is_null(); }));
    return person.client.answer(id);
  }
};

class MediaFromTo : public MediaOverTcp,
                    public testing::WithParamInterface<std::pair<IpProtocol, IpProtocol>> {};

TEST_P(MediaFromTo, FlowsWithoutGaps) {
  SocketPerson& ann = enter("ann", GetParam().first);
  SocketPerson& bob = enter("bob", GetParam().second);
  publish(ann);
  view(bob);
  EXPECT_TRUE(until([&] { return frames_of(bob) >= kFrames; }));
  expect_no_complaints();
}

INSTANTIATE_TEST_SUITE_P(Protocols, MediaFromTo,
                         testing::Values(std::pair{IpProtocol::Tcp, IpProtocol::Tcp},
                                         std::pair{IpProtocol::Tcp, IpProtocol::Udp},
                                         std::pair{IpProtocol::Udp, IpProtocol::Tcp}));

TEST_F(MediaOverTcp, GoesOnWhenAViewerChangesBetweenTcpAndUdp) {
  SocketPerson& ann = enter("ann", IpProtocol::Udp);
  SocketPerson& bob = enter("bob", IpProtocol::Udp);
  publish(ann);
  view(bob);
  EXPECT_TRUE(goes_on(bob));
  for (const IpProtocol next : {IpProtocol::Tcp, IpProtocol::Udp, IpProtocol::Tcp}) {
    bob.switch_to(next);
    EXPECT_TRUE(goes_on(bob));
  }
}

TEST_F(MediaOverTcp, GoesOnWhenAPublisherChangesBetweenTcpAndUdp) {
  SocketPerson& ann = enter("ann", IpProtocol::Tcp);
  SocketPerson& bob = enter("bob", IpProtocol::Tcp);
  publish(ann);
  view(bob);
  EXPECT_TRUE(goes_on(bob));
  for (const IpProtocol next : {IpProtocol::Udp, IpProtocol::Tcp}) {
    ann.switch_to(next);
    EXPECT_TRUE(goes_on(bob));
  }
}

TEST_F(MediaOverTcp, StatisticsNameTheProtocolAndCountTheConnections) {
  SocketPerson& ann = enter("ann", IpProtocol::Tcp);
  const json::value stats = ask(ann, "get-participant-stats");
  const json::array& transports = stats.at("transports").at("details").as_array();
  ASSERT_EQ(transports.size(), 2u);
  for (const json::value& transport : transports)
    EXPECT_EQ(transport.at("stats").at(0).at("iceSelectedTuple").at("protocol"), "tcp");
  EXPECT_EQ(worker_stats().at("tcpConnections"), 2);
  EXPECT_GT(worker_stats().at("tcpPacketsReceived").to_number<int>(), 4);

  people_.clear();  // The page goes: its sockets close.
  EXPECT_TRUE(until([&] { return worker_stats().at("tcpConnections") == 0; }));
  EXPECT_EQ(worker_stats().at("tcpAccepted"), 2);
  EXPECT_EQ(worker_stats().at("tcpRefused"), 0);
}

}  // namespace
}  // namespace sfu::service
