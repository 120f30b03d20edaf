#include "signaling/engineio/packet.h"

#include <gtest/gtest.h>

namespace sfu::signaling::engineio {
namespace {

using Packets = std::vector<Packet>;

Packet message(std::string data) { return {PacketType::Message, false, std::move(data)}; }
Packet binary(std::string data) { return {PacketType::Message, true, std::move(data)}; }

TEST(EngineIoPacket, ATextFrameIsItsTypeAndItsData) {
  EXPECT_EQ(decode_text("4hello"), message("hello"));
  EXPECT_EQ(decode_text("4"), message(""));
  EXPECT_EQ(decode_text("2probe"), (Packet{PacketType::Ping, false, "probe"}));
  EXPECT_EQ(decode_text("0{}"), (Packet{PacketType::Open, false, "{}"}));
  EXPECT_EQ(decode_text("6"), (Packet{PacketType::Noop, false, ""}));
}

TEST(EngineIoPacket, APayloadKeepsOrderAndKindOfItsPackets) {
  EXPECT_EQ(decode_payload("4hello\x1e"
                           "2\x1e"
                           "4world"),
            (Packets{message("hello"), {PacketType::Ping, false, ""}, message("world")}));
  EXPECT_EQ(decode_payload("4hello\x1e"
                           "bAQIDBA=="),
            (Packets{message("hello"), binary("\x01\x02\x03\x04")}));
  EXPECT_EQ(decode_payload("b"), Packets{binary("")});
  EXPECT_EQ(decode_payload("bAQI"), Packets{binary("\x01\x02")}) << "padding may be missing";
}

struct Malformed {
  const char* name;
  std::string payload;
  PacketError error;
};

class MalformedPayload : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedPayload, IsRefusedWithItsReason) {
  const auto decoded = decode_payload(GetParam().payload);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error(), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    EngineIoPacket, MalformedPayload,
    testing::Values(Malformed{"Nothing", "", PacketError::Empty},
                    Malformed{"NothingAfterTheSeparator", "4a\x1e", PacketError::Empty},
                    Malformed{"TwoSeparators",
                              "4a\x1e\x1e"
                              "4b",
                              PacketError::Empty},
                    Malformed{"LetterAsType", "abc", PacketError::UnknownType},
                    Malformed{"Seven", "7", PacketError::UnknownType},
                    Malformed{"NulAsType", std::string(1, '\0'), PacketError::UnknownType},
                    Malformed{"BadSecondPacket", "4a\x1ex", PacketError::UnknownType},
                    Malformed{"OneBase64Character", "bA", PacketError::BadBase64},
                    Malformed{"NoBase64", "b####", PacketError::BadBase64},
                    Malformed{"PaddingInside", "bAQ==AQID", PacketError::BadBase64},
                    Malformed{"UrlAlphabet", "b-_-_", PacketError::BadBase64},
                    Malformed{"TooManyPackets", std::string(2 * kMaxPacketsInPayload, '\x1e'),
                              PacketError::TooManyPackets}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(EngineIoPacket, AFullPayloadOfTheLargestCountIsRead) {
  std::string payload = "4";
  for (std::size_t i = 1; i < kMaxPacketsInPayload; ++i)
    payload +=
        "\x1e"
        "4";
  EXPECT_EQ(decode_payload(payload)->size(), kMaxPacketsInPayload);
  EXPECT_EQ(decode_payload(payload + "\x1e"
                                     "4")
                .error(),
            PacketError::TooManyPackets);
}

TEST(EngineIoPacket, WhatIsAppendedToAPayloadIsReadBackAndHasTheAnnouncedSize) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::string bytes;
    for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37);
    const Frame frame{SharedBytes(bytes), true};
    std::string payload;
    append_to_payload(frame, payload);
    EXPECT_EQ(payload.size(), payload_size(frame));
    append_to_payload(text_frame(PacketType::Message, "next"), payload);
    EXPECT_EQ(decode_payload(payload), (Packets{binary(bytes), message("next")}));
  }
}

}  // namespace
}  // namespace sfu::signaling::engineio
