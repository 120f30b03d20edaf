#include "dtls/record_protection.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"

namespace sfu::dtls {
namespace {

constexpr std::size_t kHeaderSize = 13;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kRandomSize = 32;
constexpr std::uint64_t kEpoch = 1;  // There is no renegotiation.
/// OpenSSL has numbered its own records of this epoch from 0: a Finished and a dozen repetitions.
constexpr std::uint64_t kFirstNumber = kEpoch << 48 | 0x10000;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

/// RFC 5246 §6.3: the key block, of which AEAD suites use keys and IVs.
void derive_key_block(SSL& ssl, MutableBytes out) {
  std::array<std::uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master;
  const std::size_t master_size =
      SSL_SESSION_get_master_key(SSL_get_session(&ssl), master.data(), master.size());
  std::string seed = "key expansion";
  std::array<std::uint8_t, kRandomSize> random;
  SFU_CHECK(SSL_get_server_random(&ssl, random.data(), random.size()) == random.size());
  seed.append(as_text(random));
  SFU_CHECK(SSL_get_client_random(&ssl, random.data(), random.size()) == random.size());
  seed.append(as_text(random));

  const EVP_MD* const hash = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(&ssl));
  EVP_KDF* const prf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(prf);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                       const_cast<char*>(EVP_MD_get0_name(hash)), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master.data(), master_size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
      OSSL_PARAM_construct_end()};
  SFU_CHECK(EVP_KDF_derive(context, out.data(), out.size(), parameters) == 1);
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(prf);
}

/// What is authenticated beside the content (RFC 5246 §6.2.3.3).
std::array<std::uint8_t, kHeaderSize> additional_data(std::uint64_t number, ContentType type,
                                                      Bytes version, std::size_t content_size) {
  std::array<std::uint8_t, kHeaderSize> data;
  store_be64(data, 0, number);
  data[8] = static_cast<std::uint8_t>(type);
  data[9] = version[0];
  data[10] = version[1];
  store_be16(data, 11, static_cast<std::uint16_t>(content_size));
  return data;
}

}  // namespace

RecordProtection::RecordProtection(SSL& ssl, Role role) : next_number_(kFirstNumber) {
  std::size_t iv_size = 4;
  explicit_nonce_size_ = 8;
  switch (SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(&ssl))) {
    case NID_aes_128_gcm: cipher_ = EVP_aes_128_gcm(); break;
    case NID_aes_256_gcm: cipher_ = EVP_aes_256_gcm(); break;
    case NID_chacha20_poly1305:
      cipher_ = EVP_chacha20_poly1305();
      iv_size = kNonceSize;
      explicit_nonce_size_ = 0;
      break;
    default: SFU_CHECK(false && "a suite that we do not offer");
  }
  const auto key_size = static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_));
  std::array<std::uint8_t, 2 * (kMaxKeySize + kNonceSize)> block;
  derive_key_block(ssl, std::span(block).first(2 * (key_size + iv_size)));
  Direction client, server;
  std::copy_n(block.data(), key_size, client.key.begin());
  std::copy_n(block.data() + key_size, key_size, server.key.begin());
  std::copy_n(block.data() + 2 * key_size, iv_size, client.iv.begin());
  std::copy_n(block.data() + 2 * key_size + iv_size, iv_size, server.iv.begin());
  ours_ = role == Role::Client ? client : server;
  theirs_ = role == Role::Client ? server : client;
}

RecordProtection::Nonce RecordProtection::nonce_of(const Direction& direction,
                                                   std::uint64_t number) const {
  Nonce nonce = direction.iv;
  const std::size_t at = kNonceSize - sizeof number;
  store_be64(nonce, at, load_be64(nonce, at) ^ number);
  return nonce;
}

//   0         1 2       3 4 5 6 7 8 9 10     11 12
//  +------+---------+-------+-------------+--------+----------------+---------+-----+
//  | type | version | epoch | seq. number | length | explicit nonce | content | tag |
//  +------+---------+-------+-------------+--------+----------------+---------+-----+
std::vector<std::uint8_t> RecordProtection::seal(ContentType type, Bytes content) {
  const std::uint64_t number = next_number_++;
  const std::size_t size = explicit_nonce_size_ + content.size() + kTagSize;
  std::vector<std::uint8_t> record(kHeaderSize + size);
  record[0] = static_cast<std::uint8_t>(type);
  store_be16(record, 1, DTLS1_2_VERSION);
  store_be64(record, 3, number);
  store_be16(record, 11, static_cast<std::uint16_t>(size));
  if (explicit_nonce_size_ != 0) store_be64(record, kHeaderSize, number);

  const Nonce nonce = nonce_of(ours_, number);
  const auto data = additional_data(number, type, Bytes(record).subspan(1, 2), content.size());
  std::uint8_t* const sealed = record.data() + kHeaderSize + explicit_nonce_size_;
  const CipherContext context(EVP_CIPHER_CTX_new());
  int written = 0;
  SFU_CHECK(EVP_EncryptInit_ex(context.get(), cipher_, nullptr, ours_.key.data(), nonce.data()) ==
                1 &&
            EVP_EncryptUpdate(context.get(), nullptr, &written, data.data(), data.size()) == 1 &&
            EVP_EncryptUpdate(context.get(), sealed, &written, content.data(),
                              static_cast<int>(content.size())) == 1 &&
            EVP_EncryptFinal_ex(context.get(), sealed + written, &written) == 1 &&
            EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize,
                                sealed + content.size()) == 1);
  return record;
}

std::optional<std::vector<std::uint8_t>> RecordProtection::open(const Record& record) {
  const std::size_t overhead = explicit_nonce_size_ + kTagSize;
  if (record.epoch != kEpoch || record.fragment.size() < overhead) return std::nullopt;
  const std::uint64_t number = load_be64(record.whole, 3);
  if (!is_fresh(number)) return std::nullopt;

  Nonce nonce = nonce_of(theirs_, number);
  // The peer may choose it otherwise than from the number.
  if (explicit_nonce_size_ != 0)
    std::ranges::copy(record.fragment.first(explicit_nonce_size_), nonce.end() - 8);
  const Bytes sealed =
      record.fragment.subspan(explicit_nonce_size_, record.fragment.size() - overhead);
  const auto data = additional_data(number, record.type, record.whole.subspan(1, 2), sealed.size());
  std::array<std::uint8_t, kTagSize> tag;
  std::ranges::copy(record.fragment.last(kTagSize), tag.begin());
  std::vector<std::uint8_t> content(sealed.size());
  const CipherContext context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool authentic =
      EVP_DecryptInit_ex(context.get(), cipher_, nullptr, theirs_.key.data(), nonce.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, data.data(), data.size()) == 1 &&
      EVP_DecryptUpdate(context.get(), content.data(), &written, sealed.data(),
                        static_cast<int>(sealed.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), content.data() + written, &written) == 1;
  if (!authentic) return std::nullopt;
  note_received(number);
  return content;
}

bool RecordProtection::is_fresh(std::uint64_t number) const {
  if (number > newest_received_) return true;
  const std::uint64_t age = newest_received_ - number;
  return age < 64 && (received_ >> age & 1) == 0;
}

void RecordProtection::note_received(std::uint64_t number) {
  if (number > newest_received_) {
    const std::uint64_t steps = number - newest_received_;
    received_ = steps < 64 ? received_ << steps : 0;
    newest_received_ = number;
  }
  received_ |= std::uint64_t{1} << (newest_received_ - number);
}

}  // namespace sfu::dtls
