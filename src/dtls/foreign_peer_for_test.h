#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "crypto/certificate.h"
#include "dtls/datagram_bio.h"
#include "dtls/role.h"

namespace sfu::dtls {

/// A peer whose settings are not ours: bare OpenSSL, as another WebRTC stack might use it.
class ForeignPeer {
 public:
  using Configure = std::function<void(SSL_CTX*)>;

  ForeignPeer(Role role, const crypto::Certificate* certificate, const Configure& configure = {})
      : method_(make_datagram_bio_method(), BIO_meth_free),
        context_(SSL_CTX_new(DTLS_method()), SSL_CTX_free) {
    if (certificate != nullptr) {
      SSL_CTX_use_certificate(context_.get(), certificate->x509());
      SSL_CTX_use_PrivateKey(context_.get(), certificate->private_key());
    }
    SSL_CTX_set_tlsext_use_srtp(context_.get(), "SRTP_AES128_CM_SHA1_80");
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    if (configure) configure(context_.get());
    ssl_.reset(SSL_new(context_.get()));
    BIO* const bio = BIO_new(method_.get());
    BIO_set_data(bio, &pipe_);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_mtu(ssl_.get(), 1200);
    if (role == Role::Client)
      SSL_set_connect_state(ssl_.get());
    else
      SSL_set_accept_state(ssl_.get());
  }

  /// What it answers; a client begins with an empty datagram.
  std::vector<DatagramBytes> handle(Bytes datagram) {
    pipe_.set_input(datagram);
    char data[2048];
    // Reading drives the handshake too, and afterwards answers a repeated flight.
    for (int size = 0; (size = SSL_read(ssl_.get(), data, sizeof data)) > 0;)
      received_.append(data, static_cast<std::size_t>(size));
    pipe_.set_input({});
    return written();
  }
  std::vector<DatagramBytes> send(std::string_view message) {
    SSL_write(ssl_.get(), message.data(), static_cast<int>(message.size()));
    return written();
  }
  std::vector<DatagramBytes> close() {
    SSL_shutdown(ssl_.get());
    return written();
  }
  /// All messages so far, one after the other.
  const std::string& received() const { return received_; }
  bool was_closed() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  bool connected() const { return SSL_is_init_finished(ssl_.get()) == 1; }

 private:
  std::vector<DatagramBytes> written() {
    std::vector<DatagramBytes> datagrams;
    for (auto& flight : pipe_.take_flights())
      for (auto& datagram : flight) datagrams.push_back(std::move(datagram));
    return datagrams;
  }

  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  DatagramPipe pipe_{1200};
  std::string received_;
  std::unique_ptr<BIO_METHOD, decltype(&BIO_meth_free)> method_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace sfu::dtls
