#include "worker/listen_sockets.h"

#include <gtest/gtest.h>

namespace sfu::worker {
namespace {

const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");

/// A run of `count` ports that were free a moment ago.
PortRange free_range(std::uint16_t count) {
  for (;;) {
    const auto probe = io::UdpSocket::bind({kLoopback, 0});
    const std::uint16_t first = probe->local().port;
    if (first > 65535 - count) continue;
    bool all_free = true;
    for (std::uint16_t i = 1; i < count; ++i)
      all_free &=
          io::UdpSocket::bind({kLoopback, static_cast<std::uint16_t>(first + i)}).has_value();
    if (all_free) return {first, static_cast<std::uint16_t>(first + count - 1)};
  }
}

TEST(ListenSockets, GiveEachWorkerItsPortInOrder) {
  const PortRange range = free_range(3);
  const auto workers = bind_listen_sockets({&kLoopback, 1}, range, 3);
  ASSERT_TRUE(workers.has_value()) << workers.error();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*workers)[i][0].local().port, range.min + i);
}

TEST(ListenSockets, TakeAnotherPortOfTheRangeForOneThatIsBusy) {
  const PortRange range = free_range(3);
  const auto busy = io::UdpSocket::bind({kLoopback, range.min});
  ASSERT_TRUE(busy.has_value());
  const auto workers = bind_listen_sockets({&kLoopback, 1}, range, 2);
  ASSERT_TRUE(workers.has_value()) << workers.error();
  EXPECT_EQ((*workers)[0][0].local().port, range.min + 2);
  EXPECT_EQ((*workers)[1][0].local().port, range.min + 1);
}

TEST(ListenSockets, RefuseMoreWorkersThanPortsAndNameTheSettings) {
  const auto workers = bind_listen_sockets({&kLoopback, 1}, {50000, 50001}, 3);
  ASSERT_FALSE(workers.has_value());
  EXPECT_NE(workers.error().find("MEDIASOUP_NUM_WORKERS"), std::string::npos) << workers.error();
  EXPECT_NE(workers.error().find("MEDIASOUP_MIN_PORT"), std::string::npos) << workers.error();
}

TEST(ListenSockets, RefuseAnAddressThatThisMachineDoesNotHave) {
  const IpAddress foreign = *IpAddress::parse("192.0.2.1");
  const auto workers = bind_listen_sockets({&foreign, 1}, {50000, 50001}, 1);
  ASSERT_FALSE(workers.has_value());
  EXPECT_NE(workers.error().find("192.0.2.1"), std::string::npos) << workers.error();
}

}  // namespace
}  // namespace sfu::worker
