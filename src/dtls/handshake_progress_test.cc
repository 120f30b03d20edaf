#include "dtls/handshake_progress.h"

#include <gtest/gtest.h>
#include <openssl/ssl3.h>

namespace sfu::dtls {
namespace {

TEST(HandshakeProgress, TellsEachStepOfAServer) {
  HandshakeProgress progress(Role::Server);
  EXPECT_EQ(progress.text(), "ClientHello never came");
  progress.note_datagram();
  EXPECT_EQ(progress.text(), "datagrams came, but no whole ClientHello");
  progress.note_received(SSL3_MT_CLIENT_HELLO);
  progress.note_sent(SSL3_MT_SERVER_DONE);
  EXPECT_EQ(progress.text(), "ServerHello sent, the client's certificate awaited");
  progress.note_received(SSL3_MT_CERTIFICATE);
  EXPECT_EQ(progress.text(), "the client's certificate came, its Finished awaited");
  progress.note_received(SSL3_MT_FINISHED);
  progress.note_sent(SSL3_MT_FINISHED);
  EXPECT_EQ(progress.text(), "handshake complete");
}

TEST(HandshakeProgress, TellsEachStepOfAClient) {
  HandshakeProgress progress(Role::Client);
  EXPECT_EQ(progress.text(), "ClientHello not yet sent");
  progress.note_sent(SSL3_MT_CLIENT_HELLO);
  EXPECT_EQ(progress.text(), "ClientHello sent, ServerHello never came");
  progress.note_datagram();
  EXPECT_EQ(progress.text(), "ClientHello sent, no whole ServerHello came");
  progress.note_received(SSL3_MT_SERVER_HELLO);
  EXPECT_EQ(progress.text(), "ServerHello came, the rest of the server's flight awaited");
  progress.note_received(SSL3_MT_SERVER_DONE);
  progress.note_sent(SSL3_MT_FINISHED);
  EXPECT_EQ(progress.text(), "Finished sent, the server's Finished awaited");
  progress.note_received(SSL3_MT_FINISHED);
  EXPECT_EQ(progress.text(), "handshake complete");
}

}  // namespace
}  // namespace sfu::dtls
