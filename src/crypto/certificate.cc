#include "crypto/certificate.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <array>
#include <utility>

#include "base/check.h"
#include "crypto/hmac.h"

namespace sfu::crypto {
namespace {

constexpr long kSecondsInDay = 24 * 60 * 60;
constexpr long kValidForDays = 365;
constexpr std::string_view kUpperHex = "0123456789ABCDEF";

struct HashInfo {
  HashAlgorithm algorithm;
  std::string_view name;
  const EVP_MD* (*digest)();
};

constexpr std::array kHashes = {
    HashInfo{HashAlgorithm::Sha1, "sha-1", EVP_sha1},
    HashInfo{HashAlgorithm::Sha224, "sha-224", EVP_sha224},
    HashInfo{HashAlgorithm::Sha256, "sha-256", EVP_sha256},
    HashInfo{HashAlgorithm::Sha384, "sha-384", EVP_sha384},
    HashInfo{HashAlgorithm::Sha512, "sha-512", EVP_sha512},
};

const HashInfo& info(HashAlgorithm algorithm) {
  return kHashes[static_cast<std::size_t>(algorithm)];
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

BioPtr read_bio(std::string_view text) {
  BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  SFU_CHECK(bio);
  return bio;
}

BioPtr memory_bio() {
  BioPtr bio(BIO_new(BIO_s_mem()));
  SFU_CHECK(bio);
  return bio;
}

std::string contents(BIO& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(&bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// An encrypted fixture is refused, where OpenSSL would ask for its password on the terminal.
int no_password(char*, int, int, void*) { return -1; }

std::string random_name() {
  std::array<std::uint8_t, 8> bytes{};
  SFU_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  std::string name;
  for (const std::uint8_t byte : bytes) {
    name += lower(kUpperHex[byte >> 4]);
    name += lower(kUpperHex[byte & 0x0f]);
  }
  return name;
}

void set_serial(X509& x509) {
  std::array<std::uint8_t, 8> bytes{};
  SFU_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7f) | 0x40);  // Positive and not zero.
  SFU_CHECK(ASN1_INTEGER_set_uint64(X509_get_serialNumber(&x509), load_be64(bytes, 0)) == 1);
}

void set_names(X509& x509) {
  const std::string name = random_name();
  X509_NAME* subject = X509_get_subject_name(&x509);
  SFU_CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                       reinterpret_cast<const unsigned char*>(name.data()),
                                       static_cast<int>(name.size()), -1, 0) == 1);
  SFU_CHECK(X509_set_issuer_name(&x509, subject) == 1);
}

}  // namespace

std::optional<HashAlgorithm> parse_hash_algorithm(std::string_view name) {
  for (const HashInfo& hash : kHashes) {
    if (name.size() != hash.name.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < name.size(); ++i) same = same && lower(name[i]) == hash.name[i];
    if (same) return hash.algorithm;
  }
  return std::nullopt;
}

std::string fingerprint(const X509& certificate, HashAlgorithm algorithm) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  SFU_CHECK(X509_digest(&certificate, info(algorithm).digest(), digest.data(), &size) == 1);
  std::string text;
  text.reserve(size * 3);
  for (std::size_t i = 0; i < size; ++i) {
    if (i != 0) text += ':';
    text += kUpperHex[digest[i] >> 4];
    text += kUpperHex[digest[i] & 0x0f];
  }
  return text;
}

bool fingerprint_matches(const X509& certificate, HashAlgorithm algorithm,
                         std::string_view expected) {
  const std::string actual = fingerprint(certificate, algorithm);
  std::string wanted(expected);
  for (char& c : wanted) c = upper(c);
  return constant_time_equal(as_bytes(actual), as_bytes(wanted));
}

void Certificate::FreeX509::operator()(X509* x509) const { X509_free(x509); }
void Certificate::FreeKey::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

Certificate::Certificate(X509Ptr x509, KeyPtr key) : x509_(std::move(x509)), key_(std::move(key)) {}
Certificate::Certificate(Certificate&&) noexcept = default;
Certificate& Certificate::operator=(Certificate&&) noexcept = default;
Certificate::~Certificate() = default;

Certificate Certificate::generate() {
  KeyPtr key(EVP_EC_gen("P-256"));
  SFU_CHECK(key);
  X509Ptr x509(X509_new());
  SFU_CHECK(x509);
  SFU_CHECK(X509_set_version(x509.get(), X509_VERSION_3) == 1);
  set_serial(*x509);
  set_names(*x509);
  // From yesterday, for peers whose clocks are behind.
  SFU_CHECK(X509_gmtime_adj(X509_getm_notBefore(x509.get()), -kSecondsInDay) != nullptr);
  SFU_CHECK(X509_gmtime_adj(X509_getm_notAfter(x509.get()), kValidForDays * kSecondsInDay) !=
            nullptr);
  SFU_CHECK(X509_set_pubkey(x509.get(), key.get()) == 1);
  SFU_CHECK(X509_sign(x509.get(), key.get(), EVP_sha256()) != 0);
  return Certificate(std::move(x509), std::move(key));
}

Result<Certificate, CertificateError> Certificate::from_pem(std::string_view certificate_pem,
                                                            std::string_view key_pem) {
  const BioPtr certificate_bio = read_bio(certificate_pem);
  X509Ptr x509(PEM_read_bio_X509(certificate_bio.get(), nullptr, no_password, nullptr));
  const BioPtr key_bio = read_bio(key_pem);
  KeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, no_password, nullptr));
  const bool fits = x509 && key && X509_check_private_key(x509.get(), key.get()) == 1;
  ERR_clear_error();  // What stays in the thread's queue would be blamed on its next TLS call.
  if (!x509) return fail(CertificateError::BadCertificate);
  if (!key) return fail(CertificateError::BadKey);
  if (!fits) return fail(CertificateError::KeyDoesNotFit);
  return Certificate(std::move(x509), std::move(key));
}

std::string Certificate::sha256_fingerprint() const {
  return fingerprint(*x509_, HashAlgorithm::Sha256);
}

std::string Certificate::certificate_pem() const {
  const BioPtr bio = memory_bio();
  SFU_CHECK(PEM_write_bio_X509(bio.get(), x509_.get()) == 1);
  return contents(*bio);
}

std::string Certificate::key_pem() const {
  const BioPtr bio = memory_bio();
  SFU_CHECK(
      PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return contents(*bio);
}

}  // namespace sfu::crypto
