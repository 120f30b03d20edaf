#include "io/udp_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <string>

#include "io/clock.h"
#include "io/group_sender.h"

namespace sfu::io {
namespace {

using testing::HasSubstr;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

/// What `socket` has received within a few seconds, until there are `count` datagrams.
std::vector<ReceivedDatagram> receive(UdpSocket& socket, PacketArena& arena, std::size_t count) {
  std::vector<ReceivedDatagram> received;
  while (received.size() < count) {
    pollfd waiting{socket.fd(), POLLIN, 0};
    if (poll(&waiting, 1, 5000) != 1) break;
    socket.receive(arena, received);
  }
  return received;
}

void send_one(UdpSocket& socket, const Endpoint& from, const Endpoint& to, Bytes bytes) {
  const DatagramGroup datagram{{from, to}, bytes};
  socket.transmit({&datagram, 1});
}

class UdpSocketPair : public testing::TestWithParam<const char*> {};

TEST_P(UdpSocketPair, CarriesDatagramsBothWaysAndKnowsTheirPath) {
  PacketArena arena;
  auto a = UdpSocket::bind({ip(GetParam()), 0});
  auto b = UdpSocket::bind({ip(GetParam()), 0});
  ASSERT_TRUE(a && b);
  send_one(*a, a->local(), b->local(), as_bytes("hello"));
  const auto received = receive(*b, arena, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(as_text(received[0].buffer.bytes()), "hello");
  EXPECT_EQ(received[0].path, (Path{b->local(), a->local(), IpProtocol::Udp}));
}

INSTANTIATE_TEST_SUITE_P(Families, UdpSocketPair, testing::Values("127.0.0.1", "::1"),
                         [](const auto& row) { return row.index == 0 ? "Ipv4" : "Ipv6"; });

TEST(UdpSocket, OnAWildcardAddressAnswersFromTheAddressThatWasAsked) {
  PacketArena arena;
  auto server = UdpSocket::bind({ip("0.0.0.0"), 0});
  auto client = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(server && client);
  for (const char* asked : {"127.0.0.1", "127.0.0.2", "127.9.9.9"}) {
    SCOPED_TRACE(asked);
    const Endpoint target{ip(asked), server->local().port};
    send_one(*client, client->local(), target, as_bytes("?"));
    const auto question = receive(*server, arena, 1);
    ASSERT_EQ(question.size(), 1u);
    EXPECT_EQ(question[0].path.local, target);
    send_one(*server, question[0].path.local, question[0].path.remote, as_bytes("!"));
    const auto answer = receive(*client, arena, 1);
    ASSERT_EQ(answer.size(), 1u);
    EXPECT_EQ(answer[0].path.remote, target);
  }
}

TEST(UdpSocket, KeepsTheOrderOverManyBatches) {
  PacketArena arena;
  auto a = UdpSocket::bind({ip("127.0.0.1"), 0});
  auto b = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(a && b);
  constexpr std::size_t kCount = 3 * DatagramPort::kMaxGroups + 7;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < kCount; ++i) texts.push_back(std::to_string(i));
  std::vector<DatagramGroup> datagrams;
  for (const std::string& text : texts)
    datagrams.emplace_back(Path{a->local(), b->local()}, as_bytes(text));
  GroupSender sender(false);
  sender.send(*a, datagrams);
  const auto received = receive(*b, arena, kCount);
  ASSERT_EQ(received.size(), kCount);
  for (std::size_t i = 0; i < kCount; ++i) EXPECT_EQ(as_text(received[i].buffer.bytes()), texts[i]);
  EXPECT_EQ(sender.counters().datagrams, kCount);
  EXPECT_EQ(b->counters().datagrams_received, kCount);
  EXPECT_LT(b->counters().receive_calls, kCount / 2);
}

TEST(UdpSocket, DropsWhatDoesNotFitAPacketBufferAndCountsIt) {
  PacketArena arena;
  auto a = UdpSocket::bind({ip("127.0.0.1"), 0});
  auto b = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(a && b);
  const std::vector<std::uint8_t> largest(PacketBuffer::kCapacity);
  const std::vector<std::uint8_t> larger(PacketBuffer::kCapacity + 1);
  send_one(*a, a->local(), b->local(), larger);
  send_one(*a, a->local(), b->local(), largest);
  const auto received = receive(*b, arena, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].buffer.bytes().size(), largest.size());
  EXPECT_EQ(b->counters().truncated, 1u);
}

TEST(UdpSocket, WithoutBuffersReadsAndDropsSoThatNothingStaysToBeReadForEver) {
  PacketArena none(0), arena;  // Before the sockets, which keep buffers of them.
  auto a = UdpSocket::bind({ip("127.0.0.1"), 0});
  auto b = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(a && b);
  for (int i = 0; i < 3; ++i) send_one(*a, a->local(), b->local(), as_bytes("hello"));
  std::vector<ReceivedDatagram> received;
  pollfd waiting{b->fd(), POLLIN, 0};
  while (b->counters().no_buffer < 3 && poll(&waiting, 1, 5000) == 1) {
    ASSERT_GT(b->receive(none, received), 0u);
  }
  EXPECT_EQ(b->counters().no_buffer, 3u);
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
  EXPECT_TRUE(received.empty());
  send_one(*a, a->local(), b->local(), as_bytes("again"));
  EXPECT_EQ(receive(*b, arena, 1).size(), 1u);
}

TEST(UdpSocket, GoesOnWithTheOthersWhenOneDatagramIsRefused) {
  PacketArena arena;
  auto a = UdpSocket::bind({ip("127.0.0.1"), 0});
  auto b = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(a && b);
  const std::vector<std::uint8_t> too_long(70'000);
  const Path path{a->local(), b->local()};
  const DatagramGroup datagrams[] = {
      {path, as_bytes("first")}, {path, too_long}, {path, as_bytes("last")}};
  GroupSender sender(true);
  sender.send(*a, datagrams);
  EXPECT_EQ(receive(*b, arena, 2).size(), 2u);
  EXPECT_EQ(sender.counters().failed, 1u);
}

TEST(UdpSocket, SendsAGroupThatArrivesAsItsDatagrams) {
  if (!kernel_has_segmentation()) GTEST_SKIP() << "the kernel has no UDP_SEGMENT";
  for (const char* address : {"127.0.0.1", "0.0.0.0", "::1"}) {
    SCOPED_TRACE(address);
    PacketArena arena;
    auto a = UdpSocket::bind({ip(address), 0});
    auto b = UdpSocket::bind({ip(address == std::string("::1") ? "::1" : "127.0.0.1"), 0});
    ASSERT_TRUE(a && b);
    std::vector<std::uint8_t> bytes(2 * 100 + 30);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    const DatagramGroup group{{b->local(), b->local()}, bytes, 100};
    EXPECT_EQ(a->transmit({&group, 1}).accepted, 1u);
    const auto received = receive(*b, arena, 3);
    ASSERT_EQ(received.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      const Bytes sent = Bytes(bytes).subspan(i * 100, i < 2 ? 100 : 30);
      EXPECT_TRUE(std::ranges::equal(received[i].buffer.bytes(), sent));
    }
  }
}

TEST(UdpSocket, TellsWhenADatagramCame) {
  PacketArena arena;
  auto a = UdpSocket::bind({ip("127.0.0.1"), 0});
  auto b = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(a && b);
  const std::int64_t before = wall_clock_us();
  send_one(*a, a->local(), b->local(), as_bytes("hello"));
  const auto received = receive(*b, arena, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_GE(received[0].wall_clock_us, before);
  // Where nobody has asked for stamps so far, the first datagrams get theirs when they are read.
  EXPECT_LE(received[0].wall_clock_us, wall_clock_us());
}

TEST(UdpSocket, CountsWhatItsFullBufferDropped) {
  PacketArena arena;
  auto a = UdpSocket::bind({ip("127.0.0.1"), 0});
  auto b = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(a && b);
  const int smallest = 0;  // The kernel gives its least.
  ASSERT_EQ(setsockopt(b->fd(), SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest), 0);
  EXPECT_LT(b->buffer_bytes(), UdpSocket::kBufferBytes);
  constexpr std::size_t kSent = 100;
  const std::vector<std::uint8_t> bytes(1000);
  for (std::size_t i = 0; i < kSent; ++i) send_one(*a, a->local(), b->local(), bytes);
  std::vector<ReceivedDatagram> received;
  while (b->receive(arena, received) > 0) {
  }
  EXPECT_EQ(b->counters().overflowed, 0u);  // Told with the next one that fits.
  const std::size_t fitting = received.size();
  send_one(*a, a->local(), b->local(), bytes);
  EXPECT_EQ(receive(*b, arena, 1).size(), 1u);
  EXPECT_EQ(b->counters().overflowed, kSent - fitting);
}

TEST(UdpSocket, SaysWhichAddressCannotBeBound) {
  const auto taken = UdpSocket::bind({ip("127.0.0.1"), 0});
  ASSERT_TRUE(taken.has_value());
  const auto refused = UdpSocket::bind(taken->local());
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error(), HasSubstr(taken->local().to_string()));
}

}  // namespace
}  // namespace sfu::io
