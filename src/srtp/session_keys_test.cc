#include "srtp/session_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "srtp/hex_for_test.h"

namespace sfu::srtp {
namespace {

using testing::ElementsAreArray;

KeyMaterial rfc3711_b3_master() {
  return {Profile::Aes128CmHmacSha1_80, from_hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
          from_hex("0EC675AD498AFEEBB6960B3AABE6")};
}

TEST(SessionKeys, AreThoseOfRfc3711AppendixB3) {
  const SessionKeys keys = derive_rtp_keys(rfc3711_b3_master());
  EXPECT_THAT(keys.cipher_key_bytes(),
              ElementsAreArray(from_hex("C61E7A93744F39EE10734AFE3FF7A087")));
  EXPECT_THAT(keys.salt_bytes(), ElementsAreArray(from_hex("30CBBC08863D8C85D49DB34A9AE1")));
  EXPECT_THAT(keys.authentication_key,
              ElementsAreArray(from_hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")));
}

TEST(SessionKeys, OfSrtcpShareNothingWithThoseOfSrtp) {
  const SessionKeys rtp = derive_rtp_keys(rfc3711_b3_master());
  const SessionKeys rtcp = derive_rtcp_keys(rfc3711_b3_master());
  EXPECT_NE(rtp.cipher_key, rtcp.cipher_key);
  EXPECT_NE(rtp.salt, rtcp.salt);
  EXPECT_NE(rtp.authentication_key, rtcp.authentication_key);
}

TEST(SessionKeys, OfAeadHaveNoAuthenticationKeyAndAShorterSalt) {
  const KeyMaterial master(Profile::AeadAes256Gcm, std::vector<std::uint8_t>(32, 1),
                           std::vector<std::uint8_t>(12, 2));
  const SessionKeys keys = derive_rtp_keys(master);
  EXPECT_EQ(keys.cipher_key_bytes().size(), 32u);
  EXPECT_EQ(keys.salt_bytes().size(), 12u);
  EXPECT_THAT(keys.authentication_key, testing::Each(0));
}

}  // namespace
}  // namespace sfu::srtp
