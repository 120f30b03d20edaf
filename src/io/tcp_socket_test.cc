#include "io/tcp_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include <vector>

#include "io/stream_client_for_test.h"

namespace sfu::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Octets = std::vector<std::uint8_t>;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

bool becomes(int fd, short what) {
  pollfd waiting{fd, what, 0};
  return poll(&waiting, 1, 5000) == 1;
}

TcpConnection accepted(TcpListener& listener) {
  EXPECT_TRUE(becomes(listener.fd(), POLLIN));
  return std::move(*listener.accept());
}

int option(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  getsockopt(fd, level, name, &value, &length);
  return value;
}

class TcpSocketOn : public testing::TestWithParam<const char*> {};

TEST_P(TcpSocketOn, CarriesBytesBothWaysAndKnowsItsPath) {
  auto listener = TcpListener::bind({ip(GetParam()), 0});
  ASSERT_TRUE(listener.has_value()) << listener.error();
  StreamClient client(listener->local());
  TcpConnection connection = accepted(*listener);
  EXPECT_EQ(connection.path(), (Path{listener->local(), client.local(), IpProtocol::Tcp}));

  client.send(Octets{1, 2, 3});
  ASSERT_TRUE(becomes(connection.fd(), POLLIN));
  Octets room(10);
  EXPECT_EQ(connection.read(room).bytes, 3u);
  EXPECT_THAT(Bytes(room).first(3), ElementsAre(1, 2, 3));
  EXPECT_EQ(connection.write(Octets{0, 1, 9}), 3u);
  EXPECT_EQ(client.receive_frame(), Octets{9});
}

INSTANTIATE_TEST_SUITE_P(BothFamilies, TcpSocketOn, testing::Values("127.0.0.1", "::1"));

TEST(TcpSocket, KnowsWhichOfTheMachinesAddressesAConnectionCameTo) {
  auto listener = TcpListener::bind({ip("0.0.0.0"), 0});
  const Endpoint reached{ip("127.0.0.7"), listener->local().port};
  const StreamClient client(reached);
  EXPECT_EQ(accepted(*listener).path().local, reached);
}

TEST(TcpSocket, SendsSmallPacketsAtOnceAndQueuesLittleInTheKernel) {
  auto listener = TcpListener::bind({ip("127.0.0.1"), 0});
  const StreamClient client(listener->local());
  const TcpConnection connection = accepted(*listener);
  EXPECT_NE(option(connection.fd(), IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(option(connection.fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT), TcpConnection::kUnsentBytes);
}

TEST(TcpSocket, TakesNoMoreThanItsBufferForAPeerThatNeverReads) {
  auto listener = TcpListener::bind({ip("127.0.0.1"), 0});
  const StreamClient client(listener->local(), 4096);
  TcpConnection connection = accepted(*listener);
  const Octets much(64 * 1024);
  std::size_t taken = 0;
  for (int i = 0; i < 1000; ++i) taken += connection.write(much);
  EXPECT_LT(taken, 2u * TcpConnection::kBufferBytes);
  EXPECT_FALSE(connection.read(MutableBytes()).ended) << "a full buffer is no end";
}

TEST(TcpSocket, TellsNothingNowFromAnEnd) {
  auto listener = TcpListener::bind({ip("127.0.0.1"), 0});
  StreamClient client(listener->local());
  TcpConnection connection = accepted(*listener);
  Octets room(10);
  EXPECT_FALSE(connection.read(room).ended);
  client.shut_down_writing();
  ASSERT_TRUE(becomes(connection.fd(), POLLIN));
  EXPECT_TRUE(connection.read(room).ended);
}

TEST(TcpSocket, SeesAResetAsAnEndAndSurvivesWritingAfterIt) {
  auto listener = TcpListener::bind({ip("127.0.0.1"), 0});
  StreamClient client(listener->local());
  TcpConnection connection = accepted(*listener);
  client.reset();
  ASSERT_TRUE(becomes(connection.fd(), POLLIN));
  EXPECT_EQ(connection.write(Octets(10)), 0u);
  EXPECT_EQ(connection.write(Octets(10)), 0u);
  Octets room(10);
  EXPECT_TRUE(connection.read(room).ended);
}

TEST(TcpListener, SaysWhenNobodyWaits) {
  auto listener = TcpListener::bind({ip("127.0.0.1"), 0});
  const auto accepted = listener->accept();
  ASSERT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error(), TcpListener::Refusal::NobodyWaits);
}

TEST(TcpListener, RefusesAPortThatIsTakenAndNamesIt) {
  const auto first = TcpListener::bind({ip("127.0.0.1"), 0});
  const auto second = TcpListener::bind(first->local());
  ASSERT_FALSE(second.has_value());
  EXPECT_THAT(second.error(), HasSubstr(first->local().to_string()));
}

TEST(TcpListener, MayBindAgainWhileOldConnectionsLinger) {
  auto first = TcpListener::bind({ip("127.0.0.1"), 0});
  const Endpoint where = first->local();
  StreamClient client(where);
  { const TcpConnection ended_by_us = accepted(*first); }
  EXPECT_TRUE(client.is_ended());
  client.close();
  first = fail(std::string());
  EXPECT_TRUE(TcpListener::bind(where).has_value());
}

}  // namespace
}  // namespace sfu::io
