#include "sim/conference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::sim {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

TEST(Conference, TwoPeopleDecodeEachOther) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  auto& alice = conference.join(room);
  auto& bob = conference.join(room);
  conference.run_for(5s);
  EXPECT_TRUE(alice.browser->send_connected() && bob.browser->receive_connected());
  for (const auto* member : {&alice, &bob}) {
    ASSERT_EQ(member->consumers.size(), 2u);
    for (const auto& viewed : member->consumers) {
      const bool video = viewed.kind == ortc::MediaKind::Video;
      EXPECT_GT(viewed.receiver->frames_decoded(), video ? 85u : 220u);
      EXPECT_LT(viewed.receiver->longest_gap(conference.now()), 300ms);
    }
  }
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

}  // namespace
}  // namespace sfu::sim
