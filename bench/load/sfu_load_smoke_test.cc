#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load/run_load.h"
#include "load/running_server_for_test.h"

// The whole of it against the server itself, over loopback.

namespace sfu::load {
namespace {

TEST(SfuLoad, GetsEveryPacketOfATwoSecondMeetingBackFromTheServer) {
  const RunningServer server;
  Options options;
  options.url = server.url();
  options.secret = kTestSecret;
  options.load = "free";
  options.shape.audio = true;
  options.shape.ramp_s = 0.1;
  options.profiles = {crypto::SrtpProfile::AeadAes128Gcm};
  options.warmup_s = 0.2;
  options.duration_s = 2;
  options.expect.loss = 0;
  options.quiet = true;

  const auto outcome = run_load(options);
  ASSERT_TRUE(outcome) << outcome.error();
  EXPECT_THAT(outcome->results.unmet(options, *outcome->metrics), testing::IsEmpty());
  EXPECT_EQ(outcome->results.joined, 6u);
  EXPECT_EQ(outcome->results.consumers, 16u);
  EXPECT_NEAR(outcome->results.window.packets_each_second(), 8 * (180 + 50), 100);
}

}  // namespace
}  // namespace sfu::load
