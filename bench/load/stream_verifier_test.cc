#include "load/stream_verifier.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "load/publisher_stream.h"

namespace sfu::load {
namespace {

using namespace std::chrono_literals;

using Packet = std::vector<std::uint8_t>;

constexpr Timestamp kStart{10s};

/// A publisher whose packets reach the verifier as they are, but for what a test does to them.
class StreamVerifierTest : public testing::Test {
 protected:
  StreamVerifierTest() { window_.start = to_nanoseconds(kStart); }

  static PublisherStream::Options sent(bool is_audio) {
    PublisherStream::Options options;
    options.shape.is_audio = is_audio;
    if (is_audio) {
      options.shape.frame_interval = 20ms;
      options.shape.packets_in_frame = 1;
    }
    options.run = 5;
    options.publisher = 2;
    options.ssrc = Ssrc{100};
    options.rtx_ssrc = Ssrc{101};
    options.payload_type = 96;
    options.rtx_payload_type = 97;
    options.mid = "0";
    return options;
  }
  static StreamVerifier::Options received(bool is_audio) {
    return {.is_audio = is_audio,
            .has_layers = false,
            .ssrc = Ssrc{100},
            .rtx_ssrc = Ssrc{101},
            .payload_type = 96,
            .rtx_payload_type = 97,
            .mid = "0",
            .mid_id = 0,
            .run = 5,
            .publisher = 2};
  }

