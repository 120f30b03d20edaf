#include "dtls/association.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/fifo.h"
#include "dtls/handshake_progress.h"
#include "dtls/records.h"
#include "dtls/retransmission.h"
#include "dtls/tls_session.h"

namespace sfu::dtls {

std::string_view to_string(State state) {
  switch (state) {
    case State::New: return "new";
    case State::Connecting: return "connecting";
    case State::AwaitingFingerprint: return "awaiting fingerprint";
    case State::Connected: return "connected";
    case State::Closed: return "closed";
    case State::Failed: return "failed";
  }
  return "unknown";
}

std::string_view to_string(FailureReason reason) {
  switch (reason) {
    case FailureReason::Timeout: return "timeout";
    case FailureReason::FingerprintMismatch: return "fingerprint mismatch";
    case FailureReason::NoSrtpProfile: return "no common SRTP profile";
    case FailureReason::PeerAlert: return "alert from the peer";
    case FailureReason::ProtocolError: return "protocol error";
  }
  return "unknown";
}

struct Association::Impl {
  Impl(const Context& context_of_worker, const Config& config)
      : context(context_of_worker),
        role(config.role),
        mtu(config.mtu),
        last_step(HandshakeProgress(config.role).text()) {
    SFU_CHECK(mtu >= kMinMtu);
  }

  void begin(Timestamp now);
  void handle_handshake_datagram(Timestamp now, Bytes datagram);
  void handle_later_datagram(Timestamp now, Bytes datagram);
  void advance_handshake(Timestamp now, Bytes records);
  void finish_handshake();
  void check_fingerprint();
  void let_go_of_session();
  void open_record(const Record& record);
  void read_records(Bytes datagram);
  void handle_close_notify();
  void send_close_notify();
  void note_plaintext_alert(Timestamp now, std::uint8_t alert);
  void send_output();
  void fail(FailureReason reason, const std::string& detail);
  void close(State end);
  void bound_outbox();

  struct Fingerprint {
    crypto::HashAlgorithm algorithm;
    std::string value;
  };

