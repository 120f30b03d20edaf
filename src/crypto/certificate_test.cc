#include "crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace sfu::crypto {
namespace {

// A fixture made with the command line of OpenSSL; it protects nothing.
constexpr std::string_view kFixtureCertificate = R"(-----BEGIN CERTIFICATE-----
MIIBfDCCASGgAwIBAgIUVVcCyet7BvvGfkattEvVIvW9aBQwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZml4dHVyZTAgFw0yNjExMjIxMzAyMjVaGA8yMTI2MTAyOTEz
MDIyNVowEjEQMA4GA1UEAwwHZml4dHVyZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABDU8FoExLWljV1ZWuEAf+77qyfyH28Klau1oMLaeP+QcjZ9z4npAO/O2fdsN
tA6JDMvmRQ8KXNhg598ok1s55wmjUzBRMB0GA1UdDgQWBBTV5HU4w7PnuUXWIyv8
JAtjhItmRDAfBgNVHSMEGDAWgBTV5HU4w7PnuUXWIyv8JAtjhItmRDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCErmmWvcACZMWj4MViP5RepBMk
6MmUI3EkuydAWgFbPAIhALK1WhK7oRZNlT27mGKw8FYvJcnqlRbbQVsCzG0cB7ON
-----END CERTIFICATE-----
)";
constexpr std::string_view kFixtureKey = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgCd+6O3fgAai+12mi
Ljr+b4Da2RKQzGWLv+GmjaenpdahRANCAAQ1PBaBMS1pY1dWVrhAH/u+6sn8h9vC
pWrtaDC2nj/kHI2fc+J6QDvztn3bDbQOiQzL5kUPClzYYOffKJNbOecJ
-----END PRIVATE KEY-----
)";
constexpr std::string_view kEncryptedKey = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjUuR4xn0u8QQICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECRSPoadzHTLrtwIP+4jIQQEgZCD
3bHEmmSHiFl0zli4JyHN7YypKA0AgjA4pdSRbSOWVBogL0uJKOvwi5TauCCnIMVG
193lJkCH/Hj9GzsiJSGyYtq0yeBtI4SnhvSyYtobHkDWpUg8yMjGGvM6DEYxQSUj
gMr3Vyd6JzMPno3ypZuKsWhGZmJVSdDam7PFb1S7dz5uAeDaK840B2R3I/DLDBI=
-----END ENCRYPTED PRIVATE KEY-----
)";

struct ExpectedFingerprint {
  HashAlgorithm algorithm;
  std::string_view text;
};

constexpr ExpectedFingerprint kFixtureFingerprints[] = {
    {HashAlgorithm::Sha1, "E5:18:56:E2:6E:3C:52:99:21:95:E3:48:93:62:C9:6F:F4:0F:CD:D3"},
    {HashAlgorithm::Sha224,
     "B3:5D:7A:04:0F:3D:29:2E:75:42:D5:00:E5:06:97:55:18:93:7F:3C:"
     "9A:C2:51:AD:6D:43:86:CC"},
    {HashAlgorithm::Sha256,
     "EE:AC:3D:7B:F0:F0:29:23:6C:E4:F2:26:B0:0E:80:F4:51:1B:A0:82:"
     "25:D2:C0:02:EA:13:4B:66:C8:C9:71:76"},
    {HashAlgorithm::Sha384,
     "9B:DB:63:70:5C:52:4F:12:EA:ED:D5:87:17:19:B6:CF:5E:14:99:B8:"
     "A8:CD:40:55:49:39:BC:75:E1:69:12:BC:64:D6:A4:FA:8B:83:83:BB:"
     "44:74:36:9D:E1:FF:65:D3"},
    {HashAlgorithm::Sha512,
     "B4:68:9B:39:79:EC:87:40:10:87:F1:1E:95:05:A0:44:C7:7A:B4:86:"
     "D1:DE:26:70:CD:16:C2:D1:52:F7:21:ED:2D:36:3D:25:FD:02:B2:E2:"
     "97:4A:E0:E8:49:FD:79:07:42:BC:59:04:26:FC:49:A7:E0:44:FE:B0:"
     "89:F1:C2:47"},
};

TEST(Certificate, IsAnEcdsaP256CertificateSignedByItsOwnKey) {
  const Certificate certificate = Certificate::generate();
  char group[32] = {};
  ASSERT_EQ(EVP_PKEY_get_group_name(certificate.private_key(), group, sizeof group, nullptr), 1);
  EXPECT_STREQ(group, "prime256v1");
  EXPECT_EQ(X509_verify(certificate.x509(), certificate.private_key()), 1);
  EXPECT_EQ(X509_check_private_key(certificate.x509(), certificate.private_key()), 1);
}

