#include "stun/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "stun/crc32.h"
#include "stun/message_builder.h"

namespace sfu::stun {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using Buffer = std::vector<std::uint8_t>;

constexpr TransactionId kId = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/// A message of type `type` whose body is `body`, with the right length and cookie.
Buffer message(Buffer body, std::uint16_t type = 0x0001) {
  Buffer bytes(kHeaderSize);
  store_be16(bytes, 0, type);
  store_be16(bytes, 2, static_cast<std::uint16_t>(body.size()));
  store_be32(bytes, 4, kMagicCookie);
  std::copy(kId.begin(), kId.end(), bytes.begin() + 8);
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

Buffer changed(Buffer bytes, std::size_t at, std::uint8_t value) {
  bytes[at] = value;
  return bytes;
}

Buffer repeated(const Buffer& part, std::size_t times) {
  Buffer all;
  for (std::size_t i = 0; i < times; ++i) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Buffer attribute(std::uint16_t type, std::size_t size) {
  Buffer bytes(4 + (size + 3) / 4 * 4);
  store_be16(bytes, 0, type);
  store_be16(bytes, 2, static_cast<std::uint16_t>(size));
  return bytes;
}

struct Malformed {
  std::string_view name;
  Buffer bytes;
  ParseError reason;
};

std::vector<Malformed> malformed_messages() {
  const Buffer empty = message({});
  Buffer after_fingerprint = attribute(0x8028, 4);
  for (const std::uint8_t byte : attribute(0x0025, 0)) after_fingerprint.push_back(byte);
  return {
      {"nothing", {}, ParseError::TooShort},
      {"one byte less than a header", Buffer(empty.begin(), empty.end() - 1), ParseError::TooShort},
      {"first bit set", changed(empty, 0, 0x80), ParseError::NotStun},
      {"second bit set", changed(empty, 0, 0x40), ParseError::NotStun},
      {"wrong cookie", changed(empty, 7, 0x43), ParseError::NotStun},
      {"longer than said", changed(message({0, 0x25, 0, 0}), 3, 0), ParseError::BadLength},
      {"shorter than said", changed(empty, 3, 4), ParseError::BadLength},
      {"length not a multiple of 4", message({0, 0x25, 0, 0, 0}), ParseError::BadLength},
      {"length of 65535", changed(changed(empty, 2, 0xFF), 3, 0xFF), ParseError::BadLength},
      {"value past the end", message({0, 6, 0, 1}), ParseError::TruncatedAttribute},
      {"value far past the end", message({0, 6, 0xFF, 0xFF, 1, 2, 3, 4}),
       ParseError::TruncatedAttribute},
      {"value of 65533, whose padding would wrap 16 bits", message({0, 6, 0xFF, 0xFD}),
       ParseError::TruncatedAttribute},
      {"padding past the end", message({0, 6, 0, 5, 1, 2, 3, 4}), ParseError::TruncatedAttribute},
      {"short integrity", message(attribute(0x0008, 16)), ParseError::BadIntegrityLength},
      {"empty integrity", message(attribute(0x0008, 0)), ParseError::BadIntegrityLength},
      {"long integrity", message(attribute(0x0008, 32)), ParseError::BadIntegrityLength},
      {"long fingerprint", message(attribute(0x8028, 8)), ParseError::BadFingerprintLength},
      {"empty fingerprint", message(attribute(0x8028, 0)), ParseError::BadFingerprintLength},
      {"after the fingerprint", message(after_fingerprint), ParseError::FingerprintNotLast},
      {"two fingerprints", message(repeated(attribute(0x8028, 4), 2)),
       ParseError::FingerprintNotLast},
  };
}

TEST(StunParse, RefusesEachMalformedMessageWithItsReason) {
  for (const Malformed& m : malformed_messages()) {
    const auto parsed = MessageView::parse(m.bytes);
    ASSERT_FALSE(parsed) << m.name;
    EXPECT_EQ(parsed.error(), m.reason) << m.name;
    EXPECT_FALSE(peek_local_ufrag(m.bytes)) << m.name;
  }
}

TEST(StunParse, TakesAMessageWithoutAttributes) {
  const Buffer bytes = message({});
  const auto view = MessageView::parse(bytes);
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->is_binding_request());
  EXPECT_EQ(view->transaction_id(), kId);
  EXPECT_FALSE(view->has_integrity());
  EXPECT_FALSE(view->verify_integrity("anything"));
  EXPECT_FALSE(view->verify_fingerprint());
}

TEST(StunParse, TakesTheLargestDatagramFullOfAttributes) {
  const Buffer bytes = message(repeated(attribute(0x7FFF, 0), 16383));
  const auto view = MessageView::parse(bytes);
  ASSERT_TRUE(view);
  EXPECT_THAT(view->unknown_required().list(), SizeIs(UnknownTypes::kMax));
}

TEST(StunType, GoesBetweenClassAndMethodForAllOfThem) {
  for (unsigned m = 0; m <= 0xFFF; ++m) {
    for (const Class c :
         {Class::Request, Class::Indication, Class::SuccessResponse, Class::ErrorResponse}) {
      Buffer buffer(kHeaderSize);
      const MessageBuilder builder(buffer, c, static_cast<Method>(m), kId);
      const auto view = MessageView::parse(builder.bytes());
      ASSERT_TRUE(view);
      ASSERT_EQ(view->message_class(), c);
      ASSERT_EQ(view->method(), static_cast<Method>(m));
    }
  }
}

TEST(StunType, HasTheValuesOfTheRfcForBinding) {
  EXPECT_EQ(MessageView::parse(message({}, 0x0011))->message_class(), Class::Indication);
  EXPECT_EQ(MessageView::parse(message({}, 0x0101))->message_class(), Class::SuccessResponse);
  EXPECT_EQ(MessageView::parse(message({}, 0x0111))->message_class(), Class::ErrorResponse);
}

TEST(StunMessage, GivesBackEverythingThatWasWritten) {
  for (const std::string_view ip : {"192.0.2.1", "2001:db8::17"}) {
    std::array<std::uint8_t, 512> buffer;
    MessageBuilder builder(buffer, Class::Request, Method::Binding, kId);
    const Endpoint mapped{IpAddress::parse(ip).value(), 0xABCD};
    const std::uint16_t types[] = {0x7001, 0x7002, 0x7003};
    builder.username("left:right").priority(0xFFFFFFFF).use_candidate().ice_controlling(1);
    builder.ice_controlled(UINT64_MAX).nomination(7).xor_mapped_address(mapped);
    builder.error_code(487, "Role Conflict").unknown_attributes(types).software("x");
    builder.message_integrity("password").fingerprint();

    const auto view = MessageView::parse(builder.bytes());
    ASSERT_TRUE(view);
    EXPECT_EQ(view->username(), "left:right");
    EXPECT_EQ(view->priority(), 0xFFFFFFFFU);
    EXPECT_TRUE(view->use_candidate());
    EXPECT_EQ(view->ice_controlling(), 1U);
    EXPECT_EQ(view->ice_controlled(), UINT64_MAX);
    EXPECT_EQ(view->nomination(), 7U);
    EXPECT_EQ(view->xor_mapped_address(), mapped);
    EXPECT_EQ(view->error_code()->code, 487);
    EXPECT_EQ(view->error_code()->reason, "Role Conflict");
    EXPECT_THAT(*view->attribute(AttributeType::UnknownAttributes),
                ElementsAre(0x70, 1, 0x70, 2, 0x70, 3));
    EXPECT_EQ(view->software(), "x");
    EXPECT_TRUE(view->verify_integrity("password"));
    EXPECT_FALSE(view->verify_integrity("passwore"));
    EXPECT_FALSE(view->verify_integrity(""));
    EXPECT_TRUE(view->verify_fingerprint());
    EXPECT_FALSE(view->has_malformed_attribute());
  }
}

TEST(StunMessage, IsIntactWithIntegrityButNoFingerprintAndTheOtherWayRound) {
  std::array<std::uint8_t, 128> buffer;
  MessageBuilder integrity(buffer, Class::Request, Method::Binding, kId);
  integrity.message_integrity("p");
  EXPECT_TRUE(MessageView::parse(integrity.bytes())->verify_integrity("p"));
  EXPECT_FALSE(MessageView::parse(integrity.bytes())->has_fingerprint());
  MessageBuilder fingerprint(buffer, Class::Request, Method::Binding, kId);
  fingerprint.fingerprint();
  EXPECT_TRUE(MessageView::parse(fingerprint.bytes())->verify_fingerprint());
  EXPECT_FALSE(MessageView::parse(fingerprint.bytes())->has_integrity());
}

TEST(StunMessage, TakesTheFirstOfRepeatedAttributes) {
  std::array<std::uint8_t, 128> buffer;
  MessageBuilder builder(buffer, Class::Request, Method::Binding, kId);
  builder.username("first:x").username("second:x");
  EXPECT_EQ(MessageView::parse(builder.bytes())->username(), "first:x");
}

TEST(StunMessage, IgnoresWhatFollowsTheIntegrity) {
  std::array<std::uint8_t, 256> buffer;
  MessageBuilder builder(buffer, Class::Request, Method::Binding, kId);
  builder.message_integrity("p").use_candidate().username("late:x").nomination(1);
  builder.attribute(0x7FFF, {}).message_integrity("other").fingerprint();
  const auto view = MessageView::parse(builder.bytes());
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->verify_integrity("p"));
  EXPECT_FALSE(view->verify_integrity("other"));
  EXPECT_FALSE(view->use_candidate());
  EXPECT_FALSE(view->username());
  EXPECT_FALSE(view->nomination());
  EXPECT_TRUE(view->unknown_required().empty());
  EXPECT_FALSE(peek_local_ufrag(builder.bytes()));
}

TEST(StunMessage, GivesNoValueOfTheWrongSize) {
  for (const auto type : std::to_array<std::uint16_t>({0x0024, 0x0025, 0x8029, 0x802A, 0xC001})) {
    const Buffer bytes = message(attribute(type, 5));
    const auto view = MessageView::parse(bytes);
    ASSERT_TRUE(view);
    EXPECT_TRUE(view->has_malformed_attribute()) << type;
    EXPECT_FALSE(view->priority());
    EXPECT_FALSE(view->use_candidate());
    EXPECT_FALSE(view->ice_controlling());
    EXPECT_FALSE(view->ice_controlled());
    EXPECT_FALSE(view->nomination());
  }
}

TEST(StunMessage, GivesNoMappedAddressOfAFamilyThatDoesNotFitItsSize) {
  struct Case {
    std::uint8_t family;
    std::size_t size;
    bool good;
  };
  for (const Case c : {Case{1, 8, true}, Case{2, 20, true}, Case{1, 20, false}, Case{2, 8, false},
                       Case{0, 8, false}, Case{3, 20, false}, Case{1, 4, false}, Case{1, 0, false},
                       Case{1, 7, false}, Case{2, 19, false}, Case{2, 24, false}}) {
    Buffer body = attribute(0x0020, c.size);
    if (c.size > 1) body[5] = c.family;
    const Buffer bytes = message(body, 0x0101);
    EXPECT_EQ(MessageView::parse(bytes)->xor_mapped_address().has_value(), c.good)
        << int{c.family} << " " << c.size;
  }
}

TEST(StunMessage, GivesNoErrorCodeOutsideItsRange) {
  for (const auto& [hundreds, rest, good] :
       {std::tuple{3, 0, true}, {6, 99, true}, {2, 99, false}, {7, 0, false}, {4, 100, false}}) {
    Buffer body = attribute(0x0009, 4);
    body[6] = static_cast<std::uint8_t>(hundreds);
    body[7] = static_cast<std::uint8_t>(rest);
    const Buffer bytes = message(body, 0x0111);
    EXPECT_EQ(MessageView::parse(bytes)->error_code().has_value(), good) << hundreds << " " << rest;
  }
  const Buffer shorter = message(attribute(0x0009, 3), 0x0111);
  EXPECT_FALSE(MessageView::parse(shorter)->error_code());
}

TEST(StunUnknownTypes, AreTheRequiredOnesThatNoOneKnowsAndABoundedNumber) {
  Buffer body;
  const auto add = [&](std::uint16_t type) {
    for (const std::uint8_t byte : attribute(type, 0)) body.push_back(byte);
  };
  for (const auto type :
       std::to_array<std::uint16_t>({0x0006, 0x7FFF, 0x8000, 0xC057, 0x0000, 0x0024}))
    add(type);
  const Buffer few = message(body);
  EXPECT_THAT(MessageView::parse(few)->unknown_required().list(), ElementsAre(0x7FFF, 0x0000));
  for (std::uint16_t n = 0; n < 100; ++n) add(static_cast<std::uint16_t>(0x7000 + n));
  const Buffer many = message(body);
  EXPECT_THAT(MessageView::parse(many)->unknown_required().list(), SizeIs(UnknownTypes::kMax));
}

TEST(PeekLocalUfrag, IsWhatStandsBeforeTheFirstColonOfABindingRequest) {
  const auto peek = [](std::string_view username, Class c = Class::Request,
                       Method m = Method::Binding) -> std::optional<std::string> {
    std::array<std::uint8_t, 1024> buffer;
    MessageBuilder builder(buffer, c, m, kId);
    builder.username(username).message_integrity("p").fingerprint();
    const auto ufrag = peek_local_ufrag(builder.bytes());
    return ufrag ? std::optional(std::string(*ufrag)) : std::nullopt;
  };
  EXPECT_EQ(peek("ours:theirs"), "ours");
  EXPECT_EQ(peek("ours:theirs:more"), "ours");
  EXPECT_EQ(peek("ours:"), "ours");
  EXPECT_EQ(peek(std::string(256, 'u') + ":x"), std::string(256, 'u'));
  EXPECT_EQ(peek(std::string("a\0b:c", 5)), std::string("a\0b", 3));
  EXPECT_EQ(peek(":theirs"), std::nullopt);
  EXPECT_EQ(peek("ours"), std::nullopt);
  EXPECT_EQ(peek(""), std::nullopt);
  EXPECT_EQ(peek("ours:theirs", Class::Indication), std::nullopt);
  EXPECT_EQ(peek("ours:theirs", Class::SuccessResponse), std::nullopt);
  EXPECT_EQ(peek("ours:theirs", Class::Request, static_cast<Method>(3)), std::nullopt);
}

TEST(StunBuilder, PadsWithZerosAndCountsThePaddingInTheLength) {
  std::array<std::uint8_t, 64> buffer;
  buffer.fill(0xEE);
  MessageBuilder builder(buffer, Class::Request, Method::Binding, kId);
  builder.username("abcde");
  EXPECT_THAT(builder.bytes().subspan(20),
              ElementsAre(0, 6, 0, 5, 'a', 'b', 'c', 'd', 'e', 0, 0, 0));
  EXPECT_EQ(load_be16(builder.bytes(), 2), 12);
}

TEST(StunBuilderDeathTest, RefusesToWriteBeyondItsBuffer) {
  std::array<std::uint8_t, 27> buffer;
  EXPECT_DEATH(MessageBuilder(buffer, Class::Request, Method::Binding, kId).priority(1),
               "broken invariant");
}

TEST(Crc32, GivesTheCheckValueOfItsCatalogue) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(crc32({}), 0U);
}

}  // namespace
}  // namespace sfu::stun
