#include "worker/heartbeat.h"

#include <gtest/gtest.h>

#include "core/commands.h"

namespace sfu::worker {
namespace {

TEST(Heartbeat, ShowsTheTurnAndWhatTheLoopIsAt) {
  Heartbeat heartbeat;
  EXPECT_EQ(heartbeat.pulse(), Pulse{});
  heartbeat.begin_turn();
  EXPECT_EQ(heartbeat.pulse(), (Pulse{1, Stage::Waiting, 0}));
  heartbeat.enter(Stage::Command, 255);
  EXPECT_EQ(heartbeat.pulse(), (Pulse{1, Stage::Command, 255}));
  heartbeat.enter(Stage::Sending);
  heartbeat.begin_turn();
  EXPECT_EQ(heartbeat.pulse(), (Pulse{2, Stage::Waiting, 0}));
}

TEST(Heartbeat, NamesTheCommandThatIsCarriedOut) {
  const auto doing = [](const core::Command& command) {
    return describe({1, Stage::Command, static_cast<std::uint8_t>(command.index())});
  };
  EXPECT_EQ(doing(core::CreateRouter{}), "carries out CreateRouter");
  EXPECT_EQ(doing(core::GetWorkerStats{}), "carries out GetWorkerStats");
  EXPECT_EQ(describe({1, Stage::Command, 255}), "carries out a command");
  EXPECT_EQ(describe({1, Stage::Datagrams, 0}), "handles datagrams");
}

}  // namespace
}  // namespace sfu::worker
