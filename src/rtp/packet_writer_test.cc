#include "rtp/packet_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "rtp/extension_values.h"
#include "rtp/rewrite_header_for_test.h"

namespace sfu::rtp {
namespace {

using Buffer = std::vector<std::uint8_t>;
using namespace std::chrono_literals;

ExtensionMap map_of(std::initializer_list<std::pair<std::uint8_t, ExtensionKind>> pairs) {
  ExtensionMap map;
  for (const auto& [id, kind] : pairs) EXPECT_TRUE(map.add(id, kind));
  return map;
}

/// A packet with these elements and a payload of four bytes.
Buffer packet_with(std::initializer_list<HeaderExtension> elements, HeaderFields fields = {}) {
  Buffer bytes(2048);
  const std::vector<HeaderExtension> list(elements);
  const auto size = write_header(fields, list, bytes);
  EXPECT_TRUE(size.has_value());
  bytes.resize(*size);
  bytes.insert(bytes.end(), {1, 2, 3, 4});
  return bytes;
}

TEST(WriteHeader, WhatItWritesReadsBackTheSame) {
  const std::array<Ssrc, 3> csrcs{Ssrc{1}, Ssrc{0xFFFFFFFF}, Ssrc{7}};
  const HeaderFields fields{.marker = true,
                            .payload_type = 111,
                            .sequence_number = 65535,
                            .timestamp = 0xDEADBEEF,
                            .ssrc = Ssrc{0x12345678},
                            .csrcs = csrcs};
  const std::array<std::uint8_t, 3> value{7, 8, 9};
  const Buffer bytes = packet_with({{14, value}, {1, Bytes(value).first(1)}}, fields);
  const auto view = PacketView::parse(bytes);
  ASSERT_TRUE(view.has_value());
  EXPECT_TRUE(view->marker());
  EXPECT_EQ(view->payload_type(), 111);
  EXPECT_EQ(view->sequence_number(), 65535);
  EXPECT_EQ(view->timestamp(), 0xDEADBEEF);
  EXPECT_EQ(view->ssrc(), Ssrc{0x12345678});
  ASSERT_EQ(view->csrc_count(), 3u);
  EXPECT_EQ(view->csrc(1), Ssrc{0xFFFFFFFF});
  EXPECT_EQ(view->extensions().form(), ExtensionForm::OneByte);
  EXPECT_EQ(view->extension(14)->size(), 3u);
  EXPECT_EQ(view->extension(1)->size(), 1u);
  EXPECT_EQ(view->payload().size(), 4u);
}

TEST(WriteHeader, WithoutElementsHasNoBlock) { EXPECT_EQ(packet_with({}).size(), 16u); }

struct FormCase {
  const char* name;
  std::uint8_t id;
  std::size_t size;
  ExtensionForm expected;
};

TEST(WriteHeader, TakesTheTwoByteFormOnlyWhereAnElementNeedsIt) {
  const Buffer value(255, 0xAB);
  const FormCase cases[] = {
      {"longest one-byte", 14, 16, ExtensionForm::OneByte},
      {"too long for one byte", 1, 17, ExtensionForm::TwoByte},
      {"empty", 1, 0, ExtensionForm::TwoByte},
      {"id 15", 15, 1, ExtensionForm::TwoByte},
      {"the most", 255, 255, ExtensionForm::TwoByte},
  };
  for (const FormCase& row : cases) {
    const Buffer bytes =
        packet_with({{2, Bytes(value).first(1)}, {row.id, Bytes(value).first(row.size)}});
    const auto view = PacketView::parse(bytes);
    ASSERT_TRUE(view.has_value()) << row.name;
    EXPECT_EQ(view->extensions().form(), row.expected) << row.name;
    EXPECT_EQ(view->extension(2)->size(), 1u) << row.name;
    ASSERT_TRUE(view->extension(row.id).has_value()) << row.name;
    EXPECT_EQ(view->extension(row.id)->size(), row.size) << row.name;
    EXPECT_EQ(view->header_size() % 4, 0u) << row.name;
  }
}

TEST(WriteHeader, RefusesWhatNoFormCarriesAndWhatDoesNotFit) {
  const Buffer value(256);
  Buffer out(1024);
  const std::array<HeaderExtension, 1> zero_id{{{0, Bytes(value).first(1)}}};
  const std::array<HeaderExtension, 1> too_long{{{1, value}}};
  const std::array<HeaderExtension, 1> fine{{{1, Bytes(value).first(1)}}};
  EXPECT_EQ(write_header({}, zero_id, out), std::nullopt);
  EXPECT_EQ(write_header({}, too_long, out), std::nullopt);
  EXPECT_EQ(write_header({}, fine, MutableBytes(out).first(19)), std::nullopt);
  EXPECT_EQ(write_header({}, fine, MutableBytes(out).first(20)), 20u);
}

const ExtensionMap kIncoming = map_of({{3, ExtensionKind::Mid},
                                       {4, ExtensionKind::Rid},
                                       {5, ExtensionKind::AudioLevel},
                                       {6, ExtensionKind::TransportCc},
                                       {7, ExtensionKind::AbsSendTime},
                                       {8, ExtensionKind::VideoOrientation}});

const std::array<std::uint8_t, 1> kLevel{0x85};
const std::array<std::uint8_t, 1> kOrientation{0x03};
const std::array<std::uint8_t, 2> kOldNumber{0xAA, 0xAA};
const std::array<std::uint8_t, 3> kOldTime{0xBB, 0xBB, 0xBB};

Buffer incoming_packet() {
  return packet_with({{3, as_bytes("v0")},
                      {4, as_bytes("hi")},
                      {5, kLevel},
                      {6, kOldNumber},
                      {7, kOldTime},
                      {8, kOrientation},
                      {9, kLevel}},
                     {.marker = true, .payload_type = 100, .sequence_number = 1, .ssrc = Ssrc{5}});
}

TEST(RewriteHeader, GivesTheReceiverItsOwnNumbersAndIds) {
  const ExtensionMap outgoing = map_of({{1, ExtensionKind::Mid},
                                        {2, ExtensionKind::Rid},
                                        {10, ExtensionKind::AudioLevel},
                                        {12, ExtensionKind::TransportCc},
                                        {13, ExtensionKind::AbsSendTime}});
  const Buffer packet = incoming_packet();
  Buffer out(kHeaderRoom);
  const auto written = rewrite_header(*PacketView::parse(packet), kIncoming, outgoing,
                                      {.ssrc = Ssrc{99},
                                       .sequence_number = 2000,
                                       .timestamp = 3000,
                                       .payload_type = 45,
                                       .mid = "17"},
                                      out);
  ASSERT_TRUE(written.has_value());
  out.resize(written->size);
  const auto view = PacketView::parse(out);
  ASSERT_TRUE(view.has_value());
  EXPECT_TRUE(view->payload().empty());
  EXPECT_TRUE(view->marker());
  EXPECT_EQ(view->ssrc(), Ssrc{99});
  EXPECT_EQ(view->sequence_number(), 2000);
  EXPECT_EQ(view->timestamp(), 3000u);
  EXPECT_EQ(view->payload_type(), 45);
  EXPECT_EQ(read_mid(*view->extension(1)), "17");
  EXPECT_FALSE(view->extension(2).has_value()) << "the publisher's RID must not leak";
  EXPECT_EQ((*view->extension(10))[0], kLevel[0]);
  EXPECT_EQ(read_transport_cc(*view->extension(12)), 0);
  EXPECT_EQ(load_be24(*view->extension(13), 0), 0u);
  for (std::uint8_t id = 3; id <= 9; ++id) EXPECT_FALSE(view->extension(id)) << int{id};

  EXPECT_EQ(out.data() + written->patch.transport_cc, view->extension(12)->data());
  EXPECT_EQ(out.data() + written->patch.abs_send_time, view->extension(13)->data());
}

TEST(RewriteHeader, PatchesReachTheFinishedPacket) {
  const ExtensionMap outgoing =
      map_of({{200, ExtensionKind::TransportCc}, {13, ExtensionKind::AbsSendTime}});
  const Buffer packet = incoming_packet();
  Buffer out(kHeaderRoom);
  const auto written =
      rewrite_header(*PacketView::parse(packet), kIncoming, outgoing, {.ssrc = Ssrc{1}}, out);
  ASSERT_TRUE(written.has_value());
  patch_transport_cc(out, written->patch, 0xCAFE);
  patch_abs_send_time(out, written->patch, Timestamp(2s));
  out.resize(written->size);
  const auto view = PacketView::parse(out);
  EXPECT_EQ(view->extensions().form(), ExtensionForm::TwoByte);
  EXPECT_EQ(read_transport_cc(*view->extension(200)), 0xCAFE);
  EXPECT_EQ(load_be24(*view->extension(13), 0), 2u << 18);
}

TEST(RewriteHeader, WithNothingMappedLeavesTheBareHeaderAndNothingToPatch) {
  const Buffer packet = incoming_packet();
  Buffer out(kHeaderRoom);
  const auto written = rewrite_header(*PacketView::parse(packet), kIncoming, {},
                                      {.ssrc = Ssrc{1}, .marker = false, .mid = "0"}, out);
  ASSERT_TRUE(written.has_value());
  EXPECT_EQ(written->size, kFixedHeaderSize);
  EXPECT_EQ(written->patch, PatchPoints{});
  EXPECT_EQ(out[1] & 0x80, 0) << "the marker was overridden";
  const Buffer before = out;
  patch_transport_cc(out, written->patch, 0xFFFF);
  patch_abs_send_time(out, written->patch, Timestamp(5s));
  EXPECT_EQ(out, before);
}

TEST(RewriteHeader, CopiesAKindOnceHoweverOftenItCame) {
  Buffer packet = packet_with({{5, kLevel}, {5, kOrientation}, {5, kLevel}});
  const ExtensionMap outgoing = map_of({{1, ExtensionKind::AudioLevel}});
  Buffer out(kHeaderRoom);
  const auto written =
      rewrite_header(*PacketView::parse(packet), kIncoming, outgoing, {.ssrc = Ssrc{1}}, out);
  ASSERT_TRUE(written.has_value());
  EXPECT_EQ(written->size, 20u);
  EXPECT_EQ(out[17], kLevel[0]);
}

TEST(RewriteHeader, RefusesABufferThatIsOneByteTooSmall) {
  const Buffer packet = incoming_packet();
  const ExtensionMap outgoing = map_of({{1, ExtensionKind::AudioLevel}});
  Buffer out(19);
  const auto view = PacketView::parse(packet);
  EXPECT_FALSE(rewrite_header(*view, kIncoming, outgoing, {.ssrc = Ssrc{1}}, out).has_value());
}

}  // namespace
}  // namespace sfu::rtp
