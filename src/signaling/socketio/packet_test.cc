#include "signaling/socketio/packet.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>

namespace sfu::signaling::socketio {
namespace {

namespace json = boost::json;

/// The one packet that `text` is, written out again.
std::string read(std::string_view text) {
  Decoder decoder;
  const auto decoded = decoder.text(text);
  if (!decoded) return "error " + std::to_string(static_cast<int>(decoded.error()));
  if (!*decoded) return "incomplete";
  const Packet& packet = **decoded;
  std::string out = std::to_string(static_cast<int>(packet.type)) + " " + packet.nsp;
  if (packet.ack) out += " #" + std::to_string(*packet.ack);
  if (!packet.name.empty()) out += " " + packet.name;
  if (packet.too_deep) return out + " too deep";
  if (packet.type == PacketType::Event || packet.type == PacketType::Ack)
    out += " " + json::serialize(packet.arguments.values);
  if (!packet.data.is_null()) out += " " + json::serialize(packet.data);
  return out;
}

TEST(SocketIoPacket, EveryKindIsReadWithItsParts) {
  EXPECT_EQ(read("0"), "0 /");
  EXPECT_EQ(read(R"(0{"token":"123"})"), R"(0 / {"token":"123"})");
  EXPECT_EQ(read("0/custom,"), "0 /custom");
  EXPECT_EQ(read("0/custom"), "0 /custom");
  EXPECT_EQ(read(R"(0/admin,{"a":1})"), R"(0 /admin {"a":1})");
  EXPECT_EQ(read("1"), "1 /");
  EXPECT_EQ(read("1/admin,"), "1 /admin");
  EXPECT_EQ(read(R"(2["hello",1])"), "2 / hello [1]");
  EXPECT_EQ(read(R"(2["hello"])"), "2 / hello []");
  EXPECT_EQ(read(R"(2/admin,456["project:delete",123])"), "2 /admin #456 project:delete [123]");
  EXPECT_EQ(read(R"(2[7,"numbers name events too"])"), R"(2 / 7 ["numbers name events too"])");
  EXPECT_EQ(read("3/admin,456[]"), "3 /admin #456 []");
  EXPECT_EQ(read(R"(30["a"])"), R"(3 / #0 ["a"])");
  EXPECT_EQ(read(R"(4{"message":"Not authorized"})"), R"(4 / {"message":"Not authorized"})");
  EXPECT_EQ(read(R"(2["lone \ud800 half"])"), "2 / lone \xef\xbf\xbd half []");
  EXPECT_EQ(read(R"(2["\\ud800 \ud83d\ude00"])"), "2 / \\ud800 \xf0\x9f\x98\x80 []");
}

TEST(SocketIoPacket, NumbersBeyondADoubleAreReadAndWrittenAsJavaScriptDoes) {
  EXPECT_EQ(read("2[\"x\",1e999,-1e999,{\"a\":[1e400]}]"), R"(2 / x [null,null,{"a":[null]}])");
  EXPECT_EQ(read("2[\"x\"," + std::string(400, '9') + "]"), "2 / x [null]");
  EXPECT_EQ(read(R"(2["x",0e999,-0.0e999,1e-999])"), "2 / x [0,0,0E0]");
  EXPECT_EQ(read("2[1e999]"), "error " + std::to_string(static_cast<int>(ParseError::BadPayload)));
}

TEST(SocketIoPacket, WhatIsWrittenIsJsonWhateverTheNumbers) {
  const json::object infinite{{"a", std::numeric_limits<double>::infinity()}};
  const json::object nothing{{"a", std::numeric_limits<double>::quiet_NaN()}};
  Arguments both;
  both.values = {infinite, nothing};
  for (const Encoded& encoded :
       {encode_event("/", "x", infinite), encode_event("/", "x", both), encode_ack("/", 1, both),
        encode_connect_error("/", "x", infinite)}) {
    const std::string_view text = encoded.frames.at(0).data.text();
    json::error_code error;
    json::parse(text.substr(text.find_first_of("[{")), error);
    EXPECT_FALSE(error) << text;
  }
}

struct Malformed {
  const char* name;
  std::string text;
  ParseError error;
};
class MalformedSocketIoPacket : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSocketIoPacket, IsRefusedWithItsReason) {
  Decoder decoder;
  const auto decoded = decoder.text(GetParam().text);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error(), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MalformedSocketIoPacket,
    testing::Values(
        Malformed{"Nothing", "", ParseError::Empty},
        Malformed{"LetterAsType", "abc", ParseError::UnknownType},
        Malformed{"Seven", "7", ParseError::UnknownType},
        Malformed{"ObjectAsEvent", "2{}", ParseError::BadPayload},
        Malformed{"NoEvent", "2", ParseError::BadPayload},
        Malformed{"NoName", "2[]", ParseError::BadPayload},
        Malformed{"ObjectAsName", "2[{}]", ParseError::BadPayload},
        Malformed{"NullAsName", "2[null]", ParseError::BadPayload},
        Malformed{"NoJson", "2[\"a\"", ParseError::BadJson},
        Malformed{"TextAfterJson", "2[\"a\"]x", ParseError::BadJson},
        Malformed{"BadUtf8", "2[\"\xff\"]", ParseError::BadJson},
        Malformed{"LettersAsAckId", "2abc[\"a\"]", ParseError::BadJson},
        Malformed{"HugeAckId", "212345678901234567[\"a\"]", ParseError::BadAckId},
        Malformed{"AckWithoutId", "3[]", ParseError::BadAckId},
        Malformed{"ObjectAsAck", "31{}", ParseError::BadPayload},
        Malformed{"ArrayAsConnect", "0[]", ParseError::BadPayload},
        Malformed{"NullAsConnect", "0null", ParseError::BadPayload},
        Malformed{"TextAsConnect", "0\"token\"", ParseError::BadPayload},
        Malformed{"PayloadOfDisconnect", "1{}", ParseError::BadPayload},
        Malformed{"NoConnectError", "4", ParseError::BadPayload},
        Malformed{"LongNamespace", "0/" + std::string(kMaxNamespaceLength, 'x'),
                  ParseError::BadNamespace},
        Malformed{"NoAttachmentCount", "5[\"a\"]", ParseError::BadAttachmentCount},
        Malformed{"NoDash", "51[\"a\"]", ParseError::BadAttachmentCount},
        Malformed{"LetterAsCount", "5x-[\"a\"]", ParseError::BadAttachmentCount},
        Malformed{"ElevenAttachments", "511-[\"a\"]", ParseError::TooManyAttachments},
        Malformed{"ManyAttachments", "599999999999999999999-[\"a\"]",
                  ParseError::TooManyAttachments},
        Malformed{"NumberBeyondTheCount", R"(51-["a",{"_placeholder":true,"num":1}])",
                  ParseError::BadAttachment},
        Malformed{"NegativeNumber", R"(51-["a",{"_placeholder":true,"num":-1}])",
                  ParseError::BadAttachment},
        Malformed{"TextAsNumber", R"(51-["a",{"_placeholder":true,"num":"splice"}])",
                  ParseError::BadAttachment},
        Malformed{"NoNumber", R"(51-["a",{"_placeholder":true}])", ParseError::BadAttachment},
        Malformed{"NumberInTheDepth", R"(51-["a",[{"b":{"_placeholder":true,"num":7}}]])",
                  ParseError::BadAttachment},
        Malformed{"Reserved1", R"(2["connect"])", ParseError::ReservedEvent},
        Malformed{"Reserved2", R"(2["connect_error"])", ParseError::ReservedEvent},
        Malformed{"Reserved3", R"(2["disconnect"])", ParseError::ReservedEvent},
        Malformed{"Reserved4", R"(2["disconnecting"])", ParseError::ReservedEvent},
        Malformed{"Reserved5", R"(2["newListener"])", ParseError::ReservedEvent},
        Malformed{"Reserved6", R"(2["removeListener"])", ParseError::ReservedEvent}),
    [](const auto& param_info) { return param_info.param.name; });

std::string nested(std::string_view before, std::size_t depth, std::string_view after) {
  return std::string(before) + std::string(depth, '[') + std::string(depth, ']') +
         std::string(after);
}

TEST(SocketIoPacket, AnArgumentMayBeNestedThirtyTwoDeepAndNoDeeper) {
  EXPECT_EQ(read(nested("2[\"join\",", kMaxJsonDepth, "]")),
            nested("2 / join [", kMaxJsonDepth, "]"));
  EXPECT_EQ(read(nested("2[\"join\",", kMaxJsonDepth + 1, "]")), "2 / join too deep");
}

TEST(SocketIoPacket, OfWhatIsNestedTooDeepTheNameAndAckIdAreStillKnown) {
  EXPECT_EQ(read(nested("2/custom,7[\"join\\n\",", 100'000, "]")), "2 /custom #7 join\n too deep");
  EXPECT_EQ(read(nested("2[", 40, "]")), "2 / too deep") << "there is no name to know";
  EXPECT_EQ(read(nested("35[", 40, "]")), "3 / #5 too deep");
  EXPECT_EQ(read(nested("0{\"a\":", 40, "}")), "0 / too deep");
}

TEST(SocketIoPacket, ABinaryEventIsCompleteWithItsLastAttachment) {
  Decoder decoder;
  auto step = decoder.text(
      R"(52-/admin,9["name",{"_placeholder":true,"num":1},{"b":{"_placeholder":true,"num":0}}])");
  ASSERT_TRUE(step && !*step);
  step = decoder.binary("first");
  ASSERT_TRUE(step && !*step);
  step = decoder.binary("second");
  ASSERT_TRUE(step && *step);
  const Packet& packet = **step;
  EXPECT_EQ(packet.type, PacketType::BinaryEvent);
  EXPECT_EQ(packet.nsp, "/admin");
  EXPECT_EQ(packet.ack, 9u);
  EXPECT_EQ(packet.name, "name");
  const Arguments& arguments = packet.arguments;
  EXPECT_EQ(as_text(*arguments.attachment(arguments.values[0])), "second");
  EXPECT_EQ(as_text(*arguments.attachment(arguments.values[1].at("b"))), "first");
  EXPECT_FALSE(arguments.attachment(arguments.values[1]));
  EXPECT_EQ(decoder.binary("third").error(), ParseError::UnexpectedBinary);
}

TEST(SocketIoPacket, ABinaryEventWithoutAttachmentsIsCompleteAtOnce) {
  Decoder decoder;
  const auto step = decoder.text(R"(50-["name",1])");
  ASSERT_TRUE(step && *step);
  EXPECT_EQ((*step)->name, "name");
}

TEST(SocketIoPacket, TextBetweenAttachmentsIsAnError) {
  Decoder decoder;
  ASSERT_TRUE(decoder.text(R"(51-["name",{"_placeholder":true,"num":0}])"));
  EXPECT_EQ(decoder.text(R"(2["name"])").error(), ParseError::UnexpectedText);
}

TEST(SocketIoPacket, HoldsAsManyBytesAsCameUntilItsLastAttachment) {
  Decoder decoder;
  const std::string text = R"(52-["name",[0],[0]])";
  ASSERT_TRUE(decoder.text(text));
  EXPECT_EQ(decoder.held_bytes(), text.size());
  ASSERT_TRUE(decoder.binary("first"));
  EXPECT_EQ(decoder.held_bytes(), text.size() + 5);
  ASSERT_TRUE(decoder.binary("second"));
  EXPECT_EQ(decoder.held_bytes(), 0u);
  ASSERT_TRUE(decoder.text(text));
  decoder.forget();
  EXPECT_EQ(decoder.held_bytes(), 0u);
}

TEST(SocketIoPacket, OfWhatIsNestedTooDeepNoAttachmentIsKept) {
  Decoder decoder;
  ASSERT_TRUE(decoder.text(nested("51-[\"name\",", kMaxJsonDepth + 1, "]")));
  const auto step = decoder.binary("bytes");
  ASSERT_TRUE(step && *step);
  EXPECT_TRUE((*step)->too_deep);
  EXPECT_TRUE((*step)->arguments.attachments.empty());
}

TEST(SocketIoPacket, IsBoundedTogetherWithItsAttachments) {
  const std::string text = R"(52-["name"])";
  Decoder fits(kMaxJsonDepth, text.size() + 10);
  ASSERT_TRUE(fits.text(text));
  ASSERT_TRUE(fits.binary(std::string(9, 'x')));
  const auto step = fits.binary("y");
  ASSERT_TRUE(step && *step);
  EXPECT_EQ((*step)->bytes, text.size() + 10);

  Decoder beyond(kMaxJsonDepth, text.size() + 10);
  ASSERT_TRUE(beyond.text(text));
  ASSERT_TRUE(beyond.binary(std::string(9, 'x')));
  EXPECT_EQ(beyond.binary("yz").error(), ParseError::TooLarge);
  EXPECT_EQ(Decoder(kMaxJsonDepth, text.size() - 1).text(text).error(), ParseError::TooLarge);
}

TEST(SocketIoPacket, BytesWithoutAPacketAreAnError) {
  Decoder decoder;
  EXPECT_EQ(decoder.binary("x").error(), ParseError::UnexpectedBinary);
}

TEST(SocketIoPacket, AnObjectThatLooksLikeAnAttachmentIsNoneInATextEvent) {
  Decoder decoder;
  const auto step = decoder.text(R"(2["name",{"_placeholder":true,"num":0}])");
  ASSERT_TRUE(step && *step);
  EXPECT_FALSE((*step)->arguments.attachment((*step)->arguments.values[0]));
}

std::string text(const Encoded& encoded) { return std::string(encoded.frames.at(0).data.text()); }

TEST(SocketIoPacket, IsWrittenAsEngineIoMessages) {
  const json::value payload{{"a", 1}};
  EXPECT_EQ(text(encode_event("/", "name", payload)), R"(42["name",{"a":1}])");
  EXPECT_EQ(text(encode_event("/custom", "na\"me", payload)), R"(42/custom,["na\"me",{"a":1}])");
  Arguments two;
  two.values = {1, "x"};
  EXPECT_EQ(text(encode_event("/", "name", two)), R"(42["name",1,"x"])");
  EXPECT_EQ(text(encode_event("/", "name", Arguments{})), R"(42["name"])");
  EXPECT_EQ(text(encode_ack("/", 0, two)), R"(430[1,"x"])");
  EXPECT_EQ(text(encode_ack("/custom", 12, Arguments{})), "43/custom,12[]");
  EXPECT_EQ(text(encode_connect("/", "abc")), R"(40{"sid":"abc"})");
  EXPECT_EQ(text(encode_connect("/custom", "abc")), R"(40/custom,{"sid":"abc"})");
  EXPECT_EQ(text(encode_connect_error("/", "no", nullptr)), R"(44{"message":"no"})");
  EXPECT_EQ(text(encode_connect_error("/", "no", {{"code", 1}})),
            R"(44{"message":"no","data":{"code":1}})");
  EXPECT_EQ(text(encode_disconnect("/")), "41");
  EXPECT_EQ(text(encode_disconnect("/custom")), "41/custom,");
}

TEST(SocketIoPacket, AttachmentsFollowTheirEventAndAck) {
  Arguments arguments;
  arguments.values = {json::value{{"_placeholder", true}, {"num", 0}}};
  arguments.attachments = {"bytes"};
  const Encoded event = encode_event("/", "name", arguments);
  ASSERT_EQ(event.frames.size(), 2u);
  EXPECT_EQ(text(event), R"(451-["name",{"_placeholder":true,"num":0}])");
  EXPECT_TRUE(event.frames[1].binary);
  EXPECT_EQ(event.frames[1].data.text(), "bytes");
  EXPECT_EQ(text(encode_ack("/", 3, arguments)), R"(461-3[{"_placeholder":true,"num":0}])");
}

}  // namespace
}  // namespace sfu::signaling::socketio
