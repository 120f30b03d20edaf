#include "srtp/cipher_context.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"

namespace sfu::srtp {
namespace {

CipherContextPtr make_context(const EVP_CIPHER* cipher, Bytes key, Direction direction) {
  CipherContextPtr context(EVP_CIPHER_CTX_new());
  SFU_CHECK(context != nullptr);
  SFU_CHECK(static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher)) == key.size());
  SFU_CHECK(EVP_CipherInit_ex(context.get(), cipher, nullptr, key.data(), nullptr,
                              direction == Direction::Encrypt ? 1 : 0) == 1);
  return context;
}

void set_iv(EVP_CIPHER_CTX* context, const std::uint8_t* iv) {
  constexpr int kSameDirection = -1;
  SFU_CHECK(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, iv, kSameDirection) == 1);
}

void update(EVP_CIPHER_CTX* context, Bytes in, std::uint8_t* out) {
  if (in.empty()) return;
  int written = 0;
  SFU_CHECK(EVP_CipherUpdate(context, out, &written, in.data(), static_cast<int>(in.size())) == 1);
}

}  // namespace

void FreeCipherContext::operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }

GcmContext::GcmContext(Bytes key, Direction direction)
    : context_(
          make_context(key.size() == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm(), key, direction)) {}

void GcmContext::start(const Iv& iv) { set_iv(context_.get(), iv.data()); }
void GcmContext::authenticate(Bytes associated_data) {
  update(context_.get(), associated_data, nullptr);
}
void GcmContext::crypt(Bytes in, std::uint8_t* out) { update(context_.get(), in, out); }

void GcmContext::tag(std::uint8_t* out) {
  int written = 0;
  SFU_CHECK(EVP_CipherFinal_ex(context_.get(), out, &written) == 1);
  SFU_CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, out) == 1);
}

bool GcmContext::verify(Bytes tag) {
  std::array<std::uint8_t, kTagSize> expected;
  SFU_CHECK(tag.size() == expected.size());
  std::copy(tag.begin(), tag.end(), expected.begin());
  SFU_CHECK(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, expected.data()) ==
            1);
  int written = 0;
  std::uint8_t nothing[16];
  return EVP_CipherFinal_ex(context_.get(), nothing, &written) == 1;
}

CounterContext::CounterContext(Bytes key)
    : context_(make_context(key.size() == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr(), key,
                            Direction::Encrypt)) {}

void CounterContext::start(const Iv& iv) { set_iv(context_.get(), iv.data()); }
void CounterContext::crypt(Bytes in, std::uint8_t* out) { update(context_.get(), in, out); }

}  // namespace sfu::srtp
