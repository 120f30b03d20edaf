#include "service/peer_to_peer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "service/fixture_for_test.h"

namespace sfu::service {
namespace {

using std::chrono::seconds;
using ConnectionId = signaling::socketio::ConnectionId;

/// The connections of a service's first clients are counted from 1.
constexpr ConnectionId kAnn{1}, kBob{2}, kBobAgain{3};

class RecoveredPeerTest : public ServiceTest {
 protected:
  RecoveredPeerTest() {
    enter(kAnn, "ann");
    enter(kBob, "bob");
    forget();
  }
  void enter(ConnectionId connection, const std::string& user) {
    ASSERT_TRUE(rooms.enter(Peer{connection, user, user + "@example.org", {false, true}}, "one"));
    service_->pump();
  }
  void vanish(ConnectionId connection) {
    rooms.vanish(connection, service_->now);
    service_->pump();
  }
  void recover(ConnectionId previous, ConnectionId connection) {
    rooms.recover(previous, connection, service_->now);
    service_->pump();
  }
  void forget() {
    for (TestClient* one : {&ann, &bob, &bob_again}) one->forget();
  }

  TestClient ann{*service_, "ann"}, bob{*service_, "bob"}, bob_again{*service_, "bob"};
  PeerToPeer rooms{
      {.rooms = 10, .peers_per_room = 2, .remembered = 2, .remembered_for = seconds(30)},
      service_->sockets};
};

TEST_F(RecoveredPeerTest, WhoVanishedAndRecoversIsInTheRoomAgainAsHeWas) {
  vanish(kBob);
  EXPECT_EQ(ann.names(), "user-left");
  service_->now += seconds(29);
  forget();
  recover(kBob, kBobAgain);
  EXPECT_EQ(ann.names(), "room-data user-joined initiate-connection");
  EXPECT_EQ(bob_again.names(), "room-data initiate-connection");
  EXPECT_EQ(ann.last("room-data").at("mediaState").at("bob"),
            json::parse(R"({"audioEnabled":false,"videoEnabled":true})"));
  EXPECT_EQ(rooms.find(kBobAgain)->room.id(), "one");
  EXPECT_EQ(rooms.remembered_count(), 0u);
}

TEST_F(RecoveredPeerTest, TheScreenThatHeSharedIsSharedAgainUnlessSomebodyElseSharesNow) {
  for (const bool taken : {false, true}) {
    rooms.find(kBob)->room.start_sharing("bob");
    vanish(kBob);
    if (taken) rooms.find(kAnn)->room.start_sharing("ann");
    forget();
    recover(kBob, kBobAgain);
    EXPECT_EQ(ann.count("screen-share-started"), taken ? 0u : 1u);
    EXPECT_EQ(bob_again.count("initiate-screen-connection"), taken ? 0u : 1u);
    rooms.leave(kBobAgain);
    enter(kBob, "bob");
  }
}

TEST_F(RecoveredPeerTest, WhoRecoversWhileTheOldConnectionLooksAliveIsNotNoticed) {
  recover(kBob, kBobAgain);
  EXPECT_EQ(ann.names() + bob.names() + bob_again.names(), "");
  rooms.find(kAnn)->room.emit_to_others("ann", "hello", nullptr);
  service_->pump();
  EXPECT_EQ(bob_again.names(), "hello");
  vanish(kBob);
  EXPECT_EQ(ann.names(), "") << "the old one's end means nothing";
}

TEST_F(RecoveredPeerTest, ALeavingIsNotRecovered) {
  rooms.leave(kBob);
  recover(kBob, kBobAgain);
  EXPECT_FALSE(rooms.find(kBobAgain));
}

TEST_F(RecoveredPeerTest, AfterTheTimeOrWhenTheUserCameOtherwiseOrTheRoomIsFullNothingComesBack) {
  vanish(kBob);
  service_->now += seconds(30);
  recover(kBob, kBobAgain);
  EXPECT_FALSE(rooms.find(kBobAgain));
  EXPECT_EQ(rooms.remembered_count(), 0u);

  enter(kBob, "bob");
  vanish(kBob);
  enter(ConnectionId{100}, "bob");
  recover(kBob, kBobAgain);
  EXPECT_FALSE(rooms.find(kBobAgain));
  EXPECT_TRUE(rooms.find(ConnectionId{100}));

  vanish(ConnectionId{100});
  enter(ConnectionId{101}, "cid");
  recover(ConnectionId{100}, kBobAgain);
  EXPECT_FALSE(rooms.find(kBobAgain));
  EXPECT_EQ(rooms.remembered_count(), 0u);
}

TEST_F(RecoveredPeerTest, OfThoseWhoVanishedTheBoundIsRememberedTheLatest) {
  vanish(kBob);
  service_->now += seconds(1);
  vanish(kAnn);
  EXPECT_EQ(rooms.room_count(), 0u);
  EXPECT_EQ(rooms.remembered_count(), 2u);
  service_->now += seconds(1);
  enter(ConnectionId{100}, "cid");
  vanish(ConnectionId{100});
  EXPECT_EQ(rooms.remembered_count(), 2u);
  recover(kBob, kBobAgain);
  EXPECT_FALSE(rooms.find(kBobAgain));
  recover(kAnn, kBobAgain);
  EXPECT_TRUE(rooms.find(kBobAgain));
}

}  // namespace
}  // namespace sfu::service
