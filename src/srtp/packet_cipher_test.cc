#include "srtp/packet_cipher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "srtp/backends_for_test.h"
#include "srtp/hex_for_test.h"

namespace sfu::srtp {
namespace {

using testing::ElementsAreArray;
using ByteVector = std::vector<std::uint8_t>;

SessionKeys session_keys(Profile profile, const ByteVector& key, const ByteVector& salt) {
  SessionKeys keys{.profile = profile};
  std::ranges::copy(key, keys.cipher_key.begin());
  std::ranges::copy(salt, keys.salt.begin());
  return keys;
}

ByteVector seal_with(RtpCipher& cipher, std::uint64_t index, Bytes header, Bytes prefix,
                     Bytes payload) {
  ByteVector out(header.begin(), header.end());
  out.insert(out.end(), prefix.begin(), prefix.end());
  out.resize(out.size() + payload.size() + cipher.tag_size());
  const SealJob job = {.cipher = &cipher,
                       .index = index,
                       .out = out.data(),
                       .payload = payload,
                       .header_size = static_cast<std::uint32_t>(header.size()),
                       .prefix_size = static_cast<std::uint16_t>(prefix.size()),
                       .padding = 0,
                       .tag_size = static_cast<std::uint8_t>(cipher.tag_size())};
  seal({&job, 1});
  return out;
}

TEST(PacketCipher, MakesTheKeystreamOfRfc3711AppendixB2) {
  // SSRC 0 and index 0, as the appendix has them; a payload of zeros shows the keystream itself.
  const auto header = from_hex("80000000 00000000 00000000");
  constexpr std::size_t kBlock = 16, kLastOffset = 0xff01 * kBlock;
  const ByteVector zeros(kLastOffset + kBlock);
  with_every_backend([&](CipherBackend& backend) {
    RtpCipher cipher(backend, session_keys(Profile::Aes128CmHmacSha1_80,
                                           from_hex("2B7E151628AED2A6ABF7158809CF4F3C"),
                                           from_hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD")));
    const ByteVector out = seal_with(cipher, 0, header, {}, zeros);

    const Bytes keystream = Bytes(out).subspan(header.size());
    EXPECT_THAT(keystream.first(3 * kBlock),
                ElementsAreArray(from_hex("E03EAD0935C95E80E166B16DD92B4EB4"
                                          "D23513162B02D0F72A43A2FE4A5F97AB"
                                          "41E95B3BB0A2E8DD477901E4FCA894C0")));
    EXPECT_THAT(keystream.subspan(0xfeff * kBlock, 3 * kBlock),
                ElementsAreArray(from_hex("EC8CDF7398607CB0F2D21675EA9EA1E4"
                                          "362B7C3C6773516318A077D7FC5073AE"
                                          "6A2CC3787889374FBEB4C81B17BA6C44")));
  });
}

constexpr std::string_view kKey128 = "000102030405060708090a0b0c0d0e0f";
constexpr std::string_view kKey256 =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kSalt = "517569642070726f2071756f";

/// RFC 7714 §16 and §17: one packet, its key, and what it becomes.
struct Vector {
  const char* name;
  Profile profile;
  std::string_view key;
  std::string_view plain;
  std::string_view sealed;
};
std::ostream& operator<<(std::ostream& out, const Vector& row) { return out << row.name; }

SessionKeys session_keys(const Vector& row) {
  return session_keys(row.profile, from_hex(row.key), from_hex(kSalt));
}

constexpr std::string_view kRtp =
    "8040f17b8041f8d35501a0b2"
    "47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
constexpr std::uint64_t kRtpIndex = 0xf17b;

const Vector kRtpVectors[] = {
    {"section_16_1_aes_128", Profile::AeadAes128Gcm, kKey128, kRtp,
     "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36"
     "de3adf8833899d7f27beb16a9152cf765ee4390cce"},
    {"section_16_2_aes_256", Profile::AeadAes256Gcm, kKey256, kRtp,
     "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1b"
     "a63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13"},
};

class Rfc7714Rtp : public testing::TestWithParam<Vector> {};

TEST_P(Rfc7714Rtp, IsSealedAsTheRfcSays) {
  const Vector& row = GetParam();
  const ByteVector plain = from_hex(row.plain);
  const Bytes body = Bytes(plain).subspan(kMinRtpHeaderSize);
  with_every_backend([&](CipherBackend& backend) {
    RtpCipher cipher(backend, session_keys(row));
    for (std::size_t prefix = 0; prefix <= body.size(); ++prefix) {
      EXPECT_EQ(seal_with(cipher, kRtpIndex, Bytes(plain).first(kMinRtpHeaderSize),
                          body.first(prefix), body.subspan(prefix)),
                from_hex(row.sealed))
          << "with a prefix of " << prefix;
    }
  });
}

TEST_P(Rfc7714Rtp, IsOpenedAsTheRfcSays) {
  const Vector& row = GetParam();
  with_every_backend([&](CipherBackend& backend) {
    RtpCipher cipher(backend, session_keys(row));
    ByteVector packet = from_hex(row.sealed);
    ASSERT_TRUE(cipher.open(kRtpIndex, kMinRtpHeaderSize, packet));
    packet.resize(packet.size() - cipher.tag_size());
    EXPECT_EQ(packet, from_hex(row.plain));
  });
}

INSTANTIATE_TEST_SUITE_P(Vectors, Rfc7714Rtp, testing::ValuesIn(kRtpVectors),
                         [](const auto& row) { return row.param.name; });

constexpr std::string_view kRtcp =
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61"
    "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
constexpr std::uint32_t kRtcpIndex = 0x5d4;

const Vector kRtcpVectors[] = {
    {"section_17_1_aes_128", Profile::AeadAes128Gcm, kKey128, kRtcp,
     "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686"
     "303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"},
    {"section_17_2_aes_256", Profile::AeadAes256Gcm, kKey256, kRtcp,
     "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c6"
     "1de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4"},
};

class Rfc7714Rtcp : public testing::TestWithParam<Vector> {};

TEST_P(Rfc7714Rtcp, IsSealedAsTheRfcSays) {
  const Vector& row = GetParam();
  const ByteVector plain = from_hex(row.plain);
  with_every_backend([&](CipherBackend& backend) {
    RtcpCipher cipher(backend, session_keys(row));
    ByteVector out(plain.size() + kMaxRtcpOverhead);
    out.resize(cipher.seal(kRtcpIndex, plain, out));
    EXPECT_EQ(out, from_hex(row.sealed));
  });
}

TEST_P(Rfc7714Rtcp, IsOpenedAsTheRfcSays) {
  const Vector& row = GetParam();
  with_every_backend([&](CipherBackend& backend) {
    RtcpCipher cipher(backend, session_keys(row));
    ByteVector packet = from_hex(row.sealed);
    ASSERT_TRUE(cipher.open(packet));
    packet.resize(packet.size() - cipher.overhead());
    EXPECT_EQ(packet, from_hex(row.plain));
  });
}

INSTANTIATE_TEST_SUITE_P(Vectors, Rfc7714Rtcp, testing::ValuesIn(kRtcpVectors),
                         [](const auto& row) { return row.param.name; });

TEST(Rfc7714Rtcp, IsAuthenticatedWithoutEncryptionAsSection17_3Says) {
  const ByteVector plain = from_hex(kRtcp);
  const ByteVector sealed =
      from_hex(std::string(kRtcp) + "841dd9683dd78ec92ae58790125f62b3000005d4");
  with_every_backend([&](CipherBackend& backend) {
    RtcpCipher cipher(backend,
                      session_keys(Profile::AeadAes128Gcm, from_hex(kKey128), from_hex(kSalt)));
    ByteVector packet = sealed;
    ASSERT_TRUE(cipher.open(packet));
    packet.resize(plain.size());
    EXPECT_EQ(packet, plain);

    packet = sealed;
    packet[20] ^= 1;
    EXPECT_FALSE(cipher.open(packet));
  });
}

TEST(RtpHeaderSize, CoversCsrcsAndExtensions) {
  EXPECT_EQ(rtp_header_size(from_hex("80600000 00000000 00000000")), 12u);
  EXPECT_EQ(rtp_header_size(from_hex("82600000 00000000 00000000 00000001 00000002 ff")), 20u);
  EXPECT_EQ(rtp_header_size(from_hex("90600000 00000000 00000000 bede0001 10aa0000 ff")), 20u);
  EXPECT_EQ(rtp_header_size(from_hex("91600000 00000000 00000000 00000001 bede0000")), 20u);
}

TEST(RtpHeaderSize, RefusesWhatIsTruncatedOrNotVersion2) {
  for (const char* text : {"", "80", "80600000 00000000 000000", "40600000 00000000 00000000",
                           "81600000 00000000 00000000 000000", "90600000 00000000 00000000 bede00",
                           "90600000 00000000 00000000 bede0002 10aa0000"})
    EXPECT_EQ(rtp_header_size(from_hex(text)), std::nullopt) << text;
}

}  // namespace
}  // namespace sfu::srtp
