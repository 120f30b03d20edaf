#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace sfu::crypto {
namespace {

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

/// The algorithm, looked up once: the look-up costs more than the digest of a short message.
EVP_MAC* hmac_algorithm() {
  static const std::unique_ptr<EVP_MAC, FreeMac> algorithm(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  SFU_CHECK(algorithm);
  return algorithm.get();
}

template <std::size_t kSize>
std::array<std::uint8_t, kSize> hmac(const char* digest, Bytes key, std::span<const Bytes> parts) {
  const std::unique_ptr<EVP_MAC_CTX, FreeMac> context(EVP_MAC_CTX_new(hmac_algorithm()));
  SFU_CHECK(context);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end()};
  // OpenSSL takes a null key for "keep the former one".
  const std::uint8_t nothing = 0;
  const std::uint8_t* key_data = key.empty() ? &nothing : key.data();
  SFU_CHECK(EVP_MAC_init(context.get(), key_data, key.size(), parameters) == 1);
  for (const Bytes part : parts)
    SFU_CHECK(EVP_MAC_update(context.get(), part.data(), part.size()) == 1);
  std::array<std::uint8_t, kSize> out{};
  std::size_t written = 0;
  SFU_CHECK(EVP_MAC_final(context.get(), out.data(), &written, out.size()) == 1);
  SFU_CHECK(written == kSize);
  return out;
}

}  // namespace

std::array<std::uint8_t, kSha1Size> hmac_sha1(Bytes key, std::span<const Bytes> parts) {
  return hmac<kSha1Size>("SHA1", key, parts);
}

std::array<std::uint8_t, kSha256Size> hmac_sha256(Bytes key, std::span<const Bytes> parts) {
  return hmac<kSha256Size>("SHA256", key, parts);
}

bool constant_time_equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace sfu::crypto
