#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/run_load.h"
#include "load/running_server_for_test.h"

// The whole of it against the server itself, over loopback.

namespace sfu::load {
namespace {

TEST(SfuLoad, GetsEveryPacketOfATwoSecondMeetingBackFromTheServer) {
  const RunningServer server;
  const Options options = small_meeting(server, 2);
  const auto outcome = run_load(options);
  ASSERT_TRUE(outcome) << outcome.error();
  EXPECT_THAT(outcome->results.unmet(options, *outcome->metrics), testing::IsEmpty());
  EXPECT_EQ(outcome->results.joined, 6u);
  EXPECT_EQ(outcome->results.consumers, 16u);
  EXPECT_NEAR(outcome->results.window.packets_each_second(), 8 * (180 + 50), 100);
}

}  // namespace
}  // namespace sfu::load
