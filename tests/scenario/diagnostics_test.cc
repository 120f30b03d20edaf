#include "tests/scenario/scenario.h"

// What an operator reads in the log when something does not work.

namespace sfu::sim {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> lines_with(Conference& conference, const std::string& part) {
  std::vector<std::string> lines;
  for (const std::string& line : conference.diagnostics())
    if (line.find(part) != std::string::npos) lines.push_back(line);
  return lines;
}

TEST(Diagnostics, OfAGoodCallAreNone) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  conference.join(room);
  conference.join(room, {.audio = true, .video = true, .simulcast_layers = 3});
  conference.run_for(15s);
  EXPECT_THAT(conference.diagnostics(), IsEmpty());
}

TEST(Diagnostics, ConsumerThatItsClientNeverResumedIsReportedOnce) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVideoOnly);
  Member& bob = conference.join(room, kNothing, {.resumes = false});
  conference.run_for(30s);
  const auto lines = lines_with(conference, "never resumed");
  EXPECT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines,
              Contains(HasSubstr(Conference::viewed(bob, alice, MediaKind::Video).id.to_string())));
}

TEST(Diagnostics, ConsumerThatWaitsForAKeyFrameIsReportedOnceForEachWait) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kVideoOnly);
  conference.run_for(1s);
  alice.browser->lose_plis(1'000'000);
  Member& bob = conference.join(room, kNothing);
  conference.run_for(1500ms);
  EXPECT_THAT(conference.diagnostics(), IsEmpty());
  conference.run_for(10s);
  EXPECT_THAT(lines_with(conference, "key frame"), SizeIs(1));
  EXPECT_THAT(conference.diagnostics(),
              Contains(HasSubstr(Conference::viewed(bob, alice, MediaKind::Video).id.to_string())));
  alice.browser->lose_plis(0);
  conference.run_for(2s);
  EXPECT_GT(Conference::video(bob, alice).frames_decoded(), 0u);
  alice.browser->lose_plis(1'000'000);
  const ConsumerId id = Conference::viewed(bob, alice, MediaKind::Video).id;
  EXPECT_TRUE(conference.request(core::PauseConsumer{id}));
  EXPECT_TRUE(conference.request(core::ResumeConsumer{id}));
  conference.run_for(5s);
  EXPECT_THAT(lines_with(conference, "key frame"), SizeIs(2));
}

TEST(Diagnostics, TransportThatHearsNothingSaysThatNoCheckCame) {
  Conference conference(1);
  conference.network().default_link.loss = 1.0;
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kNothing);
  conference.run_for(30s);
  const auto lines = lines_with(conference, "does not connect");
  EXPECT_THAT(lines, SizeIs(2)) << "one for each transport";
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr(alice.send.to_string()), HasSubstr("ICE: "),
                                    HasSubstr("DTLS: "), HasSubstr("10.0.0.1:40000"),
                                    Not(HasSubstr("\n")))));
}

TEST(Diagnostics, TransportWhoseAnswersAreLostSaysSo) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  conference.network().set_link(conference.server_address(), IpAddress::v4(0x0a010001),
                                {.loss = 1.0});
  conference.join(room, kNothing);
  conference.run_for(20s);
  const auto lines = lines_with(conference, "does not connect");
  EXPECT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines, Contains(HasSubstr("10.1.0.1")));
}

TEST(Diagnostics, PeerThatIsLostIsReportedWhenItsConsentExpires) {
  Conference conference(1);
  const RouterId room = conference.open_room();
  Member& alice = conference.join(room, kNothing);
  conference.run_for(2s);
  alice.browser->vanish();
  conference.run_for(40s);
  EXPECT_THAT(lines_with(conference, "has lost its peer"), SizeIs(2));
}

}  // namespace
}  // namespace sfu::sim
