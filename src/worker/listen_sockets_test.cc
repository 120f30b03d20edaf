#include "worker/listen_sockets.h"

#include <gmock/gmock.h>
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
    for (std::uint16_t i = 0; i < count; ++i) {
      const Endpoint port{kLoopback, static_cast<std::uint16_t>(first + i)};
      all_free &= (i == 0 || io::UdpSocket::bind(port)) && io::TcpListener::bind(port);
    }
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

std::vector<std::uint16_t> ports_of(std::span<const StreamListeners> workers) {
  std::vector<std::uint16_t> ports;
  for (const StreamListeners& worker : workers)
    ports.push_back(worker.empty() ? 0 : worker[0].local().port);
  return ports;
}

TEST(StreamListeners, TakeTheNumbersOfTheUdpPorts) {
  const PortRange range = free_range(2);
  const std::uint16_t udp[] = {range.max, range.min};
  const auto workers = bind_stream_listeners({&kLoopback, 1}, range, udp, std::nullopt);
  EXPECT_THAT(ports_of(workers), testing::ElementsAre(range.max, range.min));
}

TEST(StreamListeners, TakeAnotherPortOfTheRangeForOneThatIsBusyOrThatHttpNeeds) {
  const PortRange range = free_range(4);
  const std::uint16_t first = range.min, second = static_cast<std::uint16_t>(first + 1);
  const auto busy = io::TcpListener::bind({kLoopback, first});
  ASSERT_TRUE(busy.has_value());
  const std::uint16_t udp[] = {first, second};
  const auto workers = bind_stream_listeners({&kLoopback, 1}, range, udp, second);
  EXPECT_THAT(ports_of(workers), testing::ElementsAre(first + 2, first + 3));
}

TEST(StreamListeners, AreMissingForAWorkerThatNoPortIsLeftFor) {
  const PortRange range = free_range(1);
  const std::uint16_t udp[] = {range.min, range.min};
  const auto workers = bind_stream_listeners({&kLoopback, 1}, range, udp, std::nullopt);
  EXPECT_THAT(ports_of(workers), testing::ElementsAre(range.min, 0));
}

TEST(StreamListeners, ShareOnePortOnAllAddresses) {
  const IpAddress addresses[] = {kLoopback, *IpAddress::parse("::1")};
  const PortRange range = free_range(1);
  const auto workers = bind_stream_listeners(addresses, range, {&range.min, 1}, std::nullopt);
  ASSERT_EQ(workers[0].size(), 2u);
  EXPECT_EQ(workers[0][1].local(), (Endpoint{addresses[1], range.min}));
}

}  // namespace
}  // namespace sfu::worker
