// Associations with peers that behave otherwise than we do, and with none at all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <random>

#include "dtls/association.h"
#include "dtls/foreign_peer_for_test.h"
#include "dtls/lossy_link_for_test.h"
#include "dtls/records.h"
#include "dtls/tls_session.h"

namespace sfu::dtls {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

using Datagrams = std::vector<DatagramBytes>;

Datagrams drain(Association& association) {
  Datagrams datagrams;
  while (auto datagram = association.poll_transmit()) datagrams.push_back(*datagram);
  return datagrams;
}

/// Carries datagrams to and fro until nobody has anything to say.
void converse(Timestamp now, LinkEnd& ours, ForeignPeer& theirs, Datagrams to_ours) {
  for (int turn = 0; turn < 20; ++turn) {
    for (const auto& datagram : to_ours) ours.association.handle_datagram(now, datagram);
    to_ours.clear();
    for (const auto& datagram : drain(ours.association))
      for (auto& answer : theirs.handle(datagram)) to_ours.push_back(std::move(answer));
    if (to_ours.empty()) break;
  }
  ours.drain_events();
}

const crypto::Certificate& their_certificate() { return certificate_for_test(Role::Client); }

TEST(AssociationWithForeignClient, ConnectsAndAgreesOnTheProfileThatTheClientHas) {
  LinkEnd ours(Role::Server, 1200);
  ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                          their_certificate().sha256_fingerprint());
  ForeignPeer theirs(Role::Client, &their_certificate());
  converse({}, ours, theirs, theirs.handle({}));
  EXPECT_TRUE(theirs.connected());
  ASSERT_TRUE(ours.connected);
  EXPECT_EQ(ours.connected->local.profile(), crypto::SrtpProfile::Aes128CmHmacSha1_80);
}

TEST(AssociationWithForeignClient, PrefersOurOrderOfProfilesToTheClients) {
  LinkEnd ours(Role::Server, 1200);
  ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                          their_certificate().sha256_fingerprint());
  ForeignPeer theirs(Role::Client, &their_certificate(), [](SSL_CTX* context) {
    SSL_CTX_set_tlsext_use_srtp(
        context, "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM");
  });
  converse({}, ours, theirs, theirs.handle({}));
  ASSERT_TRUE(ours.connected);
  EXPECT_EQ(ours.connected->local.profile(), crypto::SrtpProfile::AeadAes128Gcm);
}

TEST(AssociationWithForeignClient, FailsWithoutACommonSrtpProfile) {
  LinkEnd ours(Role::Server, 1200);
  ForeignPeer theirs(Role::Client, &their_certificate(), [](SSL_CTX* context) {
    SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AES128_CM_SHA1_32");
  });
  converse({}, ours, theirs, theirs.handle({}));
  ASSERT_TRUE(ours.failed);
  EXPECT_EQ(ours.failed->reason, FailureReason::NoSrtpProfile);
  EXPECT_EQ(ours.association.state(), State::Failed);
}

TEST(AssociationWithForeignClient, FailsWhenTheClientShowsNoCertificate) {
  LinkEnd ours(Role::Server, 1200);
  ForeignPeer theirs(Role::Client, nullptr);
  converse({}, ours, theirs, theirs.handle({}));
  ASSERT_TRUE(ours.failed);
  EXPECT_EQ(ours.failed->reason, FailureReason::ProtocolError);
  EXPECT_THAT(ours.failed->detail, HasSubstr("certificate"));
}

TEST(AssociationWithForeignClient, FailsWhenThereIsNoCommonCipherAndTellsTheClient) {
  LinkEnd ours(Role::Server, 1200);
  ForeignPeer theirs(Role::Client, &their_certificate(),
                     [](SSL_CTX* context) { SSL_CTX_set_cipher_list(context, "AES128-SHA"); });
  for (const auto& datagram : theirs.handle({})) ours.association.handle_datagram({}, datagram);
  ours.drain_events();
  ASSERT_TRUE(ours.failed);
  EXPECT_EQ(ours.failed->reason, FailureReason::ProtocolError);
  EXPECT_EQ(drain(ours.association).size(), 1u) << "the alert";
}

TEST(AssociationWithForeignClient, TakesAHugeClientHelloInSeveralDatagrams) {
  LinkEnd ours(Role::Server, 1200);
  ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                          their_certificate().sha256_fingerprint());
  // Names of protocols fill it up to some 4 KB.
  std::vector<std::uint8_t> protocols;
  for (int i = 0; i < 100; ++i) {
    protocols.push_back(40);
    protocols.insert(protocols.end(), 40, 'p');
  }
  ForeignPeer theirs(Role::Client, &their_certificate(), [&](SSL_CTX* context) {
    SSL_CTX_set_alpn_protos(context, protocols.data(), static_cast<unsigned>(protocols.size()));
  });
  auto hello = theirs.handle({});
  ASSERT_GE(hello.size(), 4u);
  std::swap(hello[0], hello[2]);
  converse({}, ours, theirs, hello);
  EXPECT_TRUE(ours.connected);
}

