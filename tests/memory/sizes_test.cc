#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "heap_account.h"
#include "ice/seen_transactions.h"
#include "meeting.h"

// What each object of a worker costs on the heap, all that hangs on it included. A size that grows
// by a tenth fails here; one that shrinks by a tenth is to be written down.

namespace sfu::memory {
namespace {

using namespace std::chrono_literals;
using ortc::MediaKind;

constexpr std::size_t kTransportBeforeItsHandshake = 4350;
constexpr std::size_t kTransportAfterItsHandshake = 6000;
constexpr std::size_t kAudioProducer = 1630;
constexpr std::size_t kVideoProducer = 2000;
constexpr std::size_t kIdleAudioConsumer = 1140;
constexpr std::size_t kIdleVideoConsumer = 1240;
/// What a transport comes to keep of the checks that it has seen, in twenty minutes.
constexpr std::size_t kSeenChecks = ice::SeenTransactions::kMax * sizeof(std::uint32_t);

void expect_about(std::size_t bytes, std::size_t known) {
  testing::Test::RecordProperty("bytes", static_cast<int>(bytes));
  EXPECT_LE(bytes, known + known / 10);
  EXPECT_GE(bytes, known - known / 10);
}

/// Bytes that each of `count` calls of `make` leaves behind, after a first one that is not counted.
template <class Make>
std::size_t cost_of_each(std::size_t count, Make&& make) {
  make();
  const std::size_t before = bytes_on_account();
  for (std::size_t i = 0; i < count; ++i) make();
  return (bytes_on_account() - before) / count;
}

TEST(Memory, OfATransportBeforeItsHandshake) {
  Meeting meeting;
  expect_about(cost_of_each(500, [&] { meeting.open(); }), kTransportBeforeItsHandshake);
}

TEST(Memory, OfATransportAfterItsHandshake) {
  constexpr std::size_t kCount = 40;
  Meeting meeting;
  meeting.open();
  meeting.connect();
  const std::size_t before = bytes_on_account();
  for (std::size_t i = 0; i < kCount; ++i) meeting.open();
  meeting.connect();
  expect_about((bytes_on_account() - before) / kCount, kTransportAfterItsHandshake);
}

TEST(Memory, OfAProducer) {
  Meeting meeting;
  expect_about(cost_of_each(200, [&] { meeting.publish(meeting.open(), MediaKind::Audio); }) -
                   cost_of_each(200, [&] { meeting.open(); }),
               kAudioProducer);
  expect_about(cost_of_each(200, [&] { meeting.publish(meeting.open(), MediaKind::Video); }) -
                   cost_of_each(200, [&] { meeting.open(); }),
               kVideoProducer);
}

TEST(Memory, OfAnIdleConsumer) {
  Meeting meeting;
  const auto audio = meeting.publish(meeting.open(), MediaKind::Audio);
  const auto video = meeting.publish(meeting.open(), MediaKind::Video);
  Meeting::Client& viewer = meeting.open();
  expect_about(cost_of_each(1000, [&] { meeting.view(viewer, audio); }), kIdleAudioConsumer);
  expect_about(cost_of_each(900, [&] { meeting.view(viewer, video); }), kIdleVideoConsumer);
}

TEST(Memory, DoesNotGrowWhileMediaFlows) {
  Meeting meeting;
  Meeting::Client& publisher = meeting.open();
  std::vector<Meeting::Client*> viewers;
  for (int i = 0; i < 5; ++i) viewers.push_back(&meeting.open());
  meeting.connect();
  auto video = meeting.publish(publisher, MediaKind::Video);
  for (Meeting::Client* viewer : viewers) meeting.resume(meeting.view(*viewer, video));
  const auto run = [&](int packets) {
    std::size_t most = 0;
    for (int i = 0; i < packets; ++i) {
      meeting.send(video);
      meeting.run_for(20ms);
      most = std::max(most, bytes_on_account());
    }
    return most;
  };
  constexpr std::size_t kPackets = 1500;
  const std::size_t settled = run(800);
  const std::size_t checks = (1 + viewers.size()) * kSeenChecks;
  static_assert(6 * kSeenChecks < kPackets * 32, "one block for each packet would be seen");
  EXPECT_LE(run(kPackets), settled + checks);
}

TEST(Memory, OfAMeetingThatEndedIsGivenBack) {
  Meeting meeting;
  meeting.open();
  meeting.connect();
  const auto hold = [&] {
    Meeting::Client& publisher = meeting.open();
    Meeting::Client& viewer = meeting.open();
    meeting.connect();
    auto video = meeting.publish(publisher, MediaKind::Video);
    meeting.resume(meeting.view(viewer, video));
    for (int i = 0; i < 100; ++i) meeting.send(video);
    meeting.close(viewer.transport);
    meeting.close(publisher.transport);
    meeting.run_for(5s);
  };
  hold();
  const std::size_t before = bytes_on_account();
  for (int i = 0; i < 5; ++i) hold();
  EXPECT_LE(bytes_on_account(), before + kSeenChecks) << "of the one that stays";
}

}  // namespace
}  // namespace sfu::memory
