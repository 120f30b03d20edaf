#include "ortc/router_capabilities.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "ortc/json.h"
#include "ortc/match.h"

namespace sfu::ortc {
namespace {

TEST(RouterCapabilities, CodecsHaveThePayloadTypesThatClientsHaveSeen) {
  std::string listed;
  for (const auto& codec : router_capabilities().codecs)
    listed += std::to_string(codec.preferred_payload_type) + " " + codec.mime_type + "\n";
  EXPECT_EQ(listed,
            "100 audio/opus\n101 video/VP8\n102 video/rtx\n103 video/VP9\n104 video/rtx\n"
            "105 video/H264\n106 video/rtx\n107 video/H264\n108 video/rtx\n109 video/VP9\n"
            "110 video/rtx\n111 video/AV1\n112 video/rtx\n");
}

TEST(RouterCapabilities, EveryVideoCodecStartsFastAndHasRtxAndAllFeedback) {
  for (const auto& codec : router_capabilities().codecs) {
    if (codec.kind != MediaKind::Video) continue;
    if (is_rtx(codec.mime_type)) {
      EXPECT_EQ(associated_payload_type(codec.parameters), codec.preferred_payload_type - 1);
      continue;
    }
    EXPECT_EQ(codec.parameters.at("x-google-start-bitrate"), ParameterValue(std::int64_t{1000}));
    EXPECT_EQ(codec.rtcp_feedback.size(), 5u);
  }
}

TEST(RouterCapabilities, ExtensionsHaveTheIdsAndDirectionsThatClientsHaveSeen) {
  std::map<std::string, std::string> listed;
  const json::object object = to_json(router_capabilities());
  for (const auto& extension : object.at("headerExtensions").as_array()) {
    const std::string uri(extension.at("uri").as_string());
    listed[uri.substr(uri.find_last_of(":/#") + 1)] +=
        std::string(extension.at("kind").as_string()) + " " +
        std::to_string(extension.at("preferredId").to_number<int>()) + " " +
        std::string(extension.at("direction").as_string()) + ";";
  }
  const std::map<std::string, std::string> expected = {
      {"mid", "audio 1 sendrecv;video 1 sendrecv;"},
      {"rtp-stream-id", "video 2 recvonly;"},
      {"repaired-rtp-stream-id", "video 3 recvonly;"},
      {"abs-send-time", "audio 4 sendrecv;video 4 sendrecv;"},
      {"draft-holmer-rmcat-transport-wide-cc-extensions-01", "audio 5 recvonly;video 5 sendrecv;"},
      {"dependency-descriptor-rtp-header-extension", "video 8 sendrecv;"},
      {"ssrc-audio-level", "audio 10 sendrecv;"},
      {"video-orientation", "video 11 sendrecv;"},
      {"toffset", "video 12 sendrecv;"},
      {"abs-capture-time", "audio 13 sendrecv;video 13 sendrecv;"},
      {"playout-delay", "audio 14 sendrecv;video 14 sendrecv;"},
  };
  EXPECT_EQ(listed, expected);
}

}  // namespace
}  // namespace sfu::ortc
