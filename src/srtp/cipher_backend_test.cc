#include "srtp/cipher_backend.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "srtp/backends_for_test.h"
#include "srtp/ipsec_mb_backend.h"

namespace sfu::srtp {
namespace {

using ByteVector = std::vector<std::uint8_t>;

ByteVector bytes_from(std::size_t size, std::uint8_t first) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(first + i * 13);
  return bytes;
}

constexpr GcmCipher::Iv kGcmIv = {9, 8, 7, 6, 5, 4, 3, 2, 1};
constexpr CounterCipher::Iv kCounterIv = {1, 2, 3, 4, 5, 6, 7, 8};
constexpr std::size_t kSizes[] = {0, 1, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1200, 1500};

TEST(CipherBackend, OfOpenSslIsAlwaysThereAndHasAName) {
  EXPECT_TRUE(make_cipher_backend(CipherLibrary::OpenSsl)->name().starts_with("OpenSSL 3"));
}

TEST(CipherBackend, OfIpsecMbIsThereWhereBuildAndProcessorHaveIt) {
  if (!has(CipherLibrary::IpsecMb))
    GTEST_SKIP() << "this build lacks libipsec-mb, or this processor the instructions for it";
  ASSERT_NE(make_ipsec_mb_backend(), nullptr);
  const auto backend = make_cipher_backend(CipherLibrary::IpsecMb);
  ASSERT_NE(backend, nullptr) << "it does not agree with OpenSSL";
  EXPECT_TRUE(backend->name().starts_with("libipsec-mb 1")) << backend->name();
}

TEST(CipherBackend, IsTheFasterOneWhereThereIsAChoice) {
  const bool has_choice = has(CipherLibrary::IpsecMb);
  EXPECT_TRUE(make_cipher_backend()->name().starts_with(has_choice ? "libipsec-mb" : "OpenSSL"));
}

TEST(CipherBackend, SealsTheSameByGcmAsOpenSslAtEveryAddress) {
  const auto openssl = make_cipher_backend(CipherLibrary::OpenSsl);
  with_every_backend([&](CipherBackend& backend) {
    for (const std::size_t key_size : {16u, 32u}) {
      const ByteVector key = bytes_from(key_size, 3);
      const auto reference = openssl->make_gcm(key, KeyUse::EveryPacket);
      for (const KeyUse use : {KeyUse::EveryPacket, KeyUse::NowAndThen}) {
        const auto cipher = backend.make_gcm(key, use);
        for (const std::size_t size : kSizes) {
          const std::size_t offset = size % 7;
          const ByteVector associated = bytes_from(12 + size % 60, 5), plain = bytes_from(size, 7);
          ByteVector expected(size + GcmCipher::kTagSize), apart(offset + expected.size());
          reference->seal(kGcmIv, associated, plain, expected.data());
          cipher->seal(kGcmIv, associated, plain, apart.data() + offset);
          EXPECT_EQ(ByteVector(apart.begin() + static_cast<std::ptrdiff_t>(offset), apart.end()),
                    expected);

          ByteVector in_place = plain;
          in_place.resize(expected.size());
          cipher->seal(kGcmIv, associated, Bytes(in_place).first(size), in_place.data());
          EXPECT_EQ(in_place, expected);
        }
      }
    }
  });
}

TEST(CipherBackend, OpensByGcmOnlyWhatIsUnchanged) {
  with_every_backend([&](CipherBackend& backend) {
    for (const KeyUse use : {KeyUse::EveryPacket, KeyUse::NowAndThen}) {
      const auto cipher = backend.make_gcm(bytes_from(16, 1), use);
      const ByteVector associated = bytes_from(20, 5);
      for (const std::size_t size : kSizes) {
        const ByteVector plain = bytes_from(size, 7);
        ByteVector sealed(size + GcmCipher::kTagSize);
        cipher->seal(kGcmIv, associated, plain, sealed.data());
        const auto open = [&](ByteVector bytes) {
          const MutableBytes text = MutableBytes(bytes).first(size);
          const bool authentic = cipher->open(kGcmIv, associated, text, Bytes(bytes).subspan(size));
          bytes.resize(size);
          return authentic ? std::optional(bytes) : std::nullopt;
        };
        EXPECT_EQ(open(sealed), plain);
        for (std::size_t at = size / 2; at < sealed.size(); at += at < size ? 100 : 1) {
          ByteVector changed = sealed;
          changed[at] ^= 0x10;
          EXPECT_FALSE(open(changed)) << "byte " << at << " of " << sealed.size();
        }
      }
    }
  });
}

TEST(CipherBackend, CountsTheSameAsOpenSslAtEveryAddress) {
  const auto openssl = make_cipher_backend(CipherLibrary::OpenSsl);
  const ByteVector key = bytes_from(16, 1);
  with_every_backend([&](CipherBackend& backend) {
    for (const std::size_t size : kSizes) {
      const std::size_t offset = size % 7;
      const ByteVector plain = bytes_from(size, 7);
      ByteVector expected(size), apart(offset + size), in_place = plain;
      openssl->make_counter(key)->crypt(kCounterIv, plain, expected.data());
      backend.make_counter(key)->crypt(kCounterIv, plain, apart.data() + offset);
      EXPECT_EQ(ByteVector(apart.begin() + static_cast<std::ptrdiff_t>(offset), apart.end()),
                expected);
      backend.make_counter(key)->crypt(kCounterIv, in_place, in_place.data());
      EXPECT_EQ(in_place, expected);
    }
  });
}

/// Messages of other lengths, under other keys, beside each other, as packets in a send buffer are:
/// the tag of one ends where the next message begins.
TEST(CipherBackend, AuthenticatesABatchOfAnySizeAsOneByOneAndWritesNothingElse) {
  with_every_backend([&](CipherBackend& backend) {
    for (const std::size_t count : {0u, 1u, 3u, 4u, 5u, 16u, 17u, 47u, 48u}) {
      std::vector<HmacSha1> keys;
      ByteVector buffer, expected;
      std::vector<std::size_t> offsets = {0};
      for (std::size_t i = 0; i < count; ++i) {
        keys.emplace_back(bytes_from(20, static_cast<std::uint8_t>(i)));
        const ByteVector message = bytes_from(12 + i * i % 1500, static_cast<std::uint8_t>(i));
        const auto digest = keys.back().compute({message});
        expected.insert(expected.end(), message.begin(), message.end());
        buffer.insert(buffer.end(), message.begin(), message.end());
        expected.insert(expected.end(), digest.begin(), digest.begin() + kHmacTagSize);
        buffer.resize(expected.size());
        offsets.push_back(buffer.size());
      }
      std::vector<HmacJob> jobs;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t size = offsets[i + 1] - offsets[i] - kHmacTagSize;
        std::uint8_t* const message = buffer.data() + offsets[i];
        jobs.push_back({&keys[i], message, size, message + size});
      }
      backend.authenticate(jobs);
      EXPECT_EQ(buffer, expected) << count << " messages";
    }
  });
}

}  // namespace
}  // namespace sfu::srtp
