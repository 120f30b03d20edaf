#include "ortc/json.h"

#include <gtest/gtest.h>

#include <ostream>

#include "ortc/parameters_for_test.h"
#include "ortc/router_capabilities.h"

namespace sfu::ortc {
namespace {

struct Refusal {
  const char* name;
  const char* field;        // Replaced, as a JSON pointer into Chromium's video parameters.
  const char* replacement;  // JSON.
  const char* expected;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.name; }

const Refusal kRefusals[] = {
    {"not_an_object", "", "[]", "rtpParameters must be an object"},
    {"a_text", "", "\"x\"", "rtpParameters must be an object"},
    {"no_codecs", "/codecs", "null", "rtpParameters.codecs is missing"},
    {"codecs_no_array", "/codecs", "{}",
     "rtpParameters.codecs must be an array of at most 64 elements"},
    {"codec_no_object", "/codecs/0", "7", "rtpParameters.codecs[0] must be an object"},
    {"mime_missing", "/codecs/0/mimeType", "null", "rtpParameters.codecs[0].mimeType is missing"},
    {"mime_number", "/codecs/0/mimeType", "5",
     "rtpParameters.codecs[0].mimeType must be a text of 1 to 64 characters like those of "
     "\"video/VP8\""},
    {"mime_of_text", "/codecs/0/mimeType", "\"text/plain\"",
     "rtpParameters.codecs[0].mimeType must begin with audio/ or video/"},
    {"mime_with_line_break", "/codecs/0/mimeType", "\"video/VP8\\r\\na=x\"",
     "rtpParameters.codecs[0].mimeType must be a text of 1 to 64 characters like those of "
     "\"video/VP8\""},
    {"payload_type_missing", "/codecs/0/payloadType", "null",
     "rtpParameters.codecs[0].payloadType is missing"},
    {"payload_type_128", "/codecs/0/payloadType", "128",
     "rtpParameters.codecs[0].payloadType must be an integer from 0 to 127"},
    {"payload_type_negative", "/codecs/0/payloadType", "-1",
     "rtpParameters.codecs[0].payloadType must be an integer from 0 to 127"},
    {"payload_type_fraction", "/codecs/0/payloadType", "96.5",
     "rtpParameters.codecs[0].payloadType must be an integer from 0 to 127"},
    {"payload_type_text", "/codecs/0/payloadType", "\"96\"",
     "rtpParameters.codecs[0].payloadType must be an integer from 0 to 127"},
    {"clock_rate_zero", "/codecs/0/clockRate", "0",
     "rtpParameters.codecs[0].clockRate must be an integer from 1 to 4294967295"},
    {"clock_rate_huge", "/codecs/0/clockRate", "1e300",
     "rtpParameters.codecs[0].clockRate must be an integer from 1 to 4294967295"},
    {"parameters_array", "/codecs/0/parameters", "[]",
     "rtpParameters.codecs[0].parameters must be an object of at most 32 fields"},
    {"parameter_object", "/codecs/0/parameters", "{\"a\":{}}",
     "rtpParameters.codecs[0].parameters.a must be a number or a text of at most 1024 printable "
     "ASCII characters"},
    {"parameter_with_line_break", "/codecs/0/parameters", "{\"a\":\"1\\na=candidate\"}",
     "rtpParameters.codecs[0].parameters.a must be a number or a text of at most 1024 printable "
     "ASCII characters"},
    {"parameter_name_with_space", "/codecs/0/parameters", "{\"a b\":1}",
     "rtpParameters.codecs[0].parameters must have names of 1 to 64 characters of a token"},
    {"parameter_named_proto", "/codecs/0/parameters", "{\"__proto__\":1}",
     "rtpParameters.codecs[0].parameters must have names of 1 to 64 characters of a token"},
    {"apt_text", "/codecs/1/parameters/apt", "\"96\"",
     "rtpParameters.codecs[1].parameters.apt must be a payload type"},
    {"feedback_no_type", "/codecs/0/rtcpFeedback", "[{}]",
     "rtpParameters.codecs[0].rtcpFeedback[0].type is missing"},
    {"extension_id_0", "/headerExtensions/0/id", "0",
     "rtpParameters.headerExtensions[0].id must be an integer from 1 to 255"},
    {"extension_id_256", "/headerExtensions/0/id", "256",
     "rtpParameters.headerExtensions[0].id must be an integer from 1 to 255"},
    {"extension_no_uri", "/headerExtensions/0/uri", "null",
     "rtpParameters.headerExtensions[0].uri is missing"},
    {"encrypt_number", "/headerExtensions/0/encrypt", "1",
     "rtpParameters.headerExtensions[0].encrypt must be true or false"},
    {"ssrc_zero", "/encodings/0/ssrc", "0",
     "rtpParameters.encodings[0].ssrc must be an integer from 1 to 4294967295"},
    {"ssrc_33_bits", "/encodings/0/ssrc", "4294967296",
     "rtpParameters.encodings[0].ssrc must be an integer from 1 to 4294967295"},
    {"rtx_number", "/encodings/0/rtx", "7", "rtpParameters.encodings[0].rtx must be an object"},
    {"rtx_without_ssrc", "/encodings/0/rtx", "{}",
     "rtpParameters.encodings[0].rtx.ssrc is missing"},
    {"rid_with_slash", "/encodings/0/rid", "\"a/b\"",
     "rtpParameters.encodings[0].rid must be a text of 1 to 32 letters, digits, - and _"},
    {"rate_text", "/encodings/0/maxBitrate", "\"fast\"",
     "rtpParameters.encodings[0].maxBitrate must be a number from 0E0 to 4E9"},
    {"mid_with_space", "/mid", "\"a b\"",
     "rtpParameters.mid must be a text of 1 to 32 characters of a token (RFC 8866)"},
    {"cname_with_line_break", "/rtcp/cname", "\"a\\nb\"",
     "rtpParameters.rtcp.cname must be a text of 1 to 255 printable ASCII characters"},
    {"rtcp_text", "/rtcp", "\"x\"", "rtpParameters.rtcp must be an object"},
};

/// Chromium's parameters with the value at `pointer` replaced.
json::value with_replaced(std::string_view pointer, const char* replacement) {
  if (pointer.empty()) return json::parse(replacement);
  json::value value = json::parse(kChromiumVp8);
  const auto last = pointer.rfind('/');
  json::error_code code;
  json::value* parent = last == 0 ? &value : value.find_pointer(pointer.substr(0, last), code);
  EXPECT_TRUE(parent) << pointer;
  const auto key = pointer.substr(last + 1);
  if (auto* object = parent->if_object())
    (*object)[key] = json::parse(replacement);
  else
    parent->as_array().at(static_cast<std::size_t>(key[0] - '0')) = json::parse(replacement);
  return value;
}

class RefusedParameters : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedParameters, NameTheFieldAndWhatIsAllowed) {
  const auto parsed = parse_rtp_parameters(with_replaced(GetParam().field, GetParam().replacement));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().to_string(), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, RefusedParameters, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(OrtcJson, CountsAreBoundedAndTheBoundItselfIsAllowed) {
  json::value value = json::parse(kChromiumVp8);
  auto& encodings = value.at("encodings").as_array();
  encodings.resize(kMaxEncodings, json::object{});
  EXPECT_TRUE(parse_rtp_parameters(value).has_value());
  encodings.push_back(json::object{});
  EXPECT_EQ(parse_rtp_parameters(value).error().to_string(),
            "rtpParameters.encodings must be an array of at most 4 elements");

  json::value capabilities = to_json(router_capabilities());
  auto& codecs = capabilities.at("codecs").as_array();
  codecs.resize(kMaxCodecs, json::value(codecs[0]));
  EXPECT_TRUE(parse_rtp_capabilities(capabilities).has_value());
  codecs.push_back(codecs[0]);
  EXPECT_EQ(parse_rtp_capabilities(capabilities).error().to_string(),
            "rtpCapabilities.codecs must be an array of at most 64 elements");
}

TEST(OrtcJson, RouterCapabilitiesSurviveTheWayThroughJson) {
  const json::object once = to_json(router_capabilities());
  const auto parsed = parse_rtp_capabilities(json::value(once));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().to_string();
  EXPECT_EQ(to_json(*parsed), once);
}

TEST(OrtcJson, BrowsersParametersSurviveTheWayThroughJson) {
  for (const char* text :
       {kChromiumVp8, kChromiumOpus, kChromiumSimulcast, kFirefoxVp8, kFirefoxOpus}) {
    const auto parsed = parse_rtp_parameters(json::parse(text));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().to_string();
    const auto again = parse_rtp_parameters(json::value(to_json(*parsed)));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(to_json(*again), to_json(*parsed));
  }
}

TEST(OrtcJson, AnEmptyCnameMeansNone) {
  const auto parsed = parse_rtp_parameters(with_replaced("/rtcp/cname", "\"\""));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().to_string();
  EXPECT_EQ(parsed->rtcp.cname, "");
}

TEST(OrtcJson, ReadsNumbersThatCameAsFloatingPoint) {
  const auto parsed = parse_rtp_parameters(with_replaced("/codecs/0/clockRate", "90000.0"));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->codecs[0].clock_rate, 90000u);
}

TEST(OrtcJson, VideoCodecsHaveNoChannelsAndAudioCodecsDo) {
  const json::object capabilities = to_json(router_capabilities());
  for (const auto& codec : capabilities.at("codecs").as_array())
    EXPECT_EQ(codec.as_object().contains("channels"), codec.at("kind") == "audio");
}

TEST(OrtcJson, CapabilitiesOfUnknownCodecsAreReadAndKept) {
  const auto parsed = parse_rtp_capabilities(json::parse(
      R"({"codecs":[{"mimeType":"Video/H265","clockRate":90000},{"mimeType":"audio/CN","clockRate":8000}]})"));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->codecs[0].kind, MediaKind::Video);
  EXPECT_EQ(parsed->codecs[1].kind, MediaKind::Audio);
}

}  // namespace
}  // namespace sfu::ortc
