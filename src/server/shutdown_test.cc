#include "server/shutdown.h"

#include <gtest/gtest.h>

namespace sfu::server {
namespace {

using std::chrono::seconds;
using Phase = Shutdown::Phase;
using Wish = Shutdown::Wish;

constexpr Timestamp kStart{seconds(1000)};
constexpr TimeDelta kTick{1};

TEST(Shutdown, ServesUntilAskedToEnd) {
  Shutdown shutdown(seconds(20));
  shutdown.handle_no_meetings(kStart);
  shutdown.handle_connections_gone();
  shutdown.handle_timeout(kStart + std::chrono::hours(1));
  EXPECT_EQ(shutdown.phase(), Phase::Serving);
  EXPECT_EQ(shutdown.next_timeout(), std::nullopt);
}

TEST(Shutdown, LetsMeetingsGoOnUntilTheDeadlineAndNotLonger) {
  Shutdown shutdown(seconds(20));
  shutdown.handle_wish(kStart, Wish::LetMeetingsEnd);
  ASSERT_EQ(shutdown.next_timeout(), kStart + seconds(20));
  shutdown.handle_timeout(kStart + seconds(20) - kTick);
  EXPECT_EQ(shutdown.phase(), Phase::Draining);
  shutdown.handle_timeout(kStart + seconds(20));
  EXPECT_EQ(shutdown.phase(), Phase::Closing);
}

TEST(Shutdown, EndsItsDrainWithTheLastMeeting) {
  Shutdown shutdown(seconds(20));
  shutdown.handle_wish(kStart, Wish::LetMeetingsEnd);
  shutdown.handle_no_meetings(kStart + seconds(3));
  EXPECT_EQ(shutdown.phase(), Phase::Closing);
}

TEST(Shutdown, NeitherAnInterruptNorADrainOfNoTimeWaitsForMeetings) {
  Shutdown interrupted(seconds(20)), hurried(seconds(0));
  interrupted.handle_wish(kStart, Wish::EndMeetings);
  hurried.handle_wish(kStart, Wish::LetMeetingsEnd);
  EXPECT_EQ(interrupted.phase(), Phase::Closing);
  EXPECT_EQ(hurried.phase(), Phase::Closing);
}

TEST(Shutdown, WaitsForConnectionsUntilTheirBoundAndNotLonger) {
  Shutdown one(seconds(0)), other(seconds(0));
  for (Shutdown* shutdown : {&one, &other}) shutdown->handle_wish(kStart, Wish::LetMeetingsEnd);
  one.handle_connections_gone();
  EXPECT_EQ(one.phase(), Phase::Ended);
  other.handle_timeout(kStart + Shutdown::kLongestClosing - kTick);
  EXPECT_EQ(other.phase(), Phase::Closing);
  other.handle_timeout(kStart + Shutdown::kLongestClosing);
  EXPECT_EQ(other.phase(), Phase::Ended);
  EXPECT_EQ(other.next_timeout(), std::nullopt);
}

TEST(Shutdown, ASecondWishEndsTheMeetingsAndAThirdDoesNotWaitForConnections) {
  for (const Wish wish : {Wish::LetMeetingsEnd, Wish::EndMeetings}) {
    Shutdown shutdown(seconds(20));
    shutdown.handle_wish(kStart, Wish::LetMeetingsEnd);
    shutdown.handle_wish(kStart, wish);
    EXPECT_EQ(shutdown.phase(), Phase::Closing);
    EXPECT_EQ(shutdown.next_timeout(), kStart + Shutdown::kLongestClosing);
    shutdown.handle_wish(kStart, wish);
    EXPECT_EQ(shutdown.phase(), Phase::Ended);
    shutdown.handle_wish(kStart, wish);
    EXPECT_EQ(shutdown.phase(), Phase::Ended);
  }
}

}  // namespace
}  // namespace sfu::server
