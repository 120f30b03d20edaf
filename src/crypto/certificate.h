#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sfu::crypto {

/// Hash functions of a certificate fingerprint (RFC 8122 §5) that are still considered sound
/// enough to be offered by browsers; MD5 and MD2 are not among them.
enum class HashAlgorithm : std::uint8_t { Sha1, Sha224, Sha256, Sha384, Sha512 };

/// Reads "sha-256" and its kin, in any case of letters (RFC 8122 §5: the names are
/// case-insensitive).
std::optional<HashAlgorithm> parse_hash_algorithm(std::string_view name);

/// The digest of the certificate's DER form as it stands in signaling: "4A:AD:B9:…", upper case.
std::string fingerprint(const X509& certificate, HashAlgorithm algorithm);

/// Whether `expected` ("4a:AD:…", any case) is the certificate's fingerprint. Constant-time in the
/// digest's value; malformed text never matches.
bool fingerprint_matches(const X509& certificate, HashAlgorithm algorithm,
                         std::string_view expected);

enum class CertificateError : std::uint8_t { BadCertificate, BadKey, KeyDoesNotFit };

/// A certificate with its private key: the identity of one DTLS endpoint (RFC 8827 §6.5).
class Certificate {
 public:
  /// A new self-signed ECDSA P-256 certificate, valid from yesterday for a year. Its name is random
  /// and says nothing about the machine.
  static Certificate generate();
  /// A fixture: PEM text of an X.509 certificate and of its unencrypted private key.
  static Result<Certificate, CertificateError> from_pem(std::string_view certificate_pem,
                                                        std::string_view key_pem);

  Certificate(Certificate&&) noexcept;
  Certificate& operator=(Certificate&&) noexcept;
  ~Certificate();

  /// Borrowed; OpenSSL's SSL_CTX_use_*() take references of their own.
  X509* x509() const { return x509_.get(); }
  EVP_PKEY* private_key() const { return key_.get(); }

  /// "4A:AD:B9:…", 32 bytes.
  std::string sha256_fingerprint() const;

  std::string certificate_pem() const;
  std::string key_pem() const;

 private:
  struct FreeX509 {
    void operator()(X509* x509) const;
  };
  struct FreeKey {
    void operator()(EVP_PKEY* key) const;
  };
  using X509Ptr = std::unique_ptr<X509, FreeX509>;
  using KeyPtr = std::unique_ptr<EVP_PKEY, FreeKey>;

  Certificate(X509Ptr x509, KeyPtr key);

  X509Ptr x509_;
  KeyPtr key_;
};

}  // namespace sfu::crypto
