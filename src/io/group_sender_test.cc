#include "io/group_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <map>
#include <numeric>
#include <vector>

namespace sfu::io {
namespace {

using testing::ElementsAre;

Endpoint receiver(std::uint16_t port) { return {IpAddress::v4(0x0a000002), port}; }
Path path(std::uint16_t port) {
  return {{IpAddress::v4(0x0a000001), 40000}, receiver(port), IpProtocol::Udp};
}

/// A kernel with a mind of its own: each group is asked about, and what is accepted is written
/// down.
class ScriptedPort final : public DatagramPort {
 public:
  Outcome transmit(std::span<const DatagramGroup> groups) override {
    std::size_t accepted = 0;
    for (const DatagramGroup& group : groups) {
      if (const int error = refuse(group)) return {accepted, accepted == 0 ? error : 0};
      ++accepted;
      counts.push_back(group.count());
      std::vector<std::uint8_t>& bytes = arrived[group.path.remote];
      bytes.insert(bytes.end(), group.bytes.begin(), group.bytes.end());
    }
    return {accepted, 0};
  }

  std::function<int(const DatagramGroup&)> refuse = [](const DatagramGroup&) { return 0; };
  std::vector<std::size_t> counts;  // Of the groups that were accepted.
  std::map<Endpoint, std::vector<std::uint8_t>> arrived;
};

class GroupSenderTest : public testing::Test {
 protected:
  static constexpr std::size_t kSize = 100;

  GroupSenderTest() : bytes_(200 * kSize) {
    std::iota(bytes_.begin(), bytes_.end(), std::uint8_t{0});
  }
  DatagramGroup group(std::size_t count, std::uint16_t port = 1) const {
    return {path(port), Bytes(bytes_).first(count * kSize), kSize};
  }
  void send(const DatagramGroup& one) { sender_.send(port_, {&one, 1}); }
  bool all_arrived(std::size_t count, std::uint16_t port = 1) const {
    const auto found = port_.arrived.find(receiver(port));
    return found != port_.arrived.end() &&
           std::ranges::equal(found->second, Bytes(bytes_).first(count * kSize));
  }

