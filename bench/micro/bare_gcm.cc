#include "bench/micro/fan_out.h"

#include <algorithm>
#include <array>

#include "base/check.h"

#if __has_include(<intel-ipsec-mb.h>) && defined(SFU_HAS_IPSEC_MB)
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>
#else
#include <openssl/evp.h>
#endif

namespace sfu::micro {
namespace {

constexpr std::size_t kTagSize = 16;
constexpr std::size_t kIvSize = 12;

std::array<std::uint8_t, kIvSize> iv_of(std::uint64_t index) {
  std::array<std::uint8_t, kIvSize> iv{};
  store_be32(iv, 8, static_cast<std::uint32_t>(index));
  return iv;
}

}  // namespace

#ifdef SFU_HAS_IPSEC_MB

struct BareGcm::Key {
  // The library reads it with aligned loads.
  alignas(64) gcm_key_data data;
  gcm_context_data context;
};

namespace {

IMB_MGR* library_of_machine() {
  static IMB_MGR* const manager = [] {
    IMB_MGR* made = alloc_mb_mgr(0);
    SFU_CHECK(made);
    init_mb_mgr_auto(made, nullptr);
    return made;
  }();
  return manager;
}

}  // namespace

const char* BareGcm::library() { return "libipsec-mb"; }

BareGcm::BareGcm(std::uint8_t key) : key_(std::make_unique<Key>()) {
  std::array<std::uint8_t, 16> bytes;
  bytes.fill(key);
  IMB_AES128_GCM_PRE(library_of_machine(), bytes.data(), &key_->data);
}

void BareGcm::seal(std::uint64_t index, Bytes header, Bytes plain, std::uint8_t* out) {
  IMB_AES128_GCM_ENC(library_of_machine(), &key_->data, &key_->context, out, plain.data(),
                     plain.size(), iv_of(index).data(), header.data(), header.size(),
                     out + plain.size(), kTagSize);
}

#else

struct BareGcm::Key {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  ~Key() { EVP_CIPHER_CTX_free(context); }
};

const char* BareGcm::library() { return "OpenSSL"; }

BareGcm::BareGcm(std::uint8_t key) : key_(std::make_unique<Key>()) {
  std::array<std::uint8_t, 16> bytes;
  bytes.fill(key);
  SFU_CHECK(EVP_EncryptInit_ex(key_->context, EVP_aes_128_gcm(), nullptr, bytes.data(), nullptr));
}

void BareGcm::seal(std::uint64_t index, Bytes header, Bytes plain, std::uint8_t* out) {
  int size = 0;
  EVP_EncryptInit_ex(key_->context, nullptr, nullptr, nullptr, iv_of(index).data());
  EVP_EncryptUpdate(key_->context, nullptr, &size, header.data(), static_cast<int>(header.size()));
  EVP_EncryptUpdate(key_->context, out, &size, plain.data(), static_cast<int>(plain.size()));
  EVP_EncryptFinal_ex(key_->context, out + plain.size(), &size);
  EVP_CIPHER_CTX_ctrl(key_->context, EVP_CTRL_AEAD_GET_TAG, kTagSize, out + plain.size());
}

#endif

BareGcm::~BareGcm() = default;
BareGcm::BareGcm(BareGcm&&) noexcept = default;

}  // namespace sfu::micro