TEST(AssociationWithForeignServer, GetsItsFinishedAgainWhenThatWasLost) {
  // The server has our last flight already: the same records again it would take for replays.
  LinkEnd ours(Role::Client, 1200);
  ForeignPeer theirs(Role::Server, &their_certificate());
  ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                          their_certificate().sha256_fingerprint());
  Timestamp now{};
  ours.association.start(now);
  Datagrams answers;
  while (!theirs.connected()) {
    for (const auto& datagram : answers) ours.association.handle_datagram(now, datagram);
    answers.clear();
    for (const auto& datagram : drain(ours.association))
      for (auto& answer : theirs.handle(datagram)) answers.push_back(std::move(answer));
  }
  for (int lost = 0; lost < TlsSession::kSpareFlights; ++lost) {
    now = *ours.association.next_timeout();
    ours.association.handle_timeout(now);
    answers.clear();
    for (const auto& datagram : drain(ours.association))
      for (auto& answer : theirs.handle(datagram)) answers.push_back(std::move(answer));
    ASSERT_FALSE(answers.empty()) << "nothing came after " << lost << " lost answers";
  }
  converse(now, ours, theirs, answers);
  EXPECT_TRUE(ours.connected);
}

TEST(AssociationWithForeignServer, HeedsAGoodbyeInTheDatagramOfTheLastFlight) {
  LinkEnd ours(Role::Client, 1200);
  ForeignPeer theirs(Role::Server, &their_certificate());
  ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                          their_certificate().sha256_fingerprint());
  ours.association.start({});
  Datagrams answers;
  while (!theirs.connected()) {
    for (const auto& datagram : answers) ours.association.handle_datagram({}, datagram);
    answers.clear();
    for (const auto& datagram : drain(ours.association))
      for (auto& answer : theirs.handle(datagram)) answers.push_back(std::move(answer));
  }
  for (const Datagrams& said : {theirs.send("data"), theirs.close()})
    for (const auto& datagram : said)
      answers.back().insert(answers.back().end(), datagram.begin(), datagram.end());
  converse({}, ours, theirs, answers);
  EXPECT_TRUE(ours.connected);
  EXPECT_TRUE(ours.closed);
  EXPECT_TRUE(theirs.was_closed()) << "answered in kind";
}

TEST(AssociationWithForeignServer, AnswersAHelloVerifyRequest) {
  LinkEnd ours(Role::Client, 1200);
  ForeignPeer theirs(Role::Server, &their_certificate(), [](SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_COOKIE_EXCHANGE);
    SSL_CTX_set_cookie_generate_cb(context, [](SSL*, unsigned char* cookie, unsigned* size) {
      cookie[0] = 42;
      *size = 1;
      return 1;
    });
    SSL_CTX_set_cookie_verify_cb(context, [](SSL*, const unsigned char* cookie, unsigned size) {
      return size == 1 && cookie[0] == 42 ? 1 : 0;
    });
  });
  ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                          their_certificate().sha256_fingerprint());
  ours.association.start({});
  converse({}, ours, theirs, {});
  EXPECT_TRUE(ours.connected);
  EXPECT_TRUE(theirs.connected());
}