  std::vector<std::uint8_t> bytes_;
  ScriptedPort port_;
  GroupSender sender_{true};
};

TEST_F(GroupSenderTest, CarriesTheGroupsOfManyReceiversInOneCall) {
  const std::vector<DatagramGroup> groups = {group(6, 1), group(1, 2), group(5, 3)};
  sender_.send(port_, groups);
  EXPECT_THAT(port_.counts, ElementsAre(6, 1, 5));
  EXPECT_EQ(sender_.counters().calls, 1u);
  EXPECT_EQ(sender_.counters().groups, 3u);
  EXPECT_EQ(sender_.counters().datagrams, 12u);
  EXPECT_EQ(sender_.counters().bytes, 12 * kSize);
}

TEST_F(GroupSenderTest, PutsNoMoreThanSixtyDatagramsIntoAGroup) {
  send(group(130));
  EXPECT_THAT(port_.counts, ElementsAre(60, 60, 10));
  EXPECT_TRUE(all_arrived(130));
}

TEST_F(GroupSenderTest, PutsNoMoreThanTheKernelsBytesIntoAGroup) {
  const std::vector<std::uint8_t> large(60 * 1200);
  send({path(1), large, 1200});
  for (const std::size_t count : port_.counts) EXPECT_LE(count * 1200, GroupSender::kMaxGroupBytes);
  EXPECT_EQ(port_.arrived[receiver(1)].size(), large.size());
}

TEST_F(GroupSenderTest, SendsAShorterLastDatagramInItsGroup) {
  send({path(1), Bytes(bytes_).first(3 * kSize + 7), kSize});
  EXPECT_THAT(port_.counts, ElementsAre(4));
}

TEST_F(GroupSenderTest, SendsSingleDatagramsWhereTheKernelHasNoSegmentation) {
  GroupSender sender(false);
  const DatagramGroup three = group(3);
  sender.send(port_, {&three, 1});
  EXPECT_THAT(port_.counts, ElementsAre(1, 1, 1));
  EXPECT_TRUE(all_arrived(3));
}

TEST_F(GroupSenderTest, HalvesAGroupThatIsRefusedUntilItPasses) {
  for (const int error : {EINVAL, EIO}) {
    SCOPED_TRACE(error);
    port_ = {};
    sender_ = GroupSender(true);
    port_.refuse = [error](const DatagramGroup& g) { return g.count() > 12 ? error : 0; };
    send(group(48));
    EXPECT_THAT(port_.counts, ElementsAre(12, 12, 12, 12));
    EXPECT_TRUE(all_arrived(48));
    EXPECT_EQ(sender_.counters().refused, 2u);
    EXPECT_EQ(sender_.counters().failed, 0u);
  }
}

TEST_F(GroupSenderTest, RemembersForEachReceiverWhatPassed) {
  port_.refuse = [](const DatagramGroup& g) {
    return g.path.remote == receiver(1) && g.count() > 12 ? EIO : 0;
  };
  send(group(48));
  const auto calls = sender_.counters().calls;
  port_.counts.clear();
  const std::vector<DatagramGroup> groups = {group(24, 1), group(48, 2)};
  sender_.send(port_, groups);
  EXPECT_THAT(port_.counts, ElementsAre(12, 12, 48));
  EXPECT_EQ(sender_.counters().calls, calls + 1);
}

TEST_F(GroupSenderTest, GoesStraightToSingleDatagramsThatMayBeFragmented) {
  port_.refuse = [](const DatagramGroup& g) { return g.count() > 1 ? EMSGSIZE : 0; };
  send(group(8));
  EXPECT_TRUE(all_arrived(8));
  EXPECT_EQ(sender_.counters().refused, 1u);
}

TEST_F(GroupSenderTest, DropsAndCountsTheWholeGroupThatFindsTheBufferFull) {
  for (const int error : {EAGAIN, ENOBUFS, ENETUNREACH}) {
    SCOPED_TRACE(error);
    port_ = {};
    sender_ = GroupSender(true);
    port_.refuse = [error](const DatagramGroup& g) {
      return g.path.remote == receiver(2) ? error : 0;
    };
    const std::vector<DatagramGroup> groups = {group(6, 1), group(7, 2), group(5, 3)};
    sender_.send(port_, groups);
    EXPECT_THAT(port_.counts, ElementsAre(6, 5));
    EXPECT_EQ(sender_.counters().failed, 7u);
    EXPECT_EQ(sender_.counters().refused, 0u);
  }
}

TEST_F(GroupSenderTest, LosesNothingUncounted) {
  int turn = 0;
  const int errors[] = {0, EAGAIN, EIO, 0, EINVAL, EMSGSIZE, ENOBUFS};
  port_.refuse = [&](const DatagramGroup&) { return errors[++turn % 7]; };
  std::size_t sent = 0;
  for (std::uint16_t i = 0; i < 100; ++i) {
    send(group(i % 70 + 1, i));
    sent += i % 70 + 1;
  }
  EXPECT_EQ(sender_.counters().datagrams + sender_.counters().failed, sent);
}

TEST_F(GroupSenderTest, GivesGroupsUpWhenNoReceiverTakesThem) {
  port_.refuse = [](const DatagramGroup& g) { return g.count() > 1 ? EIO : 0; };
  for (std::uint16_t i = 0; i < GroupSender::kReceiversToGiveUp; ++i) {
    EXPECT_TRUE(sender_.segmentation());
    send(group(4, i));
  }
  EXPECT_FALSE(sender_.segmentation());
  const auto refused = sender_.counters().refused;
  send(group(4, 1000));
  EXPECT_EQ(sender_.counters().refused, refused);
  EXPECT_TRUE(all_arrived(4, 1000));
}

TEST_F(GroupSenderTest, KeepsGroupsWhileOthersTakeThem) {
  port_.refuse = [](const DatagramGroup& g) {
    return g.path.remote != receiver(1) && g.count() > 1 ? EIO : 0;
  };
  for (std::uint16_t i = 2; i < 100; ++i) {
    send(group(4, i));
    send(group(4, 1));
  }
  EXPECT_TRUE(sender_.segmentation());
}

TEST_F(GroupSenderTest, AReceiverThatTakesNothingSaysNothingAboutGroups) {
  port_.refuse = [](const DatagramGroup& g) { return g.path.remote == receiver(1) ? EINVAL : 0; };
  for (int i = 0; i < 100; ++i) send(group(4, 1));
  EXPECT_TRUE(sender_.segmentation());
  EXPECT_EQ(sender_.counters().failed, 400u);
}

TEST_F(GroupSenderTest, RemembersSoManyReceiversAndForgetsTheOldestFirst) {
  port_.refuse = [](const DatagramGroup& g) { return g.count() > 2 ? EIO : 0; };
  constexpr std::uint16_t kBound = GroupSender::kMaxLimitedReceivers;
  for (std::uint16_t i = 0; i <= kBound; ++i) send(group(4, i));
  const auto refused = sender_.counters().refused;
  send(group(4, kBound));
  EXPECT_EQ(sender_.counters().refused, refused);
  send(group(4, 0));
  EXPECT_EQ(sender_.counters().refused, refused + 1);
}

}  // namespace
}  // namespace sfu::io
