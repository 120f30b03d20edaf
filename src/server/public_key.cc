#include "server/public_key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <memory>
#include <string_view>

namespace sfu::server {
namespace {

constexpr int kMinRsaBits = 2048;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  std::size_t length = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1) return false;
  return std::string_view(group.data(), length) == "prime256v1";
}

}  // namespace

Result<void, std::string> check_public_key(const std::string& pem) {
  if (pem.find("PRIVATE KEY") != std::string::npos)
    return fail(std::string("it is a private key, which the server must not have"));
  const std::unique_ptr<BIO, Free> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(std::min<std::size_t>(pem.size(), 1 << 20))));
  if (!bio) return fail(std::string("it cannot be read"));
  const std::unique_ptr<EVP_PKEY, Free> key(
      PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!key) return fail(std::string("it is no public key in PEM"));

  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      if (EVP_PKEY_get_bits(key.get()) < kMinRsaBits)
        return fail(std::string("its RSA key has fewer than 2048 bits"));
      return {};
    case EVP_PKEY_EC:
      if (!is_p256(key.get())) return fail(std::string("its curve is not P-256"));
      return {};
    default: return fail(std::string("it is neither an RSA nor a P-256 key"));
  }
}

}  // namespace sfu::server
