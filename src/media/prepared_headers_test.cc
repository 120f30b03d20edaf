#include "media/prepared_headers.h"

#include <gtest/gtest.h>

#include <string>

#include "media/media_for_test.h"
#include "rtp/rewrite_header_for_test.h"

namespace sfu::media {
namespace {

using namespace test;

class PreparedHeadersTest : public testing::Test {
 protected:
  /// A packet of stream 0 whose audio level is the low byte of its number.
  ReceivedPacket packet(std::int64_t sequence) {
    const auto level = static_cast<std::uint8_t>(sequence);
    PacketSpec spec;
    spec.sequence = static_cast<std::uint16_t>(sequence);
    spec.extensions = {{kLevelId, Bytes(&level, 1)}};
    PacketBuffer buffer = to_buffer(arena_, make_packet(spec));
    const auto view = rtp::PacketView::parse(buffer.bytes());
    ReceivedPacket received{.buffer = std::move(buffer), .view = *view, .arrival = {}};
    received.sequence = sequence;
    return received;
  }
  static rtp::ExtensionMap outgoing(std::uint8_t level_id) {
    rtp::ExtensionMap map;
    map.add(1, rtp::ExtensionKind::Mid);
    map.add(level_id, rtp::ExtensionKind::AudioLevel);
    return map;
  }
  /// The header as `find()` lays it out for this receiver; empty where it cannot.
  std::vector<std::uint8_t> write(const ReceivedPacket& of, std::uint8_t level_id,
                                  std::string_view mid) {
    const auto* header = headers_.find(of, publisher_extensions(), outgoing(level_id), mid.size());
    std::vector<std::uint8_t> bytes(rtp::kHeaderRoom);
    const auto written = header ? header->write({.ssrc = Ssrc{7}, .mid = mid}, bytes)
                                : std::optional<rtp::WrittenHeader>();
    bytes.resize(written ? written->size : 0);
    return bytes;
  }
  static std::vector<std::uint8_t> rewritten(const ReceivedPacket& of, std::uint8_t level_id,
                                             std::string_view mid) {
    std::vector<std::uint8_t> bytes(rtp::kHeaderRoom);
    const auto written = rtp::rewrite_header(of.view, publisher_extensions(), outgoing(level_id),
                                             {.ssrc = Ssrc{7}, .mid = mid}, bytes);
    bytes.resize(written->size);
    return bytes;
  }

  PacketArena arena_;
  PreparedHeaders headers_;
};

TEST_F(PreparedHeadersTest, AreThoseOfThePacketAndTheReceiverHoweverTheyAreAskedFor) {
  const ReceivedPacket first = packet(1), second = packet(2);
  TestRandom random(1);
  for (int i = 0; i < 500; ++i) {
    const ReceivedPacket& of = random.chance(50) ? first : second;
    // More kinds of receivers than there are places.
    const auto level_id = static_cast<std::uint8_t>(2 + random.below(4));
    const std::string mid = random.chance(50) ? "3" : "12";
    ASSERT_EQ(write(of, level_id, mid), rewritten(of, level_id, mid)) << i;
  }
}

TEST_F(PreparedHeadersTest, SayWhereAHeaderCanBeCarriedInNoForm) {
  const ReceivedPacket of = packet(1);
  EXPECT_EQ(headers_.find(of, publisher_extensions(), outgoing(2), 256), nullptr);
  EXPECT_EQ(headers_.find(of, publisher_extensions(), outgoing(2), 256), nullptr);
  EXPECT_NE(headers_.find(of, publisher_extensions(), outgoing(2), 255), nullptr);
}

}  // namespace
}  // namespace sfu::media
