#include "ortc/consumer_parameters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ortc/json.h"
#include "ortc/match.h"
#include "ortc/parameters_for_test.h"
#include "ortc/producer_parameters.h"
#include "ortc/router_capabilities.h"

namespace sfu::ortc {
namespace {

constexpr Ssrc kSsrc{77}, kRtxSsrc{78};
constexpr const char* kTransportCc =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

RtpParameters consumable(MediaKind kind, const char* text) {
  return complete_producer_parameters(kind, *parse_rtp_parameters(json::parse(text)),
                                      router_capabilities(), "cname")
      ->consumable;
}

/// What mediasoup-client's device makes of the router's capabilities in a browser that has all of
/// it: receive-only extensions of the router are the browser's to send, so they do not stand here.
RtpCapabilities client() {
  RtpCapabilities capabilities = router_capabilities();
  std::erase_if(capabilities.header_extensions, [](const auto& extension) {
    return extension.direction == ExtensionDirection::RecvOnly;
  });
  return capabilities;
}

RtpParameters consume(const RtpParameters& producer, const RtpCapabilities& capabilities) {
  return make_consumer_parameters(producer, capabilities, "0", kSsrc, kRtxSsrc).value();
}

bool has_feedback(const RtpCodecParameters& codec, const char* type, const char* parameter = "") {
  return std::find(codec.rtcp_feedback.begin(), codec.rtcp_feedback.end(),
                   RtcpFeedback{type, parameter}) != codec.rtcp_feedback.end();
}

void remove_extension(RtpCapabilities& capabilities, const std::string& uri) {
  std::erase_if(capabilities.header_extensions,
                [&](const auto& extension) { return extension.uri == uri; });
}

TEST(ConsumerParameters, HaveTheShapeThatClientsTake) {
  const auto parameters = consume(consumable(MediaKind::Video, kChromiumVp8), client());
  const json::object object = to_json(parameters);
  EXPECT_EQ(object.at("mid"), "0");
  EXPECT_EQ(object.at("encodings"), json::parse(R"([{"ssrc":77,"rtx":{"ssrc":78}}])"));
  EXPECT_EQ(object.at("rtcp"), json::parse(R"({"cname":"cname","reducedSize":true})"));
  EXPECT_EQ(object.at("msid"), json::parse(kChromiumVp8).at("msid"));
  EXPECT_EQ(object.at("codecs").at(0).at("payloadType"), 101);
  EXPECT_EQ(object.at("codecs").at(1).at("payloadType"), 102);
  EXPECT_EQ(object.at("codecs").at(1).at("parameters"), json::parse(R"({"apt":101})"));
}

TEST(ConsumerParameters, SimulcastBecomesOneEncodingThatNamesItsLayers) {
  const auto parameters = consume(consumable(MediaKind::Video, kChromiumSimulcast), client());
  ASSERT_EQ(parameters.encodings.size(), 1u);
  EXPECT_EQ(parameters.encodings[0].scalability_mode, "L3T3");
  EXPECT_FALSE(parameters.encodings[0].rid.has_value());
}

TEST(ConsumerParameters, ExtensionsAreThoseThatBothEndsKnowUnderTheRoutersIds) {
  RtpCapabilities capabilities = client();
  const auto all = consume(consumable(MediaKind::Video, kChromiumVp8), capabilities);
  std::set<int> ids;
  for (const auto& extension : all.header_extensions) ids.insert(extension.id);
  EXPECT_EQ(ids, (std::set<int>{1, 4, 5, 8, 11, 12, 13, 14}));

  for (auto& extension : capabilities.header_extensions) {
    if (extension.preferred_id == 11)
      extension.preferred_id = 9;  // Another id is another extension.
    if (extension.preferred_id == 12) extension.direction = ExtensionDirection::SendOnly;
    if (extension.preferred_id == 13) extension.kind = MediaKind::Audio;
  }
  const auto fewer = consume(consumable(MediaKind::Video, kChromiumVp8), capabilities);
  ids.clear();
  for (const auto& extension : fewer.header_extensions) ids.insert(extension.id);
  EXPECT_EQ(ids, (std::set<int>{1, 4, 5, 8, 14}));
}

TEST(ConsumerParameters, OneEndAloneEstimatesTheBandwidth) {
  RtpCapabilities capabilities = client();
  const auto producer = consumable(MediaKind::Video, kChromiumVp8);
  const auto with_transport_cc = consume(producer, capabilities).codecs[0];
  EXPECT_TRUE(has_feedback(with_transport_cc, "transport-cc"));
  EXPECT_FALSE(has_feedback(with_transport_cc, "goog-remb"));
  EXPECT_TRUE(has_feedback(with_transport_cc, "nack"));
  EXPECT_TRUE(has_feedback(with_transport_cc, "nack", "pli"));

  remove_extension(capabilities, kTransportCc);
  const auto with_send_time = consume(producer, capabilities).codecs[0];
  EXPECT_FALSE(has_feedback(with_send_time, "transport-cc"));
  EXPECT_TRUE(has_feedback(with_send_time, "goog-remb"));

  remove_extension(capabilities, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time");
  const auto with_neither = consume(producer, capabilities).codecs[0];
  EXPECT_FALSE(has_feedback(with_neither, "transport-cc"));
  EXPECT_FALSE(has_feedback(with_neither, "goog-remb"));
}

TEST(ConsumerParameters, FeedbackThatTheClientDoesNotKnowIsLeftOut) {
  RtpCapabilities capabilities = client();
  for (auto& codec : capabilities.codecs) codec.rtcp_feedback = {{"nack", "pli"}, {"made-up", ""}};
  const auto codec = consume(consumable(MediaKind::Video, kChromiumVp8), capabilities).codecs[0];
  EXPECT_EQ(codec.rtcp_feedback, (std::vector<RtcpFeedback>{{"nack", "pli"}}));
}

TEST(ConsumerParameters, AudioHasNoRetransmissionAndNoTransportWideNumbers) {
  const auto producer = consumable(MediaKind::Audio, kChromiumOpus);
  EXPECT_FALSE(consumes_with_rtx(producer, client()));
  const auto parameters =
      make_consumer_parameters(producer, client(), "3", kSsrc, std::nullopt).value();
  ASSERT_EQ(parameters.codecs.size(), 1u);
  EXPECT_FALSE(has_feedback(parameters.codecs[0], "nack"));
  for (const auto& extension : parameters.header_extensions) EXPECT_NE(extension.uri, kTransportCc);
  EXPECT_EQ(to_json(parameters).at("encodings"), json::parse(R"([{"ssrc":77}])"));
}

TEST(ConsumerParameters, AClientThatLacksTheCodecGetsNone) {
  RtpCapabilities capabilities = client();
  std::erase_if(capabilities.codecs,
                [](const auto& codec) { return codec.mime_type == "video/VP8"; });
  const auto producer = consumable(MediaKind::Video, kChromiumVp8);
  EXPECT_FALSE(can_consume(producer, capabilities));
  EXPECT_FALSE(make_consumer_parameters(producer, capabilities, "0", kSsrc, kRtxSsrc).has_value());
  EXPECT_FALSE(can_consume(producer, {}));
}

TEST(ConsumerParameters, RtxIsThereOnlyWhereTheClientHasItForThisCodec) {
  RtpCapabilities capabilities = client();
  const auto producer = consumable(MediaKind::Video, kChromiumVp8);
  EXPECT_TRUE(consumes_with_rtx(producer, capabilities));
  std::erase_if(capabilities.codecs,
                [](const auto& codec) { return codec.preferred_payload_type == 102; });
  EXPECT_FALSE(consumes_with_rtx(producer, capabilities));
  const auto parameters =
      make_consumer_parameters(producer, capabilities, "0", kSsrc, std::nullopt).value();
  EXPECT_EQ(parameters.codecs.size(), 1u);
}

TEST(ConsumerParameters, NoPayloadTypeIsTheProbators) {
  for (const auto& codec : router_capabilities().codecs)
    EXPECT_NE(codec.preferred_payload_type, 127);
}

/// Yields the given numbers, then counts up.
class ScriptedRandom final : public RandomSource {
 public:
  explicit ScriptedRandom(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {}
  void fill(MutableBytes out) override {
    ASSERT_EQ(out.size(), 4u);
    store_be32(out, 0,
               next_ < numbers_.size() ? numbers_[next_] : static_cast<std::uint32_t>(next_));
    ++next_;
  }

 private:
  const std::vector<std::uint32_t> numbers_;
  std::size_t next_ = 0;
};

TEST(SsrcAllocator, PassesOverZeroTheProbatorAndWhatIsTaken) {
  ScriptedRandom random({0, 1234, 9, 9, 10, 9});
  SsrcAllocator allocator(random);
  EXPECT_EQ(allocator.take(), Ssrc{9});
  EXPECT_EQ(allocator.take(), Ssrc{10});
  allocator.give_back(Ssrc{9});
  EXPECT_EQ(allocator.take(), Ssrc{9});
  EXPECT_EQ(allocator.in_use(), 2u);
}

}  // namespace
}  // namespace sfu::ortc
