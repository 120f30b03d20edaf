#include "transport/secure_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ice/scripted_check_for_test.h"

namespace sfu::transport {
namespace {

using testing::HasSubstr;
using testing::Not;

const Endpoint kAnnounced{*IpAddress::parse("203.0.113.7"), 40000};
const Path kPath{{*IpAddress::parse("10.0.0.5"), 40000}, {*IpAddress::parse("10.0.0.9"), 5000}};
constexpr bool kTranslated = false;

struct Channel {
  const crypto::Certificate certificate = crypto::Certificate::generate();
  const dtls::Context context{certificate};
  const ice::Credentials credentials{"ufrag-of-the-server", "password-of-the-server-00000000"};
  const std::unique_ptr<srtp::CipherBackend> ciphers = srtp::make_cipher_backend();
  SecureChannel channel{context, *ciphers, credentials};

  void check() {
    channel.handle_stun(Timestamp{}, kPath, ice::ScriptedCheck::to(credentials).encode());
  }
};

TEST(SecureChannel, NamesTheAnnouncedAddressThatNoCheckEverCameToAlsoBehindATranslator) {
  Channel made;
  EXPECT_THAT(made.channel.describe({&kAnnounced, 1}, kTranslated),
              HasSubstr("no check ever came to 203.0.113.7:40000"));
}

TEST(SecureChannel, BehindATranslatorClaimsNothingOfCandidatesOnceAnyCheckCame) {
  Channel made;
  made.check();
  EXPECT_THAT(made.channel.describe({&kAnnounced, 1}, kTranslated), Not(HasSubstr("203.0.113.7")));
  EXPECT_THAT(made.channel.describe({&kAnnounced, 1}, true), HasSubstr("203.0.113.7"));
}

TEST(SecureChannel, IsConnectedOnceAndOnlyWithAFingerprint) {
  Channel made;
  EXPECT_EQ(made.channel.connect(Timestamp{}, false, {}).error(), ConnectError::NoFingerprint);
  const Fingerprint given{crypto::HashAlgorithm::Sha256, made.certificate.sha256_fingerprint()};
  EXPECT_TRUE(made.channel.connect(Timestamp{}, false, {&given, 1}).has_value());
  EXPECT_EQ(made.channel.connect(Timestamp{}, false, {&given, 1}).error(),
            ConnectError::AlreadyConnected);
}

TEST(SecureChannel, HasNoWayOutBeforeTheHandshake) {
  Channel made;
  made.check();
  EXPECT_EQ(made.channel.outbound(), nullptr);
  EXPECT_EQ(made.channel.selected_path(), kPath);
  std::vector<std::uint8_t> packet(100, 0x80);
  EXPECT_FALSE(made.channel.unprotect_rtp(kPath, packet).has_value());
  EXPECT_EQ(made.channel.refusals().srtp, 1u);
}

}  // namespace
}  // namespace sfu::transport
