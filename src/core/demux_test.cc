#include "core/demux.h"

#include <gtest/gtest.h>

#include <vector>

namespace sfu::core {
namespace {

Path path(std::uint16_t remote_port) {
  return {{IpAddress::v4(0x0a000001), 40000}, {IpAddress::v4(0x0a000002), remote_port}};
}

TEST(DatagramKind, FollowsTheFirstByteAsRfc7983Says) {
  struct Row {
    int first;
    int last;
    DatagramKind kind;
  };
  const Row rows[] = {{0, 3, DatagramKind::Stun},          {4, 19, DatagramKind::Unknown},
                      {20, 63, DatagramKind::Dtls},        {64, 127, DatagramKind::Unknown},
                      {128, 191, DatagramKind::RtpOrRtcp}, {192, 255, DatagramKind::Unknown}};
  for (const Row& row : rows) {
    for (int first = row.first; first <= row.last; ++first) {
      const std::vector<std::uint8_t> datagram = {static_cast<std::uint8_t>(first), 0};
      EXPECT_EQ(kind_of(datagram), row.kind) << first;
    }
  }
  EXPECT_EQ(kind_of({}), DatagramKind::Unknown);
}

TEST(Demux, GivesAPathToWhomItWasAssignedLast) {
  Demux demux;
  EXPECT_EQ(demux.assign(path(1), 7), std::nullopt);
  EXPECT_EQ(demux.assign(path(1), 7), std::nullopt);
  EXPECT_EQ(demux.assign(path(1), 8), 7u);
  EXPECT_EQ(demux.find(path(1)), 8u);
}

TEST(Demux, KeepsAPathThatItsFormerOwnerRemoves) {
  Demux demux;
  demux.assign(path(1), 7);
  demux.assign(path(1), 8);
  demux.remove(path(1), 7);
  EXPECT_EQ(demux.find(path(1)), 8u);
}

TEST(Demux, ForgetsAllOfATransportAndNothingOfOthers) {
  Demux demux;
  demux.add_ufrag("seven", 7);
  demux.add_ufrag("eight", 8);
  demux.assign(path(1), 7);
  demux.assign(path(2), 8);
  demux.remove_all(7);
  EXPECT_EQ(demux.find(path(1)), std::nullopt);
  EXPECT_EQ(demux.find_ufrag("seven"), std::nullopt);
  EXPECT_EQ(demux.find(path(2)), 8u);
  EXPECT_EQ(demux.find_ufrag("eight"), 8u);
}

TEST(Demux, LeavesToTheirNewOwnerWhatAClosedTransportHadBefore) {
  Demux demux;
  demux.assign(path(1), 7);
  demux.assign(path(1), 8);
  demux.add_ufrag("moved", 7);
  demux.add_ufrag("moved", 8);
  demux.remove_all(7);
  EXPECT_EQ(demux.find(path(1)), 8u);
  EXPECT_EQ(demux.find_ufrag("moved"), 8u);
  demux.assign(path(1), 7);
  demux.remove_all(8);
  EXPECT_EQ(demux.find(path(1)), 7u);
  EXPECT_EQ(demux.find_ufrag("moved"), std::nullopt);
}

TEST(Demux, TellsApartTheLocalAddressesOfOneRemote) {
  Demux demux;
  Path other = path(1);
  other.local.ip = IpAddress::v4(0x0a000009);
  demux.assign(path(1), 7);
  EXPECT_EQ(demux.find(other), std::nullopt);
}

Path stream(std::uint16_t remote_port) {
  Path over_tcp = path(remote_port);
  over_tcp.protocol = IpProtocol::Tcp;
  return over_tcp;
}

TEST(Demux, TellsUdpAndTcpOfTheSameAddressesApart) {
  Demux demux;
  demux.assign(path(1), 7);
  demux.assign(stream(1), 8);
  EXPECT_EQ(demux.find(path(1)), 7u);
  EXPECT_EQ(demux.find(stream(1)), 8u);
}

TEST(Demux, NamesEachStreamThatIsNobodysAnyMoreOnce) {
  Demux demux;
  for (std::uint16_t port = 1; port <= 3; ++port) demux.assign(stream(port), 7);
  demux.assign(path(4), 7);
  demux.assign(stream(3), 8);
  demux.remove(stream(1), 7);
  demux.remove(stream(3), 7);  // It is another's by now.
  EXPECT_EQ(demux.poll_released_stream(), stream(1));
  EXPECT_EQ(demux.poll_released_stream(), std::nullopt);
  demux.remove_all(7);
  EXPECT_EQ(demux.poll_released_stream(), stream(2));
  EXPECT_EQ(demux.poll_released_stream(), std::nullopt);
}

TEST(Demux, DoesNotNameAStreamThatSomebodyHasAgain) {
  Demux demux;
  demux.assign(stream(1), 7);
  demux.remove(stream(1), 7);
  demux.assign(stream(1), 8);
  EXPECT_EQ(demux.poll_released_stream(), std::nullopt);
}

}  // namespace
}  // namespace sfu::core