  /// All packets of the next frame.
  std::vector<Packet> frame() {
    std::vector<Packet> packets;
    const Timestamp now = stream_.next_timeout();
    Packet packet(PublisherStream::kMaxPacketSize);
    while (const auto size = stream_.write_next(now, to_nanoseconds(now), transport_, packet))
      packets.emplace_back(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    return packets;
  }
  Packet again(const Packet& lost) {
    Packet packet(PublisherStream::kMaxPacketSize);
    packet.resize(stream_.write_again(kStart, load_be16(lost, 2), transport_, packet));
    return packet;
  }
  StreamVerifier::Verdict give(const Packet& packet) {
    return verifier_.handle_rtp(to_nanoseconds(stream_.next_timeout()) + 1ms,
                                *rtp::PacketView::parse(packet));
  }
  void give_all(const std::vector<Packet>& packets) {
    for (const Packet& packet : packets) give(packet);
  }
  std::uint64_t faults(Fault fault) const {
    return verifier_.counters().faults[static_cast<std::size_t>(fault)];
  }

  Window window_;
  PublisherStream stream_{sent(false), kStart};
  StreamVerifier verifier_{received(false), window_};
  std::uint16_t transport_ = 0;
};

TEST_F(StreamVerifierTest, VerifiesEveryPacketOfAStreamAsItWasSent) {
  for (int i = 0; i < 100; ++i) give_all(frame());
  EXPECT_EQ(verifier_.counters().packets, 99u * 6 + 36);
  EXPECT_EQ(verifier_.counters().in_window, 99u * 6 + 36);
  EXPECT_EQ(verifier_.counters().frames, 100u);
  EXPECT_EQ(verifier_.counters().key_frames, 1u);
  EXPECT_EQ(verifier_.counters().fault_count(), 0u);
  EXPECT_EQ(verifier_.missing(), 0u);
}

TEST_F(StreamVerifierTest, AsksForWhatIsMissingAndTakesItAsRtx) {
  give_all(frame());
  auto packets = frame();
  const Packet lost = packets[2];
  packets.erase(packets.begin() + 2);
  give_all(packets);
  EXPECT_EQ(verifier_.counters().frames, 1u);
  std::array<std::uint16_t, 8> asked;
  ASSERT_EQ(verifier_.collect_nack(kStart + 1s, asked), 1u);
  EXPECT_EQ(asked[0], load_be16(lost, 2));
  EXPECT_EQ(verifier_.collect_nack(kStart + 1s + 50ms, asked), 0u) << "asked again too soon";

  const auto verdict = give(again(lost));
  EXPECT_TRUE(verdict.media);
  EXPECT_FALSE(verdict.in_order);
  EXPECT_EQ(verifier_.missing(), 0u);
  EXPECT_EQ(verifier_.counters().late, 1u);
  EXPECT_EQ(verifier_.counters().frames, 2u);
  EXPECT_EQ(verifier_.counters().fault_count(), 0u);
}

TEST_F(StreamVerifierTest, MayGetTwiceWhatItHasAskedFor) {
  give_all(frame());
  auto packets = frame();
  const Packet late = packets[2];
  packets.erase(packets.begin() + 2);
  give_all(packets);
  std::array<std::uint16_t, 8> asked;
  verifier_.collect_nack(kStart + 1s, asked);
  give(again(late));
  give(late);
  EXPECT_EQ(verifier_.counters().fault_count(), 0u);
}

TEST_F(StreamVerifierTest, GivesUpAfterTwoSecondsAndCountsTheFrameAsBroken) {
  give_all(frame());
  auto packets = frame();
  packets.erase(packets.begin());
  give_all(packets);
  std::array<std::uint16_t, 8> asked;
  verifier_.collect_nack(stream_.next_timeout() + 3s, asked);
  EXPECT_EQ(verifier_.counters().never_came, 1u);
  for (int i = 0; i < 64; ++i) give_all(frame());
  EXPECT_EQ(verifier_.counters().broken_frames, 1u);
}

TEST_F(StreamVerifierTest, FindsABitThatHasChangedInAnyPayload) {
  give_all(frame());
  auto packets = frame();
  packets[3].back() ^= 1;
  EXPECT_FALSE(give(packets[3]).media);
  EXPECT_EQ(faults(Fault::Damaged), 1u);
}

TEST_F(StreamVerifierTest, FindsAnotherPublishersPacketUnderThisSsrc) {
  auto options = sent(false);
  options.publisher = 3;
  stream_.~PublisherStream();
  new (&stream_) PublisherStream(options, kStart);
  give_all(frame());
  EXPECT_EQ(faults(Fault::WrongPublisher), 36u);
}

TEST_F(StreamVerifierTest, FindsAPacketThatComesTwiceWithoutBeingAskedFor) {
  const auto packets = frame();
  give_all(packets);
  give(packets[4]);
  EXPECT_EQ(faults(Fault::Repeated), 1u);
  EXPECT_EQ(verifier_.counters().packets, 36u);
}

TEST_F(StreamVerifierTest, FindsAStreamThatDoesNotBeginWithAKeyFrame) {
  frame();
  give_all(frame());
  EXPECT_EQ(faults(Fault::NotAKeyFrame), 1u);
}

TEST_F(StreamVerifierTest, FindsPictureIdsThatLeaveThePublishersStep) {
  give_all(frame());
  auto packets = frame();
  for (Packet& packet : packets) {
    const std::size_t descriptor = rtp::PacketView::parse(packet)->header_size();
    packet[descriptor + 3] = static_cast<std::uint8_t>(packet[descriptor + 3] + 1);
  }
  give_all(packets);
  EXPECT_EQ(faults(Fault::PictureIdJump), 1u);
}

TEST_F(StreamVerifierTest, FindsTimestampsThatLeaveThePublishersStep) {
  give_all(frame());
  auto packets = frame();
  store_be32(packets[0], 4, load_be32(packets[0], 4) + 90);
  give(packets[0]);
  EXPECT_EQ(faults(Fault::TimestampJump), 1u);
}

TEST_F(StreamVerifierTest, LetsAServerBeginAnewAtAKeyFrameWithPictureIdsThatGoOn) {
  give_all(frame());
  give_all(frame());
  frame();  // While the consumer is paused.
  stream_.request_key_frame(stream_.next_timeout());
  auto packets = frame();
  for (Packet& packet : packets) {
    const std::size_t descriptor = rtp::PacketView::parse(packet)->header_size();
    const std::uint16_t picture_id = load_be16(packet, descriptor + 2);
    store_be16(packet, descriptor + 2, static_cast<std::uint16_t>((picture_id - 1) | 0x8000));
    store_be16(packet, 2, static_cast<std::uint16_t>(load_be16(packet, 2) - 6));
    store_be32(packet, 4, load_be32(packet, 4) - 3000);
  }
  give_all(packets);
  EXPECT_EQ(verifier_.counters().fault_count(), 0u);
}

TEST_F(StreamVerifierTest, CountsPaddingAndTakesPacketsOfNothingElse) {
  give_all(frame());
  Packet packet = frame().front();
  packet[0] |= 0x20;
  packet.insert(packet.end(), {0, 0, 3});
  EXPECT_TRUE(give(packet).media);
  EXPECT_EQ(verifier_.counters().padding_bytes, 3u);
  EXPECT_EQ(verifier_.counters().padding_packets, 0u);
}

TEST_F(StreamVerifierTest, CountsInTheWindowOnlyWhatWasSentInIt) {
  window_.start = to_nanoseconds(kStart) + 1s;
  window_.end = to_nanoseconds(kStart) + 2s;
  for (int i = 0; i < 90; ++i) give_all(frame());
  EXPECT_EQ(verifier_.counters().in_window, 30u * 6);
}

TEST_F(StreamVerifierTest, TellsTheLongestTimeWithoutAPacket) {
  for (int i = 0; i < 10; ++i) give_all(frame());
  EXPECT_LT(verifier_.longest_gap(), 34ms);
  for (int i = 0; i < 5; ++i) frame();
  give_all(frame());
  EXPECT_NEAR(std::chrono::duration<double>(verifier_.longest_gap()).count(), 0.2, 0.001);
}

TEST_F(StreamVerifierTest, ReportsWhatWasLostToTheSender) {
  give_all(frame());
  auto packets = frame();
  packets.erase(packets.begin() + 1, packets.begin() + 4);
  give_all(packets);
  const auto report = verifier_.report(kStart + 1s);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->cumulative_lost, 3);
  EXPECT_EQ(report->extended_highest_sequence & 0xffff, load_be16(packets.back(), 2));
}

TEST_F(StreamVerifierTest, TakesAudioWithoutKeyFrames) {
  PublisherStream voice(sent(true), kStart);
  StreamVerifier verifier(received(true), window_);
  Packet packet(PublisherStream::kMaxPacketSize);
  for (int i = 0; i < 50; ++i) {
    const Timestamp now = voice.next_timeout();
    const std::size_t size = voice.write_next(now, to_nanoseconds(now), transport_, packet);
    verifier.handle_rtp(to_nanoseconds(now), *rtp::PacketView::parse(Bytes(packet).first(size)));
  }
  EXPECT_EQ(verifier.counters().packets, 50u);
  EXPECT_EQ(verifier.counters().fault_count(), 0u);
}

}  // namespace
}  // namespace sfu::load
