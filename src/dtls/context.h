#pragma once

#include <openssl/bio.h>
#include <openssl/types.h>

#include <memory>
#include <span>

#include "crypto/certificate.h"
#include "crypto/srtp_keys.h"

namespace sfu::dtls {

/// What all associations of one process have in common: our certificate, DTLS 1.2 alone, ECDHE with
/// AEAD ciphers, the SRTP profiles in our order of preference, no renegotiation and no resumption.
/// It outlives its associations. One for each worker: it is not meant to be shared by threads.
class Context {
 public:
  explicit Context(const crypto::Certificate& certificate);
  /// Offers or takes only these profiles, at least one, in this order.
  Context(const crypto::Certificate& certificate, std::span<const crypto::SrtpProfile> profiles);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  friend class Association;
  friend class TlsSession;
  struct FreeContext {
    void operator()(SSL_CTX* context) const;
  };
  struct FreeMethod {
    void operator()(BIO_METHOD* method) const;
  };
  std::unique_ptr<SSL_CTX, FreeContext> ssl_context_;
  std::unique_ptr<BIO_METHOD, FreeMethod> datagram_bio_;
};

}  // namespace sfu::dtls
