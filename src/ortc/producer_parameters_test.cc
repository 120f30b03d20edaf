#include "ortc/producer_parameters.h"

#include <gtest/gtest.h>

#include <ostream>

#include "ortc/json.h"
#include "ortc/match.h"
#include "ortc/parameters_for_test.h"
#include "ortc/router_capabilities.h"

namespace sfu::ortc {
namespace {

RtpParameters parsed(const char* text) { return *parse_rtp_parameters(json::parse(text)); }

Result<ProducerParameters, ParametersError> complete(MediaKind kind, RtpParameters parameters) {
  return complete_producer_parameters(kind, std::move(parameters), router_capabilities(),
                                      "room-cname");
}

/// Chromium's video with another codec in VP8's place.
RtpParameters video(const char* mime_type, CodecSpecificParameters codec_parameters) {
  RtpParameters parameters = parsed(kChromiumVp8);
  parameters.codecs[0].mime_type = mime_type;
  parameters.codecs[0].parameters = std::move(codec_parameters);
  return parameters;
}

int router_payload_type(const char* mime_type, CodecSpecificParameters codec_parameters) {
  const auto completed = complete(MediaKind::Video, video(mime_type, std::move(codec_parameters)));
  return completed ? completed->mapping.codecs.front().mapped_payload_type : -1;
}

TEST(ProducerParameters, MapEveryOfferedCodecOntoTheRoutersPayloadType) {
  constexpr std::int64_t kOne = 1, kTwo = 2, kZero = 0;
  EXPECT_EQ(router_payload_type("video/VP8", {}), 101);
  EXPECT_EQ(router_payload_type("VIDEO/vp8", {}), 101);
  EXPECT_EQ(router_payload_type("video/VP9", {{"profile-id", kTwo}}), 103);
  EXPECT_EQ(router_payload_type("video/VP9", {{"profile-id", kZero}}), 109);
  EXPECT_EQ(router_payload_type("video/VP9", {}), 109);
  EXPECT_EQ(router_payload_type("video/VP9", {{"profile-id", kOne}}), -1);
  EXPECT_EQ(router_payload_type("video/AV1", {}), 111);
  EXPECT_EQ(router_payload_type("video/AV1", {{"profile", kZero}, {"level-idx", std::int64_t{5}}}),
            111);
  EXPECT_EQ(router_payload_type("video/AV1", {{"profile", kOne}}), -1);
  EXPECT_EQ(router_payload_type("video/H265", {}), -1);
}

TEST(ProducerParameters, MapH264ByProfileAndPacketizationModeAndNotByLevel) {
  const auto h264 = [](const char* profile, std::int64_t mode) {
    return router_payload_type("video/H264", {{"profile-level-id", profile},
                                              {"packetization-mode", mode},
                                              {"level-asymmetry-allowed", std::int64_t{1}}});
  };
  EXPECT_EQ(h264("42e01f", 1), 107);
  EXPECT_EQ(h264("42e034", 1), 107);
  EXPECT_EQ(h264("4d001f", 1), 105);
  EXPECT_EQ(h264("42e01f", 0), -1);
  EXPECT_EQ(h264("42001f", 1), -1);  // Baseline without the constraints.
  EXPECT_EQ(h264("64001f", 1), -1);
  EXPECT_EQ(h264("nonsense", 1), -1);
  EXPECT_EQ(router_payload_type("video/H264", {{"packetization-mode", std::int64_t{1}}}), 107);
}

TEST(ProducerParameters, MapRtxBesideItsCodec) {
  const auto completed = complete(MediaKind::Video, parsed(kChromiumVp8));
  ASSERT_TRUE(completed.has_value()) << completed.error().detail;
  ASSERT_EQ(completed->mapping.codecs.size(), 2u);
  EXPECT_EQ(completed->mapping.codecs[1].payload_type, 97);
  EXPECT_EQ(completed->mapping.codecs[1].mapped_payload_type, 102);
}

TEST(ProducerParameters, ConsumableOnesSpeakTheRoutersNumbersAndKeepTheCodecsParameters) {
  const auto completed = complete(MediaKind::Audio, parsed(kChromiumOpus));
  ASSERT_TRUE(completed.has_value()) << completed.error().detail;
  const RtpParameters& consumable = completed->consumable;
  ASSERT_EQ(consumable.codecs.size(), 1u);
  EXPECT_EQ(consumable.codecs[0].payload_type, 100);
  EXPECT_EQ(consumable.codecs[0].parameters.at("sprop-stereo"), ParameterValue(std::int64_t{1}));
  EXPECT_EQ(consumable.codecs[0].parameters.at("usedtx"), ParameterValue(std::int64_t{1}));
  EXPECT_EQ(consumable.rtcp.cname, "room-cname");
  EXPECT_EQ(consumable.msid, parsed(kChromiumOpus).msid);
  for (const auto& extension : consumable.header_extensions)
    EXPECT_EQ(extension.uri.find("transport-wide-cc"), std::string::npos)
        << "audio's is for senders";
}

TEST(ProducerParameters, ViewersHaveRtxAlsoWhereThePublisherHasNone) {
  RtpParameters parameters = parsed(kChromiumVp8);
  parameters.codecs.pop_back();
  const auto completed = complete(MediaKind::Video, parameters);
  ASSERT_TRUE(completed.has_value());
  EXPECT_EQ(completed->mapping.codecs.size(), 1u);
  ASSERT_EQ(completed->consumable.codecs.size(), 2u);
  EXPECT_EQ(completed->consumable.codecs[1].payload_type, 102);
}

TEST(ProducerParameters, MissingEncodingsBecomeOneThatIsFoundByItsMid) {
  RtpParameters parameters = parsed(kFirefoxVp8);
  parameters.encodings.clear();
  const auto completed = complete(MediaKind::Video, parameters);
  ASSERT_TRUE(completed.has_value());
  ASSERT_EQ(completed->own.encodings.size(), 1u);
  EXPECT_FALSE(completed->own.encodings[0].ssrc.has_value());
  EXPECT_EQ(completed->own.rtcp.cname, "room-cname");
}

TEST(ProducerParameters, TypeFollowsEncodingsAndSpatialLayers) {
  EXPECT_EQ(complete(MediaKind::Video, parsed(kChromiumSimulcast))->type, ProducerType::Simulcast);
  EXPECT_EQ(complete(MediaKind::Video, parsed(kChromiumVp8))->type, ProducerType::Simple);
  EXPECT_EQ(complete(MediaKind::Audio, parsed(kChromiumOpus))->type, ProducerType::Simple);
  const auto with_mode = [](const char* mime_type, const char* mode) {
    RtpParameters parameters = video(mime_type, {});
    parameters.encodings[0].scalability_mode = mode;
    return complete(MediaKind::Video, parameters)->type;
  };
  EXPECT_EQ(with_mode("video/VP9", "L3T3_KEY"), ProducerType::Svc);
  EXPECT_EQ(with_mode("video/VP9", "S3T3"), ProducerType::Svc);
  EXPECT_EQ(with_mode("video/AV1", "L2T1"), ProducerType::Svc);
  EXPECT_EQ(with_mode("video/VP9", "L1T3"), ProducerType::Simple);
  EXPECT_EQ(with_mode("video/VP8", "L3T3"), ProducerType::Simple);
}

TEST(ProducerParameters, TheCodecInUseComesFirstInTheConsumableOnes) {
  RtpParameters parameters = parsed(kChromiumVp8);
  RtpCodecParameters vp9 = parameters.codecs[0];
  vp9.mime_type = "video/VP9";
  vp9.payload_type = 98;
  parameters.codecs.push_back(vp9);
  parameters.encodings[0].codec_payload_type = 98;
  const auto completed = complete(MediaKind::Video, parameters);
  ASSERT_TRUE(completed.has_value());
  ASSERT_EQ(completed->consumable.codecs.size(), 4u);
  EXPECT_EQ(completed->consumable.codecs[0].payload_type, 109);
  EXPECT_EQ(completed->consumable.codecs[1].payload_type, 110);
}

struct Refusal {
  const char* name;
  void (*break_it)(RtpParameters&);
  ParametersError::Kind kind;
  const char* detail;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.name; }

constexpr auto kInvalid = ParametersError::Kind::Invalid;
constexpr auto kUnsupported = ParametersError::Kind::Unsupported;

const Refusal kRefusals[] = {
    {"audio_codec_as_video", [](RtpParameters& p) { p.codecs[0].mime_type = "audio/opus"; },
     kInvalid, "rtpParameters.codecs[0].mimeType is audio/opus, but kind is video"},
    {"no_codec", [](RtpParameters& p) { p.codecs.clear(); }, kInvalid,
     "rtpParameters.codecs must have a codec that is not rtx"},
    {"only_rtx", [](RtpParameters& p) { p.codecs.erase(p.codecs.begin()); }, kInvalid,
     "rtpParameters.codecs[0].parameters.apt must be the payload type of a codec here"},
    {"same_payload_type", [](RtpParameters& p) { p.codecs[1].payload_type = 96; }, kInvalid,
     "rtpParameters.codecs[1].payloadType stands in another codec already"},
    {"payload_type_of_rtcp", [](RtpParameters& p) { p.codecs[0].payload_type = 72; }, kInvalid,
     "rtpParameters.codecs[0].payloadType must not be from 64 to 95 (RFC 5761)"},
    {"rtx_without_apt", [](RtpParameters& p) { p.codecs[1].parameters.clear(); }, kInvalid,
     "rtpParameters.codecs[1].parameters.apt must be the payload type of a codec here"},
    {"rtx_of_itself", [](RtpParameters& p) { p.codecs[1].parameters["apt"] = std::int64_t{97}; },
     kInvalid, "rtpParameters.codecs[1].parameters.apt must be the payload type of a codec here"},
    {"same_extension_id",
     [](RtpParameters& p) { p.header_extensions[1].id = p.header_extensions[0].id; }, kInvalid,
     "rtpParameters.headerExtensions[1].id stands in another extension already"},
    {"same_extension",
     [](RtpParameters& p) { p.header_extensions[1].uri = p.header_extensions[0].uri; }, kInvalid,
     "rtpParameters.headerExtensions[1].uri stands in another extension already"},
    {"encrypted_extension", [](RtpParameters& p) { p.header_extensions[0].encrypt = true; },
     kUnsupported,
     "rtpParameters.headerExtensions[0].encrypt: encrypted header extensions (RFC 6904) are not "
     "spoken here"},
    {"clock_rate", [](RtpParameters& p) { p.codecs[0].clock_rate = 8000; }, kUnsupported,
     "video/VP8 (payload type 96) with these parameters is no codec of the router"},
    {"unknown_codec", [](RtpParameters& p) { p.codecs[0].mime_type = "video/Theora"; },
     kUnsupported,
     "video/Theora (payload type 96) with these parameters is no codec of the router"},
    {"ssrc_twice", [](RtpParameters& p) { p.encodings.push_back(p.encodings[0]); }, kInvalid,
     "rtpParameters.encodings[1].ssrc stands in another encoding already"},
    {"rtx_ssrc_of_media", [](RtpParameters& p) { p.encodings[0].rtx_ssrc = p.encodings[0].ssrc; },
     kInvalid, "rtpParameters.encodings[0].rtx.ssrc stands in another encoding already"},
    {"rid_twice",
     [](RtpParameters& p) {
       p.encodings[0] = {};
       p.encodings[0].rid = "a";
       p.encodings.push_back(p.encodings[0]);
     },
     kInvalid, "rtpParameters.encodings[1].rid stands in another encoding already"},
    {"rid_without_its_extension",
     [](RtpParameters& p) {
       p.encodings[0] = {};
       p.encodings[0].rid = "a";
       p.header_extensions.clear();
     },
     kInvalid,
     "rtpParameters.encodings[0] has a rid and no ssrc, so headerExtensions must have "
     "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"},
    {"nothing_to_find_it_by",
     [](RtpParameters& p) {
       p.encodings.clear();
       p.mid.reset();
     },
     kInvalid,
     "rtpParameters.encodings[0] must have a ssrc or a rid, or rtpParameters a mid and its header "
     "extension"},
    {"two_without_names", [](RtpParameters& p) { p.encodings.assign(2, {}); }, kInvalid,
     "rtpParameters.encodings[0] must have a ssrc or a rid, as there are several"},
    {"codec_of_encoding_missing", [](RtpParameters& p) { p.encodings[0].codec_payload_type = 55; },
     kInvalid, "rtpParameters.encodings[0].codecPayloadType must be that of a codec here"},
    {"codec_of_encoding_is_rtx", [](RtpParameters& p) { p.encodings[0].codec_payload_type = 97; },
     kInvalid, "rtpParameters.encodings[0].codecPayloadType must be that of a codec here"},
};

class RefusedProducer : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedProducer, SaysWhatIsWrong) {
  RtpParameters parameters = parsed(kChromiumVp8);
  GetParam().break_it(parameters);
  const auto completed = complete(MediaKind::Video, parameters);
  ASSERT_FALSE(completed.has_value());
  EXPECT_EQ(completed.error().kind, GetParam().kind);
  EXPECT_EQ(completed.error().detail, GetParam().detail);
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedProducer, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ProducerParameters, OpusInMonoAndSimulcastOfAudioAreUnsupported) {
  RtpParameters mono = parsed(kChromiumOpus);
  mono.codecs[0].channels = 1;
  EXPECT_EQ(complete(MediaKind::Audio, mono).error().kind, kUnsupported);
  RtpParameters two = parsed(kChromiumOpus);
  two.encodings.push_back({});
  EXPECT_EQ(complete(MediaKind::Audio, two).error().detail,
            "rtpParameters.encodings must be one for audio");
}

TEST(ScalabilityMode, ReadsLayersAndTakesAnythingElseAsOneOfEach) {
  const auto layers = [](const char* mode) {
    const auto parsed_mode = parse_scalability_mode(mode);
    return std::tuple(parsed_mode.spatial_layers, parsed_mode.temporal_layers, parsed_mode.k_svc);
  };
  EXPECT_EQ(layers("L3T3"), std::tuple(3, 3, false));
  EXPECT_EQ(layers("L3T3_KEY"), std::tuple(3, 3, true));
  EXPECT_EQ(layers("L2T2_KEY_SHIFT"), std::tuple(2, 2, true));
  EXPECT_EQ(layers("S2T1h"), std::tuple(2, 1, false));
  for (const char* nonsense : {"", "L", "L3", "L3T", "L0T1", "X3T3", "L3T3x", "l3t3", "L33T3"})
    EXPECT_EQ(layers(nonsense), std::tuple(1, 1, false)) << nonsense;
}

}  // namespace
}  // namespace sfu::ortc
