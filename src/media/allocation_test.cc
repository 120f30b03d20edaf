#include <gtest/gtest.h>

#include "base/allocation_count_for_test.h"
#include "media/consumer.h"
#include "media/media_for_test.h"

namespace sfu::media {
namespace {

using namespace test;

/// A send queue of fixed size, flushed when it is full.
class RingSink final : public PacketSink {
 public:
  OutgoingPacket* emplace() override {
    next_ = (next_ + 1) % queue_.size();
    OutgoingPacket& packet = queue_[next_];
    packet.keeps_payload = {};
    packet.payload = {};
    packet.prefix_size = 0;
    ++emplaced;
    return &packet;
  }
  void cancel() override {}

  std::size_t emplaced = 0;

 private:
  std::array<OutgoingPacket, 64> queue_;
  std::size_t next_ = 0;
};

TEST(Forwarding, AllocatesNothingOverAThousandPacketsInSteadyState) {
  constexpr std::size_t kViewers = 50, kWarmUp = 6000, kMeasured = 1000;
  Room room;
  auto sink = std::make_unique<RingSink>();
  std::vector<std::unique_ptr<Consumer>> consumers;
  const ortc::RtpParameters parameters = viewer_parameters(room.options);
  for (std::size_t i = 0; i < kViewers; ++i) {
    auto created =
        Consumer::create(at_ms(0),
                         {ConsumerId::random(room.random), room.producer->id(),
                          ortc::MediaKind::Video, ConsumerType::Simple, parameters, false},
                         room.random);
    consumers.push_back(std::move(*created));
    room.router.subscribe(at_ms(0), room.producer->id(), *consumers.back(), *sink);
    // Some leave temporal layers out.
    consumers.back()->set_preferred_layers(at_ms(0), 0, static_cast<std::uint8_t>(i % 3));
  }
  std::vector<PacketBuffer> packets;
  for (std::size_t n = 0; n < kWarmUp + kMeasured; ++n) {
    PacketSpec spec;
    spec.sequence = static_cast<std::uint16_t>(n);
    spec.timestamp = 3000u * static_cast<std::uint32_t>(n / 4);
    spec.marker = n % 4 == 3;
    spec.payload = vp8_payload({.starts_frame = n % 4 == 0,
                                .key_frame = n == 0,
                                .picture_id = static_cast<std::uint16_t>(n / 4),
                                .temporal = std::array<std::uint8_t, 4>{0, 2, 1, 2}[n / 4 % 4],
                                .sync = true});
    packets.push_back(to_buffer(room.arena, make_packet(spec)));
  }
  std::size_t forwarded = 0;
  for (std::size_t n = 0; n < packets.size(); ++n) {
    if (n == kWarmUp) {
      AllocationCount::total = 0;
      forwarded = sink->emplaced;
      AllocationCount::watches = true;
    }
    const auto view = rtp::PacketView::parse(packets[n].bytes());
    room.producer->handle_packet(at_ms(static_cast<std::int64_t>(n)), std::move(packets[n]), *view,
                                 0, false);
  }
  AllocationCount::watches = false;
  EXPECT_EQ(AllocationCount::total, 0u);
  EXPECT_GT(sink->emplaced - forwarded, kMeasured * kViewers / 2);
}

}  // namespace
}  // namespace sfu::media
