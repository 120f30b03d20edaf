#include "load/rtp_parameters.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace sfu::load {
namespace {

namespace json = boost::json;

TEST(ReceiveCapabilities, AreVp8WithItsRtxAndOpus) {
  const auto router = json::parse(R"({"codecs": [
      {"mimeType": "audio/opus", "preferredPayloadType": 100},
      {"mimeType": "video/VP8", "preferredPayloadType": 101, "parameters": {}},
      {"mimeType": "video/rtx", "preferredPayloadType": 102, "parameters": {"apt": 101}},
      {"mimeType": "video/H264", "preferredPayloadType": 105},
      {"mimeType": "video/rtx", "preferredPayloadType": 106, "parameters": {"apt": 105}}],
    "headerExtensions": [
      {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "preferredId": 1},
      {"uri": "urn:ietf:params:rtp-hdrext:toffset", "preferredId": 12}]})");
  const auto capabilities = receive_capabilities(router.as_object());
  ASSERT_EQ(capabilities.at("codecs").as_array().size(), 3u);
  EXPECT_EQ(capabilities.at("codecs").at(2).at("preferredPayloadType"), 102);
  EXPECT_EQ(capabilities.at("headerExtensions").as_array().size(), 1u);
}

constexpr const char* kNewConsumer = R"({"consumerId": "c", "participantId": "p", "kind": "video",
    "rtpParameters": {"mid": "7",
      "codecs": [{"mimeType": "video/VP8", "payloadType": 101},
                 {"mimeType": "video/rtx", "payloadType": 102}],
      "headerExtensions": [{"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 1},
        {"uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "id": 5}],
      "encodings": [{"ssrc": 11, "rtx": {"ssrc": 12}}]}})";

TEST(NewConsumer, TellsHowItsPacketsLook) {
  const auto offer = read_new_consumer(json::parse(kNewConsumer));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->consumer_id, "c");
  EXPECT_EQ(offer->participant_id, "p");
  EXPECT_EQ(offer->mid, "7");
  EXPECT_EQ(offer->ssrc, Ssrc{11});
  EXPECT_EQ(offer->rtx_ssrc, Ssrc{12});
  EXPECT_EQ(offer->payload_type, 101);
  EXPECT_EQ(offer->rtx_payload_type, 102);
  EXPECT_EQ(offer->mid_id, 1);
  EXPECT_EQ(offer->transport_cc_id, 5);
}

TEST(NewConsumer, IsOfNoUseWithoutAnSsrcOrACodec) {
  auto event = json::parse(kNewConsumer);
  event.at("rtpParameters").as_object()["encodings"] = json::array();
  EXPECT_FALSE(read_new_consumer(event));
  event = json::parse(kNewConsumer);
  event.at("rtpParameters").as_object()["codecs"] = json::array{1, "x"};
  EXPECT_FALSE(read_new_consumer(event));
  EXPECT_FALSE(read_new_consumer(json::value("text")));
}

json::object transport_reply() {
  return json::parse(R"({
      "iceParameters": {"usernameFragment": "u", "password": "p"},
      "iceCandidates": [
        {"ip": "192.0.2.1", "protocol": "udp", "port": 1, "priority": 5},
        {"ip": "127.0.0.1", "protocol": "tcp", "port": 2, "priority": 9},
        {"ip": "192.0.2.2", "protocol": "udp", "port": 3, "priority": 7}],
      "dtlsParameters": {"fingerprints": [{"algorithm": "sha-1", "value": "A"},
                                          {"algorithm": "sha-256", "value": "B"}]}})")
      .as_object();
}

TEST(Transport, IsReachedAtTheBestUdpCandidateButRatherAtTheServersOwnAddress) {
  const auto best = read_transport(transport_reply(), {});
  ASSERT_TRUE(best);
  EXPECT_EQ(best->server.to_string(), "192.0.2.2:3");
  EXPECT_EQ(best->fingerprint, "B");
  const auto own = read_transport(transport_reply(), *IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(own->server.to_string(), "192.0.2.1:1");
}

TEST(Transport, IsRefusedWithoutAUdpCandidate) {
  auto reply = transport_reply();
  reply["iceCandidates"] = json::array();
  EXPECT_EQ(read_transport(reply, {}).error(), "the transport has no UDP candidate");
}

}  // namespace
}  // namespace sfu::load
