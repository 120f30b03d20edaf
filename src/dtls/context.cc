#include "dtls/context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string>

#include "base/check.h"
#include "dtls/datagram_bio.h"

namespace sfu::dtls {
namespace {

/// Forward secrecy and AEAD alone (RFC 8827 §6.5, RFC 9325 §4.2). Our certificate is ECDSA; the RSA
/// suites are for servers that have an RSA one.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroups = "X25519:P-256:P-384";

/// Certificates of WebRTC are self-signed: the signaled fingerprint decides, after the handshake
/// (RFC 8827 §6.5). That the peer holds the private key is checked by the handshake itself.
int accept_any_certificate(X509_STORE_CTX*, void*) { return 1; }

constexpr auto kAllProfiles = [] {
  std::array<crypto::SrtpProfile, crypto::kSrtpProfiles.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = crypto::kSrtpProfiles[i].profile;
  return all;
}();

std::string srtp_profile_names(std::span<const crypto::SrtpProfile> profiles) {
  std::string names;
  for (const crypto::SrtpProfile profile : profiles) {
    if (!names.empty()) names += ':';
    names += crypto::parameters(profile).openssl_name;
  }
  return names;
}

}  // namespace

void Context::FreeContext::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
void Context::FreeMethod::operator()(BIO_METHOD* method) const { BIO_meth_free(method); }

Context::Context(const crypto::Certificate& certificate) : Context(certificate, kAllProfiles) {}

Context::Context(const crypto::Certificate& certificate,
                 std::span<const crypto::SrtpProfile> profiles)
    : ssl_context_(SSL_CTX_new(DTLS_method())), datagram_bio_(make_datagram_bio_method()) {
  SSL_CTX* const context = ssl_context_.get();
  SFU_CHECK(context != nullptr);
  SFU_CHECK(SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1);
  SFU_CHECK(SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1);
  SFU_CHECK(SSL_CTX_use_certificate(context, certificate.x509()) == 1);
  SFU_CHECK(SSL_CTX_use_PrivateKey(context, certificate.private_key()) == 1);
  SFU_CHECK(SSL_CTX_set_cipher_list(context, kCiphers) == 1);
  SFU_CHECK(SSL_CTX_set1_groups_list(context, kGroups) == 1);
  constexpr int kSrtpProfilesSet = 0;  // This one function says 0 for success.
  SFU_CHECK(SSL_CTX_set_tlsext_use_srtp(context, srtp_profile_names(profiles).c_str()) ==
            kSrtpProfilesSet);

  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, accept_any_certificate, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  ERR_clear_error();
}

Context::~Context() = default;

}  // namespace sfu::dtls
