#include "service/stats_json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace sfu::service {
namespace {

/// Every field with a number of its own. A field more than these does not compile: it is to be
/// given a number here, and to be looked for in what is compared below.
core::RtpStreamStats stream_with_a_number_of_its_own_in_each_field() {
  core::RtpStreamStats stream;
  auto& [inbound, timestamp_ms, ssrc, rtx_ssrc, rid, kind, mime_type, packets, bytes, bitrate_bps,
         packets_lost, fraction_lost, packets_discarded, packets_retransmitted, packets_repaired,
         nack_count, nack_packet_count, pli_count, fir_count, jitter, round_trip_time_ms,
         key_frames, score, encoding, layers] = stream;
  inbound = true, timestamp_ms = 101, ssrc = Ssrc{102}, rtx_ssrc = Ssrc{103}, rid = "r0";
  kind = ortc::MediaKind::Video, mime_type = "video/VP9";
  packets = 104, bytes = 105, bitrate_bps = 106, packets_lost = 107, fraction_lost = 108;
  packets_discarded = 109, packets_retransmitted = 110, packets_repaired = 111;
  nack_count = 112, nack_packet_count = 113, pli_count = 114, fir_count = 115;
  jitter = 116, round_trip_time_ms = 117.5, key_frames = 118, score = 9, encoding = 2;
  layers = {{0, 0, 119}, {0, 1, 120}, {1, 0, 121}};
  return stream;
}

TEST(StatsJson, AStreamHasEachOfItsNumbersUnderMediasoupsName) {
  core::RtpStreamStats stream = stream_with_a_number_of_its_own_in_each_field();
  json::value expected = json::parse(R"({
    "type": "inbound-rtp", "timestamp": 101, "ssrc": 102, "rtxSsrc": 103, "rid": "r0",
    "kind": "video", "mimeType": "video/VP9",
    "packetCount": 104, "byteCount": 105, "bitrate": 106,
    "packetsLost": 107, "fractionLost": 108, "packetsDiscarded": 109,
    "packetsRetransmitted": 110, "packetsRepaired": 111,
    "nackCount": 112, "nackPacketCount": 113, "pliCount": 114, "firCount": 115,
    "jitter": 116, "roundTripTime": 117.5, "keyFrames": 118, "score": 9,
    "bitrateByLayer": {"0.0": 119, "0.1": 120, "1.0": 121}})");
  EXPECT_EQ(json::value(stream_to_json(stream)), expected)
      << json::serialize(stream_to_json(stream));

  stream.layers.clear();
  EXPECT_EQ(stream_to_json(stream).at("bitrateByLayer"), json::object()) << "it has no layers";

  stream.inbound = false;
  expected.as_object()["type"] = "outbound-rtp";
  expected.as_object().erase("bitrateByLayer");
  expected.as_object().erase("keyFrames");
  EXPECT_EQ(json::value(stream_to_json(stream)), expected)
      << json::serialize(stream_to_json(stream));
}

core::ConsumerStats receiving(std::uint64_t bitrate_bps) {
  core::ConsumerStats consumer;
  consumer.stream.bitrate_bps = bitrate_bps;
  return consumer;
}

/// As above.
core::TransportStats transport_with_a_number_of_its_own_in_each_field() {
  core::TransportStats stats;
  auto& [transport, timestamp_ms, ice_state, dtls_state, selected_path, srtp_profile,
         bytes_received, bytes_sent, packets_received, packets_sent, rtp_bytes_received,
         rtp_bytes_sent, rtx_bytes_received, rtx_bytes_sent, receive_bps, send_bps, rtx_receive_bps,
         rtx_send_bps, loss_received, loss_sent, producers, consumers] = stats;
  transport = TransportId{{7, 9}}, timestamp_ms = 101;
  ice_state = "completed", dtls_state = "connected", srtp_profile = "AEAD_AES_128_GCM";
  selected_path = "192.0.2.7:40000 → [2001:db8::1]:5000 udp";
  bytes_received = 102, bytes_sent = 103, packets_received = 104, packets_sent = 105;
  rtp_bytes_received = 106, rtp_bytes_sent = 107, rtx_bytes_received = 108, rtx_bytes_sent = 109;
  receive_bps = 110, send_bps = 111, rtx_receive_bps = 112, rtx_send_bps = 113;
  loss_received = 0.125, loss_sent = 0.25;
  core::RtpStreamStats low, high;
  low.bitrate_bps = 1'000, high.bitrate_bps = 2'000;
  producers = {{ProducerId{}, false, {low, high}}, {ProducerId{}, false, {high}}};
  consumers = {receiving(400), receiving(500)};
  return stats;
}

TEST(StatsJson, ATransportHasEachOfItsNumbersUnderMediasoupsName) {
  const core::TransportStats transport = transport_with_a_number_of_its_own_in_each_field();
  json::value expected = json::parse(R"({
    "type": "webrtc-transport", "timestamp": 101, "iceRole": "controlled",
    "iceState": "completed", "dtlsState": "connected", "srtpProfile": "AEAD_AES_128_GCM",
    "iceSelectedTuple": {
      "localIp": "192.0.2.7", "localAddress": "192.0.2.7", "localPort": 40000,
      "remoteIp": "2001:db8::1", "remoteAddress": "2001:db8::1", "remotePort": 5000,
      "protocol": "udp"},
    "bytesReceived": 102, "bytesSent": 103, "packetsReceived": 104, "packetsSent": 105,
    "rtpBytesReceived": 106, "rtpBytesSent": 107, "rtxBytesReceived": 108, "rtxBytesSent": 109,
    "recvBitrate": 110, "sendBitrate": 111, "rtxRecvBitrate": 112, "rtxSendBitrate": 113,
    "rtpRecvBitrate": 5000, "rtpSendBitrate": 900,
    "probationBytesSent": 0, "probationSendBitrate": 0,
    "rtpPacketLossReceived": 0.125, "rtpPacketLossSent": 0.25})");
  expected.as_object()["transportId"] = transport.transport.to_string();
  EXPECT_EQ(json::value(transport_to_json(transport)), expected)
      << json::serialize(transport_to_json(transport));
}

TEST(StatsJson, ATransportTellsItsLossesOnceItKnowsThem) {
  core::TransportStats transport;
  EXPECT_FALSE(transport_to_json(transport).contains("rtpPacketLossReceived"));
  EXPECT_FALSE(transport_to_json(transport).contains("rtpPacketLossSent"));
  transport.loss_received = 0;
  transport.loss_sent = 0.25;
  EXPECT_EQ(transport_to_json(transport).at("rtpPacketLossReceived"), 0.0);
  EXPECT_EQ(transport_to_json(transport).at("rtpPacketLossSent"), 0.25);
}

}  // namespace
}  // namespace sfu::service
