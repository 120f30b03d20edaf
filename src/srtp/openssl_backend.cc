#include "srtp/openssl_backend.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "base/check.h"

namespace sfu::srtp {
namespace {

enum class Direction : int { Decrypt = 0, Encrypt = 1 };

CipherContextPtr make_context(const EVP_CIPHER* cipher, Bytes key) {
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  SFU_CHECK(context != nullptr);
  SFU_CHECK(static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher)) == key.size());
  SFU_CHECK(EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(), nullptr) == 1);
  return context;
}

/// The next message under the same key.
void start(EVP_CIPHER_CTX* context, const std::uint8_t* iv, Direction direction) {
  SFU_CHECK(
      EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, iv, static_cast<int>(direction)) == 1);
}

void update(EVP_CIPHER_CTX* context, Bytes in, std::uint8_t* out) {
  if (in.empty()) return;
  int written = 0;
  SFU_CHECK(EVP_CipherUpdate(context, out, &written, in.data(), static_cast<int>(in.size())) == 1);
}

class OpenSslGcmCipher final : public GcmCipher {
 public:
  explicit OpenSslGcmCipher(Bytes key)
      : context_(make_context(key.size() == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm(), key)) {}

  void seal(const Iv& iv, Bytes associated_data, Bytes plain, std::uint8_t* out) override {
    EVP_CIPHER_CTX* const context = context_.get();
    std::uint8_t* const tag = out + plain.size();
    start(context, iv.data(), Direction::Encrypt);
    update(context, associated_data, nullptr);
    update(context, plain, out);
    int written = 0;
    SFU_CHECK(EVP_CipherFinal_ex(context, tag, &written) == 1);
    SFU_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) == 1);
  }

  bool open(const Iv& iv, Bytes associated_data, MutableBytes text, Bytes tag) override {
    EVP_CIPHER_CTX* const context = context_.get();
    start(context, iv.data(), Direction::Decrypt);
    update(context, associated_data, nullptr);
    update(context, text, text.data());
    std::array<std::uint8_t, kTagSize> expected;
    SFU_CHECK(tag.size() == expected.size());
    std::ranges::copy(tag, expected.begin());
    SFU_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize, expected.data()) == 1);
    int written = 0;
    std::uint8_t nothing[16];
    return EVP_CipherFinal_ex(context, nothing, &written) == 1;
  }

 private:
  const CipherContextPtr context_;
};

class OpenSslBackend final : public CipherBackend {
 public:
  std::string_view name() const override { return name_; }

  std::unique_ptr<GcmCipher> make_gcm(Bytes key, KeyUse) override {
    return std::make_unique<OpenSslGcmCipher>(key);
  }
  std::unique_ptr<CounterCipher> make_counter(Bytes key) override {
    return std::make_unique<OpenSslCounterCipher>(key);
  }
  void authenticate(std::span<const HmacJob> jobs) override { authenticate_one_by_one(jobs); }

 private:
  const std::string name_ = std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
};

}  // namespace

void FreeCipherContext::operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }

OpenSslCounterCipher::OpenSslCounterCipher(Bytes key)
    : context_(make_context(key.size() == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), key)) {}

void OpenSslCounterCipher::crypt(const Iv& iv, Bytes in, std::uint8_t* out) {
  start(context_.get(), iv.data(), Direction::Encrypt);
  update(context_.get(), in, out);
}

std::unique_ptr<CipherBackend> make_openssl_backend() { return std::make_unique<OpenSslBackend>(); }

}  // namespace sfu::srtp
