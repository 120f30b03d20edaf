#include "dtls/tls_session.h"

#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>

#include <array>

#include "base/check.h"
#include "dtls/records.h"

namespace sfu::dtls {
namespace {

constexpr unsigned int kNeverUs = 3'600'000'000;                    // OpenSSL's own timer: an hour.
constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 §4.2
constexpr std::size_t kMaxMessageSize = 2048;
constexpr std::uint8_t kFatalLevel = 2;

std::string take_error_text() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace

void TlsSession::FreeSsl::operator()(SSL* ssl) const { SSL_free(ssl); }

TlsSession::TlsSession(const Context& context, Role role, std::size_t mtu)
    : role_(role), pipe_(mtu), progress_(role), ssl_(SSL_new(context.ssl_context_.get())) {
  SFU_CHECK(ssl_ != nullptr);
  BIO* const bio = BIO_new(context.datagram_bio_.get());
  SFU_CHECK(bio != nullptr);
  BIO_set_data(bio, &pipe_);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_mtu(ssl_.get(), static_cast<long>(mtu));
  SSL_set_app_data(ssl_.get(), this);
  DTLS_set_timer_cb(ssl_.get(), retransmit_delay_us);
  SSL_set_msg_callback(ssl_.get(), on_message);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  if (role == Role::Client) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
}

TlsSession::Status TlsSession::handshake(Bytes datagram) {
  pipe_.set_input(datagram);
  ERR_clear_error();
  const Status status = status_of(SSL_do_handshake(ssl_.get()));
  pipe_.set_input({});
  if (status == Status::Done) SSL_free_buffers(ssl_.get());
  return status;
}

TlsSession::Status TlsSession::read(Bytes datagram) {
  pipe_.set_input(datagram);
  SSL_alloc_buffers(ssl_.get());
  Status status = Status::Done;
  while (status == Status::Done) {
    std::array<std::uint8_t, kMaxMessageSize> buffer;
    ERR_clear_error();
    status = status_of(SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size())));
  }
  pipe_.set_input({});
  SSL_free_buffers(ssl_.get());
  return status;
}

void TlsSession::send_close_notify() {
  ERR_clear_error();
  SSL_alloc_buffers(ssl_.get());
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsSession::Status TlsSession::status_of(int result) {
  if (result > 0) return Status::Done;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: ERR_clear_error(); return Status::WantsInput;
    case SSL_ERROR_ZERO_RETURN: return Status::PeerClosed;
    default: error_ = take_error_text(); return Status::Failed;
  }
}

bool TlsSession::peer_certificate_matches(crypto::HashAlgorithm algorithm,
                                          std::string_view fingerprint) const {
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  return certificate != nullptr &&
         crypto::fingerprint_matches(*certificate, algorithm, fingerprint);
}

// RFC 5764 §4.2: client key, server key, client salt, server salt, one after the other.
std::optional<TlsSession::SrtpKeys> TlsSession::export_srtp_keys() const {
  const SRTP_PROTECTION_PROFILE* const selected = SSL_get_selected_srtp_profile(ssl_.get());
  if (selected == nullptr) return std::nullopt;
  const auto profile = crypto::srtp_profile_from_dtls_id(static_cast<std::uint32_t>(selected->id));
  SFU_CHECK(profile.has_value());  // We offer and choose no others.

  const std::size_t key_size = crypto::parameters(*profile).key_size;
  const std::size_t salt_size = crypto::parameters(*profile).salt_size;
  constexpr std::size_t kMaxSize =
      2 * (crypto::SrtpKeyMaterial::kMaxKeySize + crypto::SrtpKeyMaterial::kMaxSaltSize);
  std::array<std::uint8_t, kMaxSize> exported;
  const Bytes bytes = Bytes(exported).first(2 * (key_size + salt_size));
  ERR_clear_error();
  SFU_CHECK(SSL_export_keying_material(ssl_.get(), exported.data(), bytes.size(),
                                       kExporterLabel.data(), kExporterLabel.size(), nullptr, 0,
                                       0) == 1);
  const Bytes salts = bytes.subspan(2 * key_size);
  return SrtpKeys{
      .client = {*profile, bytes.first(key_size), salts.first(salt_size)},
      .server = {*profile, bytes.subspan(key_size, key_size), salts.subspan(salt_size)}};
}

void TlsSession::on_message(int is_write, int, int content_type, const void* data, std::size_t size,
                            SSL*, void* session) {
  auto& self = *static_cast<TlsSession*>(session);
  const auto* const bytes = static_cast<const std::uint8_t*>(data);
  if (content_type == SSL3_RT_HANDSHAKE && size > 0) {
    if (is_write != 0) {
      self.progress_.note_sent(bytes[0]);
    } else {
      self.progress_.note_received(bytes[0]);
    }
  } else if (content_type == SSL3_RT_ALERT && size == 2 && is_write == 0 &&
             bytes[0] == kFatalLevel) {
    self.peer_alert_ = bytes[1];
  }
}

/// OpenSSL asks when a flight starts and before it sends one again. "At once" makes it write the
/// flight again before it looks for input: that is how a client's spare flights are made.
unsigned int TlsSession::retransmit_delay_us(SSL* ssl, unsigned int) {
  auto& self = *static_cast<TlsSession*>(SSL_get_app_data(ssl));
  if (self.role_ == Role::Server || SSL_get_state(ssl) == TLS_ST_CW_CLNT_HELLO ||
      SSL_get_state(ssl) == TLS_ST_BEFORE)
    return kNeverUs;
  self.pipe_.end_flight();
  return self.spare_flights_left_-- > 0 ? 0 : kNeverUs;
}

std::string alert_text(std::uint8_t alert) {
  const char* const name = SSL_alert_desc_string_long(alert);
  return name == nullptr || std::string_view(name) == "unknown" ? "alert " + std::to_string(alert)
                                                                : name;
}

}  // namespace sfu::dtls