TEST(Certificate, IsValidSinceYesterdayAndForAYear) {
  const Certificate certificate = Certificate::generate();
  EXPECT_LT(X509_cmp_current_time(X509_get0_notBefore(certificate.x509())), 0);
  int days = 0, seconds = 0;
  ASSERT_EQ(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate.x509()),
                           X509_get0_notAfter(certificate.x509())),
            1);
  EXPECT_EQ(days, 366);
}

TEST(Certificate, DiffersEachTime) {
  EXPECT_NE(Certificate::generate().sha256_fingerprint(),
            Certificate::generate().sha256_fingerprint());
}

TEST(Certificate, SurvivesPem) {
  const Certificate certificate = Certificate::generate();
  const auto again = Certificate::from_pem(certificate.certificate_pem(), certificate.key_pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sha256_fingerprint(), certificate.sha256_fingerprint());
  EXPECT_EQ(EVP_PKEY_eq(again->private_key(), certificate.private_key()), 1);
}

TEST(Certificate, RefusesBadPemWithTheReason) {
  const Certificate one = Certificate::generate(), other = Certificate::generate();
  const auto error = [](std::string_view x509, std::string_view key) {
    const auto result = Certificate::from_pem(x509, key);
    return result ? std::optional<CertificateError>() : result.error();
  };
  EXPECT_EQ(error("", one.key_pem()), CertificateError::BadCertificate);
  EXPECT_EQ(error(one.key_pem(), one.key_pem()), CertificateError::BadCertificate);
  EXPECT_EQ(error(one.certificate_pem(), ""), CertificateError::BadKey);
  EXPECT_EQ(error(one.certificate_pem(), kEncryptedKey), CertificateError::BadKey);
  EXPECT_EQ(error(one.certificate_pem(), other.key_pem()), CertificateError::KeyDoesNotFit);
  EXPECT_EQ(ERR_peek_error(), 0U) << "left for the next TLS call of this thread to stumble over";
}

/// The values are what `openssl x509 -fingerprint` prints of the fixture.
TEST(Fingerprint, IsTheDigestOfTheDerFormInUpperCase) {
  const auto fixture = Certificate::from_pem(kFixtureCertificate, kFixtureKey);
  ASSERT_TRUE(fixture);
  for (const auto& [algorithm, expected] : kFixtureFingerprints) {
    EXPECT_EQ(fingerprint(*fixture->x509(), algorithm), expected);
    EXPECT_TRUE(fingerprint_matches(*fixture->x509(), algorithm, expected));
  }
  EXPECT_EQ(fixture->sha256_fingerprint(), kFixtureFingerprints[2].text);
}

TEST(Fingerprint, MatchesInAnyCaseButNotWhenAnythingDiffers) {
  const Certificate certificate = Certificate::generate();
  const X509& x509 = *certificate.x509();
  const std::string right = certificate.sha256_fingerprint();
  std::string lower_case = right;
  std::transform(right.begin(), right.end(), lower_case.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  EXPECT_TRUE(fingerprint_matches(x509, HashAlgorithm::Sha256, lower_case));

  std::string wrong_digit = right;
  wrong_digit.back() = right.back() == '0' ? '1' : '0';
  for (const std::string& wrong : {wrong_digit, std::string(), right.substr(0, right.size() - 3),
                                   right + ":00", ":" + right, std::string(right.size(), ':')})
    EXPECT_FALSE(fingerprint_matches(x509, HashAlgorithm::Sha256, wrong)) << wrong;
  EXPECT_FALSE(fingerprint_matches(x509, HashAlgorithm::Sha1, right));
}

TEST(HashAlgorithm, IsReadInAnyCaseAndOnlyByItsName) {
  EXPECT_EQ(parse_hash_algorithm("sha-1"), HashAlgorithm::Sha1);
  EXPECT_EQ(parse_hash_algorithm("sha-224"), HashAlgorithm::Sha224);
  EXPECT_EQ(parse_hash_algorithm("SHA-256"), HashAlgorithm::Sha256);
  EXPECT_EQ(parse_hash_algorithm("sHA-384"), HashAlgorithm::Sha384);
  EXPECT_EQ(parse_hash_algorithm("Sha-512"), HashAlgorithm::Sha512);
  for (const std::string_view wrong : {"", "sha256", "md5", "sha-2566", "sha-25", "sha-256 "})
    EXPECT_FALSE(parse_hash_algorithm(wrong)) << wrong;
}

}  // namespace
}  // namespace sfu::crypto