  const Context& context;
  const Role role;
  const std::size_t mtu;
  State state = State::New;
  std::optional<TlsSession> tls;  // While a handshake runs, and until its fingerprint is checked.
  std::optional<RecordProtection> protection;  // From then on.
  std::string_view last_step;                  // How far the handshake came, without `tls`.
  Retransmission retransmission;
  Timestamp handshake_deadline{};  // Meaningful only while Connecting.
  std::optional<Timestamp> alert_deadline;
  std::uint8_t plaintext_alert = 0;
  std::optional<Fingerprint> fingerprint;
  Fifo<DatagramBytes> outbox;
  Fifo<Event> events;
};

void Association::Impl::begin(Timestamp now) {
  tls.emplace(context, role, mtu);
  state = State::Connecting;
  handshake_deadline = now + kHandshakeTimeout;
}

/// Passes on the records that can further a handshake. An alert in the clear is only noted: anyone
/// can write one.
void Association::Impl::handle_handshake_datagram(Timestamp now, Bytes datagram) {
  std::array<std::uint8_t, kMaxDatagramSize> kept;
  std::size_t size = 0;
  for (Bytes rest = datagram; const auto record = take_record(rest);) {
    // Nothing else begins a handshake, least of all what is left of an earlier association.
    if (state == State::New && !is_client_hello(*record)) continue;
    if (record->epoch == 0 && record->type == ContentType::ApplicationData) continue;
    // One of epoch 1 may have overtaken the handshake; OpenSSL keeps up to 100 of them.
    if (record->epoch > 1) continue;
    if (record->epoch == 0 && record->type == ContentType::Alert) {
      if (const auto alert = fatal_alert(*record)) note_plaintext_alert(now, *alert);
      continue;
    }
    std::ranges::copy(record->whole, kept.begin() + static_cast<std::ptrdiff_t>(size));
    size += record->whole.size();
  }
  if (size == 0) return;
  if (state == State::New) begin(now);
  advance_handshake(now, Bytes(kept).first(size));
}

void Association::Impl::advance_handshake(Timestamp now, Bytes records) {
  if (!records.empty()) tls->progress().note_datagram();
  const std::uint32_t messages_before = tls->progress().messages_received();
  const TlsSession::Status status = tls->handshake(records);
  if (tls->progress().messages_received() != messages_before) alert_deadline.reset();

  auto flights = tls->take_flights();
  if (!flights.empty()) {
    std::ranges::copy(flights.front(), std::back_inserter(outbox));
    retransmission.start(now, std::move(flights));
  }
  switch (status) {
    case TlsSession::Status::WantsInput: break;
    case TlsSession::Status::Done: finish_handshake(); break;
    case TlsSession::Status::PeerClosed:
      close(State::Closed);
      events.emplace_back(Closed{});
      break;
    case TlsSession::Status::Failed:
      if (const auto alert = tls->peer_alert())
        fail(FailureReason::PeerAlert, alert_text(*alert));
      else
        fail(FailureReason::ProtocolError, tls->error());
  }
}

void Association::Impl::finish_handshake() {
  // The client's last flight was answered. The server's is answered by nothing: from here on it is
  // sent again only on demand.
  if (role == Role::Client)
    retransmission.forget();
  else
    retransmission.stop_timer();
  alert_deadline.reset();
  if (!tls->export_srtp_keys()) {
    send_close_notify();
    return fail(FailureReason::NoSrtpProfile, "the peer offered no SRTP profile of ours");
  }
  state = State::AwaitingFingerprint;
  check_fingerprint();
  if (state == State::Failed) return;
  read_records({});  // What OpenSSL kept that came together with the last message.
  let_go_of_session();
}

/// All that OpenSSL still had to do can be done without it.
void Association::Impl::let_go_of_session() {
  if (state != State::Connected) return;
  protection.emplace(tls->record_protection());
  last_step = tls->progress().text();
  tls.reset();
}

void Association::Impl::check_fingerprint() {
  if (!fingerprint) return;
  if (!tls->peer_certificate_matches(fingerprint->algorithm, fingerprint->value)) {
    send_close_notify();
    return fail(FailureReason::FingerprintMismatch,
                "the peer's certificate is not the signaled one");
  }
  const auto keys = tls->export_srtp_keys();
  state = State::Connected;
  events.emplace_back(role == Role::Client
                          ? Connected{.local = keys->client, .remote = keys->server}
                          : Connected{.local = keys->server, .remote = keys->client});
}

/// After the handshake nothing in the clear is believed, and no handshake begins anew. A repeated
/// last flight of the client asks for ours.
void Association::Impl::handle_later_datagram(Timestamp now, Bytes datagram) {
  std::array<std::uint8_t, kMaxDatagramSize> kept;
  std::size_t size = 0;
  for (Bytes rest = datagram; const auto record = take_record(rest);) {
    if (record->epoch == 0 || record->type == ContentType::ChangeCipherSpec) continue;
    if (record->type == ContentType::Handshake) {
      if (role == Role::Server) retransmission.repeat_on_demand(now, outbox);
      continue;
    }
    if (protection) {
      open_record(*record);
      if (!protection) return;
      continue;
    }
    std::ranges::copy(record->whole, kept.begin() + static_cast<std::ptrdiff_t>(size));
    size += record->whole.size();
  }
  if (size > 0) read_records(Bytes(kept).first(size));
}

void Association::Impl::open_record(const Record& record) {
  auto content = protection->open(record);
  if (!content) return;
  constexpr std::uint8_t kFatal = 2, kCloseNotify = 0;
  if (record.type != ContentType::Alert || content->size() != 2) return;
  const std::uint8_t level = (*content)[0], alert = (*content)[1];
  if (alert == kCloseNotify) return handle_close_notify();
  if (level == kFatal) fail(FailureReason::PeerAlert, alert_text(alert));
}

void Association::Impl::handle_close_notify() {
  send_close_notify();  // RFC 5246 §7.2.1: answered in kind.
  close(State::Closed);
  events.emplace_back(Closed{});
}

void Association::Impl::send_close_notify() {
  if (protection) {
    constexpr std::array<std::uint8_t, 2> kWarningCloseNotify{1, 0};
    outbox.push_back(protection->seal(ContentType::Alert, kWarningCloseNotify));
  } else {
    tls->send_close_notify();
    send_output();
  }
}

void Association::Impl::read_records(Bytes datagram) {
  const TlsSession::Status status = tls->read(datagram);
  if (status == TlsSession::Status::PeerClosed) return handle_close_notify();
  send_output();
  if (status != TlsSession::Status::Failed) return;
  if (const auto alert = tls->peer_alert())
    fail(FailureReason::PeerAlert, alert_text(*alert));
  else
    fail(FailureReason::ProtocolError, tls->error());
}

void Association::Impl::note_plaintext_alert(Timestamp now, std::uint8_t alert) {
  if (state != State::Connecting || alert_deadline) return;
  plaintext_alert = alert;
  alert_deadline = now + kPlaintextAlertGrace;
}

void Association::Impl::send_output() {
  for (auto& flight : tls->take_flights())
    for (auto& datagram : flight) outbox.push_back(std::move(datagram));
}

void Association::Impl::fail(FailureReason reason, const std::string& detail) {
  close(State::Failed);
  events.emplace_back(
      Failed{.reason = reason, .detail = detail + " (" + std::string(last_step) + ")"});
}

/// A caller that drains as it should never meets this bound.
void Association::Impl::bound_outbox() {
  while (outbox.size() > kMaxPendingDatagrams) outbox.pop_front();
}

void Association::Impl::close(State end) {
  if (tls) last_step = tls->progress().text();
  state = end;
  protection.reset();
  retransmission.forget();
  alert_deadline.reset();
}

Association::Association(const Context& context, const Config& config)
    : impl_(std::make_unique<Impl>(context, config)) {}
Association::~Association() = default;
Association::Association(Association&&) noexcept = default;
Association& Association::operator=(Association&&) noexcept = default;

void Association::start(Timestamp now) {
  if (impl_->role != Role::Client || impl_->state != State::New) return;
  impl_->begin(now);
  impl_->advance_handshake(now, {});
}

void Association::set_remote_fingerprint(crypto::HashAlgorithm algorithm,
                                         std::string_view fingerprint) {
  if (impl_->fingerprint) return;
  if (impl_->state == State::Closed || impl_->state == State::Failed) return;
  impl_->fingerprint = Impl::Fingerprint{algorithm, std::string(fingerprint)};
  if (impl_->state != State::AwaitingFingerprint) return;
  impl_->check_fingerprint();
  impl_->let_go_of_session();
}

void Association::handle_datagram(Timestamp now, Bytes datagram) {
  if (datagram.size() > kMaxDatagramSize) return;
  switch (impl_->state) {
    case State::New:
      if (impl_->role == Role::Server) impl_->handle_handshake_datagram(now, datagram);
      break;
    case State::Connecting: impl_->handle_handshake_datagram(now, datagram); break;
    case State::AwaitingFingerprint:
    case State::Connected: impl_->handle_later_datagram(now, datagram); break;
    case State::Closed:
    case State::Failed: break;
  }
  impl_->bound_outbox();
}

void Association::handle_timeout(Timestamp now) {
  if (impl_->state != State::Connecting) return;
  if (impl_->alert_deadline && now >= *impl_->alert_deadline)
    return impl_->fail(FailureReason::PeerAlert, alert_text(impl_->plaintext_alert));
  if (now >= impl_->handshake_deadline)
    return impl_->fail(FailureReason::Timeout, "the handshake did not complete");
  impl_->retransmission.handle_timeout(now, impl_->outbox);
  impl_->bound_outbox();
}

std::optional<std::vector<std::uint8_t>> Association::poll_transmit() {
  return impl_->outbox.pop_front();
}

std::optional<Event> Association::poll_event() { return impl_->events.pop_front(); }

std::optional<Timestamp> Association::next_timeout() const {
  if (impl_->state != State::Connecting) return std::nullopt;
  Timestamp next = impl_->handshake_deadline;
  if (impl_->alert_deadline) next = std::min(next, *impl_->alert_deadline);
  if (const auto again = impl_->retransmission.next_timeout()) next = std::min(next, *again);
  return next;
}

void Association::close() {
  if (impl_->state == State::Closed || impl_->state == State::Failed) return;
  if (impl_->state == State::Connected || impl_->state == State::AwaitingFingerprint)
    impl_->send_close_notify();
  impl_->close(State::Closed);
}

State Association::state() const { return impl_->state; }
Role Association::role() const { return impl_->role; }
std::string_view Association::last_step() const {
  return impl_->tls ? impl_->tls->progress().text() : impl_->last_step;
}

}  // namespace sfu::dtls
