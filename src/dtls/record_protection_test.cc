#include "dtls/record_protection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "dtls/foreign_peer_for_test.h"
#include "dtls/lossy_link_for_test.h"
#include "dtls/tls_session.h"

// Records of our own making against those of OpenSSL, once a handshake is over.

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
      : theirs_(their_role(), &certificate_for_test(their_role()),
                [](SSL_CTX* context) { SSL_CTX_set_cipher_list(context, GetParam().suite); }) {
    const Context context(certificate_for_test(GetParam().role));
    TlsSession session(context, GetParam().role, 1200);
    Datagrams to_ours;
    if (GetParam().role == Role::Client)
      to_ours.emplace_back();  // With which it begins.
    else
      to_ours = theirs_.handle({});
    bool done = false;
    for (int turn = 0; turn < 20 && !(done && theirs_.connected()); ++turn) {
      for (const auto& datagram : to_ours)
        if (session.handshake(datagram) == TlsSession::Status::Done) done = true;
      to_ours.clear();
      const auto flights = session.take_flights();
      if (flights.empty()) continue;
      for (const auto& datagram : flights.front())
        for (auto& answer : theirs_.handle(datagram)) to_ours.push_back(std::move(answer));
    }
    if (done) ours_.emplace(session.record_protection());
  }

  static Role their_role() { return GetParam().role == Role::Client ? Role::Server : Role::Client; }
  void SetUp() override { ASSERT_TRUE(ours_ && theirs_.connected()); }

  /// What these datagrams hold, of the records that are taken.
  std::vector<std::string> open(const Datagrams& datagrams) {
    std::vector<std::string> opened;
    for (const auto& datagram : datagrams)
      for (Bytes rest = datagram; const auto record = take_record(rest);)
        if (const auto content = ours_->open(*record))
          opened.emplace_back(content->begin(), content->end());
    return opened;
  }

  ForeignPeer theirs_;
  std::optional<RecordProtection> ours_;
};

TEST_P(ProtectedRecords, CarryMessagesBothWays) {
  for (const char* text : {"one", "two"}) {
    EXPECT_THAT(open(theirs_.send(text)), ElementsAre(text));
    theirs_.handle(ours_->seal(ContentType::ApplicationData, as_bytes(text)));
  }
  EXPECT_EQ(theirs_.received(), "onetwo");
}

TEST_P(ProtectedRecords, AreTakenOnceAndInAnyOrder) {
  const Datagrams first = theirs_.send("first"), second = theirs_.send("second");
  EXPECT_THAT(open(second), ElementsAre("second"));
  EXPECT_THAT(open(first), ElementsAre("first"));
  EXPECT_THAT(open(second), IsEmpty());
  EXPECT_THAT(open(first), IsEmpty());
}

TEST_P(ProtectedRecords, AreRefusedWithAnyByteChanged) {
  Datagrams sent = theirs_.send("secret");
  for (std::size_t i = 0; i < sent.front().size(); ++i) {
    sent.front()[i] ^= 0x01;
    EXPECT_THAT(open(sent), IsEmpty()) << "byte " << i;
    sent.front()[i] ^= 0x01;
  }
  EXPECT_THAT(open(sent), ElementsAre("secret"));
}

TEST_P(ProtectedRecords, SayGoodbyeBothWays) {
  constexpr std::array<std::uint8_t, 2> kWarningCloseNotify{1, 0};
  EXPECT_THAT(open(theirs_.close()), ElementsAre(as_text(kWarningCloseNotify)));
  theirs_.handle(ours_->seal(ContentType::Alert, kWarningCloseNotify));
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
