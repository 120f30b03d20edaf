#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "srtp/backends_for_test.h"
#include "srtp/session_fixture_for_test.h"

// A batch must come out as its packets would one by one, whatever is beside them.

namespace sfu::srtp {
namespace {

KeyMaterial keys_of(Profile profile, std::size_t number) {
  const auto first = static_cast<std::uint8_t>(number);
  return {profile, ByteVector(parameters(profile).key_size, first),
          ByteVector(parameters(profile).salt_size, static_cast<std::uint8_t>(first + 1))};
}

/// Two sessions under one key: what one does in a batch, its twin does alone, over OpenSSL.
struct Twins {
  Twins(const KeyMaterial& keys, CipherBackend& backend, CipherBackend& openssl)
      : batched(keys, backend), alone(keys, openssl) {}

  OutboundSession batched;
  OutboundSession alone;
};

/// Packets one behind the other in one buffer, without a byte between them, as a call that sends
/// many has them.
class Flush {
 public:
  Flush() : buffer_(kRoom, kUntouched) {}

  void add(Twins& twins, const ByteVector& header, const ByteVector& prefix, ByteVector payload,
           std::uint8_t padding) {
    payloads_.push_back(std::move(payload));
    ProtectJob job{.header = header,
                   .payload_prefix = prefix,
                   .payload = payloads_.back(),
                   .padding = padding};
    job.out = MutableBytes(buffer_).subspan(used_);
    const auto prepared = twins.batched.prepare(job);
    ASSERT_TRUE(prepared);
    jobs_.push_back(*prepared);
    used_ += prepared->size();

    ByteVector alone(prepared->size() + kMaxRtpOverhead);
    job.out = alone;
    const auto size = twins.alone.protect_rtp(job);
    ASSERT_EQ(size, prepared->size());
    expected_.insert(expected_.end(), alone.begin(),
                     alone.begin() + static_cast<std::ptrdiff_t>(*size));
  }

  void seal_and_compare() {
    seal(jobs_);
    expected_.resize(kRoom, kUntouched);
    EXPECT_TRUE(buffer_ == expected_) << "in a batch of " << jobs_.size();
  }

 private:
  static constexpr std::size_t kRoom = 400'000;
  static constexpr std::uint8_t kUntouched = 0xee;

  ByteVector buffer_;
  ByteVector expected_;
  std::size_t used_ = 0;
  std::deque<ByteVector> payloads_;  // They are read when the batch is sealed.
  std::vector<SealJob> jobs_;
};

TEST(Seal, GivesEachPacketOfAMixedBatchWhatItWouldGetAlone) {
  const auto openssl = make_cipher_backend(CipherLibrary::OpenSsl);
  std::vector<std::unique_ptr<CipherBackend>> backends;
  std::vector<std::unique_ptr<Twins>> sessions;
  for (const auto library : {CipherLibrary::OpenSsl, CipherLibrary::IpsecMb})
    if (auto backend = make_cipher_backend(library)) backends.push_back(std::move(backend));
  for (const auto& backend : backends)
    for (const auto& parameters : crypto::kSrtpProfiles)
      for (std::size_t i = 0; i < 3; ++i)
        sessions.push_back(std::make_unique<Twins>(keys_of(parameters.profile, sessions.size()),
                                                   *backend, *openssl));

  TestRandom random(11);
  for (std::uint16_t round = 0; round < 60; ++round) {
    Flush flush;
    const std::size_t count = random.below(200);
    for (std::size_t i = 0; i < count; ++i) {
      ByteVector header = rtp_header_with_extension(static_cast<std::uint16_t>(round * 200 + i), 1);
      const auto padding = static_cast<std::uint8_t>(random.below(4) == 0 ? random.below(256) : 0);
      if (padding != 0) header[0] |= 0x20;
      flush.add(*sessions[random.below(static_cast<std::uint32_t>(sessions.size()))], header,
                ByteVector(random.below(2) * random.below(7), 0x90),
                ByteVector(random.below(1500), static_cast<std::uint8_t>(i)), padding);
    }
    flush.seal_and_compare();
  }
}

TEST(Seal, LosesNoPacketAtTheEdgesOfABurst) {
  constexpr std::size_t kCounts[] = {0, 1, 2, 3, 4, 5, 15, 16, 17, 47, 48, 49, 52, 95, 96, 97, 200};
  const auto openssl = make_cipher_backend(CipherLibrary::OpenSsl);
  with_every_backend([&](CipherBackend& backend) {
    Twins twins(keys_of(Profile::Aes128CmHmacSha1_80, 1), backend, *openssl);
    std::uint16_t sequence_number = 0;
    for (const std::size_t count : kCounts) {
      Flush flush;
      for (std::size_t i = 0; i < count; ++i)
        flush.add(twins, rtp_header(++sequence_number), {}, ByteVector(100 + i, 0x42), 0);
      flush.seal_and_compare();
    }
  });
}

}  // namespace
}  // namespace sfu::srtp
