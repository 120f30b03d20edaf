#include "ortc/consumer_parameters.h"
#include "ortc/router_capabilities.h"
#include "srtp/outbound_session.h"
#include "tests/scenario/scenario.h"

// What of one transport cannot be had for ever.

namespace sfu::sim {
namespace {

/// A viewer under whose transport consumers come and go without end: past the SSRCs that its SRTP
/// may send, new ones get nothing, and the log says so once.
TEST(Exhaustion, OfOutgoingSsrcsIsToldOnceAndDisturbsNobodyElse) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& speaker = conference.join(room, {.audio = true, .video = false});
  Member& viewer = conference.join(room, kNothing);
  Member& other = conference.join(room, kNothing);
  conference.run_for(1s);
  const Member::Published& voice = Conference::published(speaker, MediaKind::Audio);
  constexpr std::uint32_t kAtOnce = 1500;
  std::uint32_t made = 0;
  std::vector<std::size_t> lines;
  while (made < srtp::OutboundSession::kMaxStreams + 2 * kAtOnce) {
    std::vector<ConsumerId> consumers;
    for (std::uint32_t i = 0; i < kAtOnce; ++i) {
      ConsumerId id;
      store_be32(id.uuid.bytes, 12, ++made);
      const auto parameters =
          ortc::make_consumer_parameters(voice.parameters.consumable, ortc::router_capabilities(),
                                         "x", Ssrc{0x7000'0000 + made}, std::nullopt);
      ASSERT_TRUE(parameters);
      ASSERT_TRUE(conference.request(core::CreateConsumer{.transport = viewer.receive,
                                                          .producer = voice.id,
                                                          .consumer = id,
                                                          .kind = MediaKind::Audio,
                                                          .parameters = *parameters,
                                                          .paused = false}));
      ASSERT_TRUE(conference.request(core::ResumeConsumer{id}));
      consumers.push_back(id);
    }
    conference.run_for(100ms);
    for (const ConsumerId id : consumers) ASSERT_TRUE(conference.request(core::CloseConsumer{id}));
    lines.push_back(0);
    for (const std::string& line : conference.diagnostics())
      lines.back() += line.find("gets no new one before it has a new transport") != line.npos;
  }
  EXPECT_EQ(lines.front(), 0u);
  EXPECT_EQ(lines.back(), 1u);
  EXPECT_LT(Conference::audio(other, speaker).longest_gap(conference.now()), 100ms);
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

}  // namespace
}  // namespace sfu::sim
