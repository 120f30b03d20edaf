#pragma once

// What mediasoup-client signals in browsers, in their payload types, extension ids and order:
// shared by the tests of this folder and of the service.

namespace sfu::ortc {

inline constexpr const char* kChromiumOpus = R"({
  "mid": "0",
  "msid": "1b0c2d9a-1c5e-4a8e-9b0c-2d9a1c5e4a8e 7e5b8c1d-3f9a-4b2c-8d7e-5b8c1d3f9a4b",
  "codecs": [{"mimeType": "audio/opus", "payloadType": 111, "clockRate": 48000, "channels": 2,
    "parameters": {"minptime": 10, "useinbandfec": 1, "sprop-stereo": 1, "usedtx": 1},
    "rtcpFeedback": [{"type": "transport-cc", "parameter": ""}]}],
  "headerExtensions": [
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4, "encrypt": false, "parameters": {}},
    {"uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", "id": 2, "encrypt": false},
    {"uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "id": 3},
    {"uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "id": 1, "encrypt": false}],
  "encodings": [{"ssrc": 2893171134, "dtx": true}],
  "rtcp": {"cname": "q3Sg9eQxSCbWD8Zj", "reducedSize": true}})";

inline constexpr const char* kChromiumVp8 = R"({
  "mid": "1",
  "msid": "1b0c2d9a-1c5e-4a8e-9b0c-2d9a1c5e4a8e 0a1b2c3d-4e5f-4a6b-8c7d-8e9f0a1b2c3d",
  "codecs": [
    {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000, "parameters": {},
     "rtcpFeedback": [{"type": "goog-remb", "parameter": ""}, {"type": "transport-cc", "parameter": ""},
       {"type": "ccm", "parameter": "fir"}, {"type": "nack", "parameter": ""}, {"type": "nack", "parameter": "pli"}]},
    {"mimeType": "video/rtx", "payloadType": 97, "clockRate": 90000, "parameters": {"apt": 96}, "rtcpFeedback": []}],
  "headerExtensions": [
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4, "encrypt": false, "parameters": {}},
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "id": 10, "encrypt": false, "parameters": {}},
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", "id": 11, "encrypt": false, "parameters": {}},
    {"uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", "id": 2, "encrypt": false, "parameters": {}},
    {"uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "id": 3, "encrypt": false, "parameters": {}},
    {"uri": "urn:3gpp:video-orientation", "id": 13, "encrypt": false, "parameters": {}},
    {"uri": "urn:ietf:params:rtp-hdrext:toffset", "id": 14, "encrypt": false, "parameters": {}}],
  "encodings": [{"ssrc": 1532987441, "rtx": {"ssrc": 3044231957}, "dtx": false}],
  "rtcp": {"cname": "q3Sg9eQxSCbWD8Zj", "reducedSize": true}})";

inline constexpr const char* kChromiumSimulcast = R"({
  "mid": "1",
  "codecs": [
    {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000, "parameters": {},
     "rtcpFeedback": [{"type": "transport-cc", "parameter": ""}, {"type": "nack", "parameter": "pli"}]},
    {"mimeType": "video/rtx", "payloadType": 97, "clockRate": 90000, "parameters": {"apt": 96}}],
  "headerExtensions": [
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4},
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", "id": 10},
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", "id": 11}],
  "encodings": [
    {"rid": "r0", "active": true, "scaleResolutionDownBy": 4, "maxBitrate": 150000, "scalabilityMode": "L1T3", "dtx": false},
    {"rid": "r1", "active": true, "scaleResolutionDownBy": 2, "maxBitrate": 500000, "scalabilityMode": "L1T3", "dtx": false},
    {"rid": "r2", "active": true, "scaleResolutionDownBy": 1, "maxBitrate": 1500000, "scalabilityMode": "L1T3", "dtx": false}],
  "rtcp": {"cname": "q3Sg9eQxSCbWD8Zj", "reducedSize": true}})";

inline constexpr const char* kFirefoxOpus = R"({
  "mid": "0",
  "codecs": [{"mimeType": "audio/opus", "payloadType": 109, "clockRate": 48000, "channels": 2,
    "parameters": {"maxplaybackrate": 48000, "stereo": 1, "useinbandfec": 1}, "rtcpFeedback": []}],
  "headerExtensions": [
    {"uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "id": 1},
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 3}],
  "encodings": [{"ssrc": 3817361462}],
  "rtcp": {"cname": "{6a3f3f4d-9d5b-4a52-8cde-64a1b3c9ac7b}", "reducedSize": true}})";

inline constexpr const char* kFirefoxVp8 = R"({
  "mid": "1",
  "codecs": [
    {"mimeType": "video/VP8", "payloadType": 120, "clockRate": 90000,
     "parameters": {"max-fs": 12288, "max-fr": 60},
     "rtcpFeedback": [{"type": "nack"}, {"type": "nack", "parameter": "pli"}, {"type": "ccm", "parameter": "fir"},
       {"type": "transport-cc"}]},
    {"mimeType": "video/rtx", "payloadType": 124, "clockRate": 90000, "parameters": {"apt": 120}}],
  "headerExtensions": [
    {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 3},
    {"uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", "id": 4},
    {"uri": "urn:ietf:params:rtp-hdrext:toffset", "id": 5},
    {"uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01", "id": 7}],
  "encodings": [{"ssrc": 1092837465, "rtx": {"ssrc": 564738291}}],
  "rtcp": {"cname": "{6a3f3f4d-9d5b-4a52-8cde-64a1b3c9ac7b}", "reducedSize": true}})";

}  // namespace sfu::ortc
