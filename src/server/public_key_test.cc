#include "server/public_key.h"

#include <gtest/gtest.h>

namespace sfu::server {
namespace {

constexpr const char* kP256 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECHErOyUpMs7DsW1DfmlsXmzqNX46\n"
    "v9/wkq6ChE6NjIJV7Tsea504CJ7KBxqassP5gZQ+LgqWipTnTIl6t0YxHA==\n"
    "-----END PUBLIC KEY-----\n";

constexpr const char* kRsa2048 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtNJeLl/JfPIKnRsFT77Z\n"
    "2wmNWk78LAuU2UL2DeGcXl3PNuGzv31qtsCtm+NQhirMsaHAo8Zhowpxz+fm8W/s\n"
    "1d5HEE0anjwTUK3sgwAWfehBsNYTscbqdAO3i3ogreXSGG8shqmE5KwtxUsiTvtR\n"
    "qf/ZFeWpCr4crFiYD0auR9IIUbuxq1pP+hnm/DMFS9fnxOm61r2zU7ZvK89XZltk\n"
    "RlfEwrGFSSNDN3rqPVo94RS20uxNIZ2AFo5S/X5Pa/tBd02BGUS/JbBVGxwn6+0c\n"
    "PXjlqEyFK4pRPNOozangyuAcibFx7NW3tx9nCXjoq0O58vDNCeEskbvvj+wLT5//\n"
    "BQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

constexpr const char* kRsa1024 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDClUiIkrarvrVmqn0YtPpJFFLk\n"
    "LF4ZFWNghxaixYrh9x24XpF9S3hwXOj/FEoa4MqBpLqsPlqMzdleOF4K2tpUbbW1\n"
    "k8HNEV73bAAhPNGuvnhUF8F1qxS0wNmfRWbTpBG4FlebzchOzak6OTMTZ6ifuJ6Z\n"
    "ksJH5Nd5/B8sr3eFWQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

constexpr const char* kP384 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEdqGMhBE9opwKLHrUJyegV75FmTy6/KD5\n"
    "Hz35ynw3gdRn4+WiQkWQyncWH2+ZyPDtQfmvALdPF8NA+UeCqVdOVkGQ1VtfxuLa\n"
    "2UiOIGqJ1Zg3TS8DgBCZL1zstoi8Pl/D\n"
    "-----END PUBLIC KEY-----\n";

constexpr const char* kEd25519 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAjeG+iUgExZzJH1KTw/Wd4mxmCOnB2oDuxFi70DpQF6I=\n"
    "-----END PUBLIC KEY-----\n";

TEST(PublicKey, IsTakenWhereATokenAlgorithmFitsIt) {
  EXPECT_TRUE(check_public_key(kP256));
  EXPECT_TRUE(check_public_key(kRsa2048));
}

TEST(PublicKey, IsRefusedWithTheReason) {
  const struct {
    const char* pem;
    const char* reason;
  } cases[] = {
      {kRsa1024, "its RSA key has fewer than 2048 bits"},
      {kP384, "its curve is not P-256"},
      {kEd25519, "it is neither an RSA nor a P-256 key"},
      {"", "it is no public key in PEM"},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
       "it is no public key in PEM"},
      {"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
       "it is a private key, which the server must not have"},
  };
  for (const auto& [pem, reason] : cases) {
    SCOPED_TRACE(pem);
    const auto checked = check_public_key(pem);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error(), reason);
  }
}

}  // namespace
}  // namespace sfu::server
