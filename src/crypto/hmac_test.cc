#include "crypto/hmac.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfu::crypto {
namespace {

std::string to_hex(Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 0x0f];
  }
  return text;
}

struct Vector {
  std::string key, data, sha1, sha256;
};

/// RFC 2202 §3 for SHA-1 and RFC 4231 §4 for SHA-256, where both have the same key and data.
const std::vector<Vector>& vectors() {
  static const std::vector<Vector> all = {
      {std::string(20, '\x0b'), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'), "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
  };
  return all;
}

TEST(Hmac, GivesTheResultsOfTheRfcs) {
  for (const Vector& vector : vectors()) {
    const Bytes parts[] = {as_bytes(vector.data)};
    EXPECT_EQ(to_hex(hmac_sha1(as_bytes(vector.key), parts)), vector.sha1);
    EXPECT_EQ(to_hex(hmac_sha256(as_bytes(vector.key), parts)), vector.sha256);
  }
}

TEST(Hmac, OfPartsIsThatOfTheWhole) {
  const std::string data = "what do ya want for nothing?";
  const Bytes whole[] = {as_bytes(data)};
  for (std::size_t cut = 0; cut <= data.size(); ++cut) {
    const Bytes parts[] = {whole[0].first(cut), {}, whole[0].subspan(cut)};
    EXPECT_EQ(hmac_sha1(as_bytes("Jefe"), parts), hmac_sha1(as_bytes("Jefe"), whole)) << cut;
  }
}

TEST(Hmac, TakesAnEmptyKeyAndNoData) {
  EXPECT_EQ(to_hex(hmac_sha1({}, {})), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}

TEST(ConstantTimeEqual, ComparesSizesAndEveryByte) {
  EXPECT_TRUE(constant_time_equal({}, {}));
  EXPECT_TRUE(constant_time_equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("abcd")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), {}));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("xbc")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("abx")));
}

}  // namespace
}  // namespace sfu::crypto
