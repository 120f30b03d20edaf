#include "rtp/rtx.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "rtp/packet_writer.h"

namespace sfu::rtp {
namespace {

using Buffer = std::vector<std::uint8_t>;

/// A packet with one extension element and, where `padding` is not 0, that much padding.
Buffer packet(HeaderFields fields, const Buffer& payload, std::uint8_t padding = 0) {
  const std::array<std::uint8_t, 1> value{0x42};
  const std::array<HeaderExtension, 1> elements{{{1, value}}};
  fields.padding = padding != 0;
  Buffer bytes(64);
  bytes.resize(*write_header(fields, elements, bytes));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.resize(bytes.size() + padding);
  if (padding != 0) bytes.back() = padding;
  return bytes;
}

TEST(Rtx, UnwrappingGivesTheOriginalPacketBack) {
  for (const std::uint8_t padding : {std::uint8_t{0}, std::uint8_t{5}}) {
    const Buffer payload = {10, 20, 30};
    const HeaderFields original{.marker = true,
                                .payload_type = 96,
                                .sequence_number = 4711,
                                .timestamp = 90000,
                                .ssrc = Ssrc{1}};
    HeaderFields resent = original;
    resent.payload_type = 97;
    resent.sequence_number = 5;
    resent.ssrc = Ssrc{2};
    Buffer wrapped(16);
    wrapped.resize(*write_rtx_payload(4711, payload, wrapped));
    Buffer rtx = packet(resent, wrapped, padding);

    EXPECT_EQ(original_sequence_number(*PacketView::parse(rtx)), 4711);
    const auto restored = unwrap_rtx(rtx, Ssrc{1}, 96);
    ASSERT_TRUE(restored.has_value());
    EXPECT_EQ(Buffer(restored->begin(), restored->end()), packet(original, payload, padding));
    EXPECT_EQ(restored->data(), rtx.data() + kOsnSize) << "in place";
  }
}

TEST(Rtx, AnEmptyOriginalPayloadIsStillAPacket) {
  Buffer rtx = packet({.payload_type = 97, .ssrc = Ssrc{2}}, {0x01, 0x02});
  const auto restored = unwrap_rtx(rtx, Ssrc{1}, 96);
  ASSERT_TRUE(restored.has_value());
  const auto view = PacketView::parse(*restored);
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->sequence_number(), 0x0102);
  EXPECT_TRUE(view->payload().empty());
}

TEST(Rtx, CarriesNoOriginalWhereThePayloadIsShorterThanItsNumber) {
  Buffer padding_alone = packet({.payload_type = 97}, {}, 200);
  Buffer one_byte = packet({.payload_type = 97}, {9}, 3);
  const Buffer before = padding_alone;
  EXPECT_FALSE(unwrap_rtx(padding_alone, Ssrc{1}, 96).has_value());
  EXPECT_EQ(padding_alone, before) << "a refused packet is left as it was";
  EXPECT_FALSE(unwrap_rtx(one_byte, Ssrc{1}, 96).has_value());
  Buffer garbage(3, 0xFF);
  EXPECT_FALSE(unwrap_rtx(garbage, Ssrc{1}, 96).has_value());
}

TEST(Rtx, PayloadThatDoesNotFitIsRefused) {
  const Buffer payload(10);
  Buffer out(11);
  EXPECT_EQ(write_rtx_payload(1, payload, out), std::nullopt);
  out.resize(12);
  EXPECT_EQ(write_rtx_payload(1, payload, out), 12u);
}

}  // namespace
}  // namespace sfu::rtp
