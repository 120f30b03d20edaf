#include "dtls/retransmission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::dtls {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const Flight kFlight = {{1}, {2}}, kCopy = {{3}, {4}};

TEST(Retransmission, RepeatsTheFlightWithDelaysThatDoubleUpToTheirBound) {
  Retransmission retransmission;
  Fifo<DatagramBytes> outbox;
  Timestamp now{};
  retransmission.start(now, {kFlight});
  for (const TimeDelta delay : {50ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
    ASSERT_EQ(retransmission.next_timeout(), now + delay);
    retransmission.handle_timeout(now + delay - 1us, outbox);
    EXPECT_THAT(outbox, IsEmpty());
    now += delay;
    retransmission.handle_timeout(now, outbox);
    EXPECT_THAT(outbox, ElementsAre(DatagramBytes{1}, DatagramBytes{2}));
    outbox.clear();
  }
}

TEST(Retransmission, UsesEachCopyOnceAndThenTheLastOne) {
  Retransmission retransmission;
  Fifo<DatagramBytes> outbox;
  retransmission.start({}, {kFlight, {{7}}, {{8}}});
  for (int i = 0; i < 4; ++i) retransmission.handle_timeout(*retransmission.next_timeout(), outbox);
  EXPECT_THAT(outbox,
              ElementsAre(DatagramBytes{7}, DatagramBytes{8}, DatagramBytes{8}, DatagramBytes{8}));
}

TEST(Retransmission, BeginsAnewForANewFlight) {
  Retransmission retransmission;
  Fifo<DatagramBytes> outbox;
  retransmission.start({}, {kFlight});
  for (int i = 0; i < 5; ++i) retransmission.handle_timeout(*retransmission.next_timeout(), outbox);
  outbox.clear();
  const Timestamp now{10s};
  retransmission.start(now, {kCopy});
  EXPECT_EQ(retransmission.next_timeout(), now + Retransmission::kInitialDelay);
  retransmission.handle_timeout(now + Retransmission::kInitialDelay, outbox);
  EXPECT_THAT(outbox, ElementsAre(DatagramBytes{3}, DatagramBytes{4}));
}

TEST(Retransmission, OnDemandRepeatsAtMostOnceInAnInitialDelay) {
  Retransmission retransmission;
  Fifo<DatagramBytes> outbox;
  retransmission.start({}, {{{1}}});
  retransmission.stop_timer();
  EXPECT_FALSE(retransmission.next_timeout());
  for (TimeDelta at = 0ms; at < 200ms; at += 1ms)
    retransmission.repeat_on_demand(Timestamp{at}, outbox);
  EXPECT_EQ(outbox.size(), 4u);

  retransmission.forget();
  outbox.clear();
  retransmission.repeat_on_demand(Timestamp{10s}, outbox);
  EXPECT_THAT(outbox, IsEmpty());
}

}  // namespace
}  // namespace sfu::dtls
