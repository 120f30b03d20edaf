#include "dtls/record_protection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dtls/association.h"
#include "dtls/foreign_peer_for_test.h"
#include "dtls/lossy_link_for_test.h"

// Records of our own making against those of OpenSSL, at the other end of a connected association.

namespace sfu::dtls {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Datagrams = std::vector<DatagramBytes>;

struct Case {
  const char* suite;
  Role role;  // Ours.
};

class ProtectedRecords : public testing::TestWithParam<Case> {
 protected:
  ProtectedRecords()
      : ours_(GetParam().role, 1200),
        theirs_(GetParam().role == Role::Client ? Role::Server : Role::Client, &certificate_,
                [](SSL_CTX* context) { SSL_CTX_set_cipher_list(context, GetParam().suite); }) {
    ours_.association.set_remote_fingerprint({}, crypto::HashAlgorithm::Sha256,
                                             certificate_.sha256_fingerprint());
    ours_.association.start({});
    Datagrams to_ours;
    if (GetParam().role == Role::Server) to_ours = theirs_.handle({});
    for (int turn = 0; turn < 20; ++turn) {
      give(to_ours);
      to_ours.clear();
      for (const auto& datagram : take())
        for (auto& answer : theirs_.handle(datagram)) to_ours.push_back(std::move(answer));
    }
    ours_.drain_events();
  }

  void give(const Datagrams& datagrams) {
    for (const auto& datagram : datagrams) ours_.association.handle_datagram({}, datagram);
    ours_.drain_events();
  }
  Datagrams take() {
    Datagrams datagrams;
    while (auto datagram = ours_.association.poll_transmit()) datagrams.push_back(*datagram);
    return datagrams;
  }

  const crypto::Certificate& certificate_ =
      certificate_for_test(GetParam().role == Role::Client ? Role::Server : Role::Client);
  LinkEnd ours_;
  ForeignPeer theirs_;
};

TEST_P(ProtectedRecords, CarryMessagesBothWays) {
  ASSERT_TRUE(ours_.connected && theirs_.connected());
  for (const char* text : {"one", "two"}) {
    give(theirs_.send(text));
    ASSERT_TRUE(ours_.association.send({}, as_bytes(text)));
    for (const auto& datagram : take()) theirs_.handle(datagram);
  }
  EXPECT_THAT(ours_.messages, ElementsAre("one", "two"));
  EXPECT_EQ(theirs_.received(), "onetwo");
}

TEST_P(ProtectedRecords, AreTakenOnceAndInAnyOrder) {
  const Datagrams first = theirs_.send("first"), second = theirs_.send("second");
  give(second);
  give(first);
  give(second);
  give(first);
  EXPECT_THAT(ours_.messages, ElementsAre("second", "first"));
}

TEST_P(ProtectedRecords, AreRefusedWithAnyByteChanged) {
  Datagrams sent = theirs_.send("secret");
  for (std::size_t i = 0; i < sent.front().size(); ++i) {
    sent.front()[i] ^= 0x01;
    give(sent);
    sent.front()[i] ^= 0x01;
  }
  EXPECT_THAT(ours_.messages, IsEmpty());
  EXPECT_EQ(ours_.association.state(), State::Connected);
  give(sent);
  EXPECT_THAT(ours_.messages, ElementsAre("secret"));
}

TEST_P(ProtectedRecords, SayGoodbyeAndUnderstandIt) {
  give(theirs_.close());
  EXPECT_TRUE(ours_.closed);
  for (const auto& datagram : take()) theirs_.handle(datagram);
  EXPECT_TRUE(theirs_.was_closed()) << "answered in kind";
}

TEST_P(ProtectedRecords, SayGoodbyeFirst) {
  ours_.association.close({});
  for (const auto& datagram : take()) theirs_.handle(datagram);
  EXPECT_TRUE(theirs_.was_closed());
}

INSTANTIATE_TEST_SUITE_P(EachSuite, ProtectedRecords,
                         testing::Values(Case{"ECDHE-ECDSA-AES128-GCM-SHA256", Role::Server},
                                         Case{"ECDHE-ECDSA-AES256-GCM-SHA384", Role::Server},
                                         Case{"ECDHE-ECDSA-CHACHA20-POLY1305", Role::Server},
                                         Case{"ECDHE-ECDSA-AES256-GCM-SHA384", Role::Client},
                                         Case{"ECDHE-ECDSA-CHACHA20-POLY1305", Role::Client}));

}  // namespace
}  // namespace sfu::dtls
