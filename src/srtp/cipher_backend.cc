#include "srtp/cipher_backend.h"

#include <algorithm>
#include <vector>

#include "srtp/ipsec_mb_backend.h"
#include "srtp/openssl_backend.h"

namespace sfu::srtp {
namespace {

using ByteVector = std::vector<std::uint8_t>;

ByteVector some_bytes(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 151 + size);
  return bytes;
}

/// What `backend` makes of a message of `size` bytes with every algorithm, one after the other.
ByteVector sample(CipherBackend& backend, std::size_t size) {
  const ByteVector plain = some_bytes(size);
  ByteVector answer;
  const auto keep = [&answer](Bytes bytes) {
    answer.insert(answer.end(), bytes.begin(), bytes.end());
  };
  for (const std::size_t key_size : {16u, 32u}) {
    for (const KeyUse use : {KeyUse::EveryPacket, KeyUse::NowAndThen}) {
      ByteVector out(size + GcmCipher::kTagSize);
      backend.make_gcm(some_bytes(key_size), use)
          ->seal({1, 2, 3}, some_bytes(20), plain, out.data());
      keep(out);
    }
  }
  ByteVector out(size);
  backend.make_counter(some_bytes(16))->crypt({4, 5, 6}, plain, out.data());
  keep(out);

  const HmacSha1 hmac(some_bytes(20));
  std::array<std::array<std::uint8_t, kHmacTagSize>, CipherBackend::kMaxHmacBatch> tags{};
  std::vector<HmacJob> jobs;
  for (auto& tag : tags) jobs.push_back({&hmac, plain.data(), plain.size(), tag.data()});
  backend.authenticate(jobs);
  for (const auto& tag : tags) keep(tag);
  return answer;
}

bool agree(CipherBackend& one, CipherBackend& other) {
  return std::ranges::all_of(std::array{1u, 16u, 100u, 1200u}, [&](std::size_t size) {
    return sample(one, size) == sample(other, size);
  });
}

}  // namespace

void CipherBackend::authenticate_one_by_one(std::span<const HmacJob> jobs) {
  for (const HmacJob& job : jobs) {
    const auto digest = job.hmac->compute({Bytes(job.message, job.size)});
    std::copy_n(digest.begin(), kHmacTagSize, job.tag);
  }
}

std::unique_ptr<CipherBackend> make_cipher_backend(CipherLibrary library) {
  auto openssl = make_openssl_backend();
  if (library == CipherLibrary::OpenSsl) return openssl;
  auto ipsec_mb = make_ipsec_mb_backend();
  if (ipsec_mb && !agree(*ipsec_mb, *openssl)) return nullptr;
  return ipsec_mb;
}

std::unique_ptr<CipherBackend> make_cipher_backend() {
  if (auto ipsec_mb = make_cipher_backend(CipherLibrary::IpsecMb)) return ipsec_mb;
  return make_cipher_backend(CipherLibrary::OpenSsl);
}

}  // namespace sfu::srtp
