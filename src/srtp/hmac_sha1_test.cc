#include "srtp/hmac_sha1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hmac.h"
#include "srtp/hex_for_test.h"

namespace sfu::srtp {
namespace {

using testing::ElementsAreArray;

TEST(HmacSha1, GivesTheDigestsOfRfc2202) {
  EXPECT_THAT(HmacSha1(std::vector<std::uint8_t>(20, 0x0b)).compute({as_bytes("Hi There")}),
              ElementsAreArray(from_hex("b617318655057264e28bc0b6fb378c8ef146be00")));
  EXPECT_THAT(HmacSha1(as_bytes("Jefe")).compute({as_bytes("what do ya want for nothing?")}),
              ElementsAreArray(from_hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")));
  const std::vector<std::uint8_t> fifty_dd(50, 0xdd);
  EXPECT_THAT(HmacSha1(std::vector<std::uint8_t>(20, 0xaa)).compute({fifty_dd}),
              ElementsAreArray(from_hex("125d7342b9ac11cd91a39af48aa17b4f63f175d3")));
}

TEST(HmacSha1, AgreesWithTheOneShotHmacForEveryLengthUpToThreeBlocks) {
  const std::vector<std::uint8_t> key(20, 0x5a);
  const HmacSha1 hmac(key);
  std::vector<std::uint8_t> text;
  for (std::size_t length = 0; length <= 192; ++length) {
    const Bytes parts[] = {Bytes(text).first(length / 3), Bytes(text).subspan(length / 3)};
    EXPECT_EQ(hmac.compute({parts[0], parts[1]}), crypto::hmac_sha1(key, parts)) << length;
    text.push_back(static_cast<std::uint8_t>(length * 7));
  }
}

}  // namespace
}  // namespace sfu::srtp