crypto::Certificate rsa_certificate() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> x509(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(x509.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
  X509_set_pubkey(x509.get(), key.get());
  X509_sign(x509.get(), key.get(), EVP_sha256());
  const auto text = [](auto&& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    write(bio.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
  };
  auto certificate = crypto::Certificate::from_pem(
      text([&](BIO* bio) { PEM_write_bio_X509(bio, x509.get()); }), text([&](BIO* bio) {
        PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
      }));
  return std::move(*certificate);
}

TEST(AssociationWithForeignServer, ConnectsToOneWithAnRsaCertificate) {
  const crypto::Certificate certificate = rsa_certificate();
  LinkEnd ours(Role::Client, 1200);
  ForeignPeer theirs(Role::Server, &certificate);
  ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                          certificate.sha256_fingerprint());
  ours.association.start({});
  converse({}, ours, theirs, {});
  EXPECT_TRUE(ours.connected);
}

DatagramBytes plain_alert(std::uint8_t level, std::uint8_t description) {
  return {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, level, description};
}
constexpr std::uint8_t kFatal = 2, kHandshakeFailure = 40, kWarning = 1, kCloseNotify = 0;

TEST(AssociationUnderForgery, IsNotEndedByAnAlertInTheClearWhileItMakesProgress) {
  LossyLink link;
  link.exchange_fingerprints();
  link.run_for(15ms);  // The server has the ClientHello, the client waits.
  link.client.association.handle_datagram(link.now, plain_alert(kFatal, kHandshakeFailure));
  link.server.association.handle_datagram(link.now, plain_alert(kFatal, kHandshakeFailure));
  link.run_for(2s);
  EXPECT_TRUE(link.both_connected());
}

TEST(AssociationUnderForgery, ForgetsAnAlertInTheClearAtTheNextMessage) {
  LossyLink link;
  link.exchange_fingerprints();
  link.delay = 300ms;  // The ServerHello arrives after 600 ms, the server's Finished after 1.2 s.
  link.run_for(200ms);
  link.client.association.handle_datagram(link.now, plain_alert(kFatal, kHandshakeFailure));
  link.run_for(2s);
  EXPECT_TRUE(link.both_connected());
}

TEST(AssociationUnderForgery, BelievesAnAlertInTheClearOnceNothingElseComes) {
  LossyLink link;
  link.lose = [](std::size_t) { return true; };
  link.run_for(10ms);
  link.client.association.handle_datagram(link.now, plain_alert(kWarning, kCloseNotify));
  EXPECT_FALSE(link.client.failed);
  link.client.association.handle_datagram(link.now, plain_alert(kFatal, kHandshakeFailure));
  link.run_for(Association::kPlaintextAlertGrace - 1ms);
  EXPECT_FALSE(link.client.failed);
  link.run_for(1ms);
  ASSERT_TRUE(link.client.failed);
  EXPECT_EQ(link.client.failed->reason, FailureReason::PeerAlert);
  EXPECT_THAT(link.client.failed->detail, HasSubstr("handshake failure"));
}

TEST(AssociationUnderForgery, IgnoresEverythingInTheClearOnceItIsConnected) {
  LossyLink link;
  link.exchange_fingerprints();
  link.run_for(1s);
  ASSERT_TRUE(link.both_connected());
  const Datagrams all_that_was_sent = link.transcript;
  const std::size_t sent_before = link.datagrams_sent;
  for (int i = 0; i < 100; ++i) {
    for (LinkEnd* end : {&link.client, &link.server}) {
      for (const auto& datagram : all_that_was_sent)
        end->association.handle_datagram(link.now, datagram);
      end->association.handle_datagram(link.now, plain_alert(kFatal, kHandshakeFailure));
    }
  }
  link.run_for(1s);
  EXPECT_EQ(link.server.association.state(), State::Connected);
  EXPECT_LE(link.datagrams_sent - sent_before, 2u) << "the server's last flight, once";
  link.client.association.close();
  link.run_for(1s);
  EXPECT_TRUE(link.server.closed) << "the keys still hold";
}

TEST(AssociationUnderForgery, BeginsNoSecondHandshakeForAnotherClientHello) {
  LossyLink link;
  link.exchange_fingerprints();
  link.run_for(1s);
  ForeignPeer stranger(Role::Client, &their_certificate());
  for (const auto& datagram : stranger.handle({}))
    link.server.association.handle_datagram(link.now, datagram);
  EXPECT_TRUE(drain(link.server.association).empty());
  EXPECT_EQ(link.server.association.state(), State::Connected);
}

TEST(AssociationUnderForgery, IsNotBegunByAnythingButAClientHello) {
  LossyLink other;
  other.run_for(1s);
  LinkEnd server(Role::Server, 1200);
  for (std::size_t i = 1; i < other.transcript.size(); ++i)
    server.association.handle_datagram({}, other.transcript[i]);
  server.association.handle_datagram({}, plain_alert(kFatal, kHandshakeFailure));
  EXPECT_EQ(server.association.state(), State::New);
  EXPECT_FALSE(server.association.next_timeout());
  server.association.handle_datagram({}, other.transcript[0]);
  EXPECT_EQ(server.association.state(), State::Connecting);
}

TEST(AssociationUnderForgery, DropsGarbageInEveryStateAndConnectsAllTheSame) {
  std::mt19937 random(9);
  const auto byte = [&] { return static_cast<std::uint8_t>(random() & 0xff); };
  LossyLink link;
  link.exchange_fingerprints();
  const auto pester = [&](Association& association) {
    association.handle_datagram(link.now, {});
    association.handle_datagram(link.now, DatagramBytes(Association::kMaxDatagramSize + 1, 22));
    for (int i = 0; i < 200; ++i) {
      DatagramBytes garbage(random() % 300);
      for (auto& value : garbage) value = byte();
      association.handle_datagram(link.now, garbage);
      if (garbage.size() < 13) continue;
      // Now one that is a record at first sight, of an epoch that is not yet or not any more.
      garbage[0] = static_cast<std::uint8_t>(20 + random() % 4);
      garbage[1] = 0xfe;
      garbage[2] = 0xfd;
      garbage[3] = 0;
      garbage[4] = static_cast<std::uint8_t>(1 + random() % 3);
      store_be16(garbage, 11, static_cast<std::uint16_t>(garbage.size() - 13));
      association.handle_datagram(link.now, garbage);
    }
  };
  for (int step = 0; step < 10; ++step) {
    pester(link.client.association);
    pester(link.server.association);
    link.run_for(10ms);
  }
  EXPECT_TRUE(link.both_connected());
  link.client.association.close();
  link.run_for(1s);
  EXPECT_TRUE(link.server.closed) << "the keys still hold";
}

/// One handshake in which datagram `number` is altered on its way, that once.
std::unique_ptr<LossyLink> handshake_with(std::size_t number,
                                          std::function<void(DatagramBytes&)> alter) {
  auto link = std::make_unique<LossyLink>();
  link->exchange_fingerprints();
  link->alter = [=](std::size_t sent, DatagramBytes& datagram) {
    if (sent == number) alter(datagram);
  };
  link->run_for(3s);
  return link;
}

void expect_same_keys(const LossyLink& link) {
  EXPECT_THAT(link.client.connected->local.key(),
              testing::ElementsAreArray(link.server.connected->remote.key()));
  EXPECT_THAT(link.client.connected->remote.key(),
              testing::ElementsAreArray(link.server.connected->local.key()));
}

/// In the header of a record in the clear: its number, which nothing protects, is there.
bool is_unprotected(const DatagramBytes& datagram, std::size_t at) {
  for (Bytes rest = datagram; const auto record = take_record(rest);) {
    const auto begin = static_cast<std::size_t>(record->whole.data() - datagram.data());
    const std::size_t header = record->whole.size() - record->fragment.size();
    if (at >= begin && at < begin + header) return record->epoch == 0;
  }
  return false;
}

TEST(AssociationUnderForgery, CompletesWhereverADatagramOfTheHandshakeIsCutOff) {
  const auto honest = handshake_with(0, [](DatagramBytes&) {});
  ASSERT_TRUE(honest->both_connected());
  for (std::size_t number = 0; number < honest->transcript.size(); ++number) {
    const std::size_t size = honest->transcript[number].size();
    for (std::size_t end = 0; end < size; end += std::max<std::size_t>(1, size / 40)) {
      SCOPED_TRACE(testing::Message() << "datagram " << number << " ends at " << end);
      const auto link =
          handshake_with(number, [end](DatagramBytes& datagram) { datagram.resize(end); });
      ASSERT_TRUE(link->both_connected());
      EXPECT_GT(link->datagrams_sent, honest->datagrams_sent) << "what was cut off came again";
      expect_same_keys(*link);
    }
  }
}

TEST(AssociationUnderForgery, AcceptsNoAlteredDatagramOfTheHandshakeForTheTrueOne) {
  const auto honest = handshake_with(0, [](DatagramBytes&) {});
  ASSERT_TRUE(honest->both_connected());
  std::size_t connected = 0, refused = 0;
  for (std::size_t number = 0; number < honest->transcript.size(); ++number) {
    const std::size_t size = honest->transcript[number].size();
    for (std::size_t at = 0; at < size; at += std::max<std::size_t>(1, size / 60)) {
      SCOPED_TRACE(testing::Message() << "byte " << at << " of datagram " << number);
      bool unprotected = false;
      const auto link = handshake_with(number, [&](DatagramBytes& datagram) {
        unprotected = is_unprotected(datagram, at);
        datagram[std::min(at, datagram.size() - 1)] ^= 0x41;
      });
      ++(link->both_connected() ? connected : refused);
      if (!link->both_connected()) continue;
      expect_same_keys(*link);
      if (!unprotected) {
        EXPECT_GT(link->datagrams_sent, honest->datagrams_sent) << "the true one never came";
      }
    }
  }
  EXPECT_GT(connected, 0u);
  EXPECT_GT(refused, 0u);
}

TEST(AssociationWithForeignClient, MayFloodUsWithApplicationDataThatNobodyWants) {
  for (const bool fingerprint_is_known : {true, false}) {
    LinkEnd ours(Role::Server, 1200);
    if (fingerprint_is_known)
      ours.association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                              their_certificate().sha256_fingerprint());
    ForeignPeer theirs(Role::Client, &their_certificate());
    converse({}, ours, theirs, theirs.handle({}));
    ours.drain_events();
    for (int i = 0; i < 1000; ++i)
      for (const auto& datagram : theirs.send("flood"))
        ours.association.handle_datagram({}, datagram);
    EXPECT_FALSE(ours.association.poll_event());
    EXPECT_TRUE(drain(ours.association).empty());
    for (const auto& datagram : theirs.close()) ours.association.handle_datagram({}, datagram);
    ours.drain_events();
    EXPECT_TRUE(ours.closed);
  }
}

}  // namespace
}  // namespace sfu::dtls
