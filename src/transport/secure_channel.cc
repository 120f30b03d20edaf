#include "transport/secure_channel.h"

#include <algorithm>
#include <utility>

namespace sfu::transport {

SecureChannel::SecureChannel(const dtls::Context& context, srtp::CipherBackend& ciphers,
                             ice::Credentials credentials)
    : context_(context),
      ciphers_(ciphers),
      ice_({.credentials = std::move(credentials)}),
      dtls_(context, {.role = dtls::Role::Server}) {}

Result<void, ConnectError> SecureChannel::connect(Timestamp now, bool remote_is_server,
                                                  std::span<const Fingerprint> fingerprints) {
  if (connect_called_) return fail(ConnectError::AlreadyConnected);
  const auto strongest = std::max_element(
      fingerprints.begin(), fingerprints.end(),
      [](const Fingerprint& a, const Fingerprint& b) { return a.algorithm < b.algorithm; });
  if (strongest == fingerprints.end()) return fail(ConnectError::NoFingerprint);

  connect_called_ = true;
  if (remote_is_server) dtls_ = dtls::Association(context_, {.role = dtls::Role::Client});
  dtls_.set_remote_fingerprint(strongest->algorithm, strongest->value);
  // A ClientHello before there is a path would be lost: ICE's first valid check starts it.
  if (remote_is_server && selected_path()) dtls_.start(now);
  drain_dtls();
  return {};
}

void SecureChannel::restart_ice(ice::Credentials fresh) {
  ice_.restart(std::move(fresh));
  drain_ice();
}

ice::Outcome SecureChannel::handle_stun(Timestamp now, const Path& path, Bytes datagram) {
  const ice::Outcome outcome = ice_.handle_datagram(now, {path, datagram});
  if (outcome != ice::Outcome::Answered) ++refusals_.stun;
  drain_ice();
  if (connect_called_ && dtls_.role() == dtls::Role::Client && selected_path()) {
    dtls_.start(now);
    drain_dtls();
  }
  return outcome;
}

void SecureChannel::handle_dtls(Timestamp now, const Path& path, Bytes datagram) {
  if (!ice_.is_validated(path)) {
    ++refusals_.dtls;
    return;
  }
  dtls_.handle_datagram(now, datagram);
  drain_dtls();
}

std::optional<MutableBytes> SecureChannel::unprotect_rtp(const Path& path, MutableBytes packet) {
  if (!inbound_ || !ice_.is_validated(path)) {
    ++refusals_.srtp;
    return std::nullopt;
  }
  const auto plain = inbound_->unprotect_rtp(packet);
  if (plain) return *plain;
  ++refusals_.srtp;
  return std::nullopt;
}

std::optional<MutableBytes> SecureChannel::unprotect_rtcp(const Path& path, MutableBytes packet) {
  if (!inbound_ || !ice_.is_validated(path)) {
    ++refusals_.srtp;
    return std::nullopt;
  }
  const auto plain = inbound_->unprotect_rtcp(packet);
  if (plain) return *plain;
  ++refusals_.srtp;
  return std::nullopt;
}

void SecureChannel::handle_timeout(Timestamp now) {
  ice_.handle_timeout(now);
  drain_ice();
  dtls_.handle_timeout(now);
  drain_dtls();
}

std::optional<Timestamp> SecureChannel::next_timeout() const {
  const auto ice = ice_.next_timeout();
  const auto dtls = dtls_.next_timeout();
  if (!ice || !dtls) return ice ? ice : dtls;
  return std::min(*ice, *dtls);
}

std::optional<Transmit> SecureChannel::poll_transmit() { return outbox_.pop_front(); }

std::optional<SecureChannel::Event> SecureChannel::poll_event() { return events_.pop_front(); }

void SecureChannel::close() {
  dtls_.close();
  drain_dtls();
  inbound_.reset();
  outbound_.reset();
}

void SecureChannel::forget_path(const Path& path) {
  ice_.forget_path(path);
  drain_ice();
}

srtp::OutboundSession* SecureChannel::outbound() {
  return outbound_ && selected_path() ? &*outbound_ : nullptr;
}

std::string_view SecureChannel::srtp_profile() const {
  return outbound_ ? srtp::parameters(outbound_->profile()).name : std::string_view();
}

std::string SecureChannel::describe(std::span<const Endpoint> candidates, bool are_local) const {
  const ice::Diagnosis seen = ice_.diagnosis();
  const bool can_tell = are_local || seen.checked_local_count == 0;
  std::string line =
      "ICE: " + ice::describe(seen, can_tell ? candidates : std::span<const Endpoint>());
  line += "; DTLS: ";
  line += failure_.empty() ? std::string(dtls_.last_step()) : failure_;
  if (!connect_called_) line += "; connect-webrtc-transport never came";
  if (refusals_.dtls != 0)
    line += "; DTLS dropped from unvalidated addresses: " + std::to_string(refusals_.dtls);
  return line;
}

void SecureChannel::drain_ice() {
  while (auto transmit = ice_.poll_transmit()) outbox_.push_back(std::move(*transmit));
  while (const auto event = ice_.poll_event()) {
    if (const auto* added = std::get_if<ice::PathAdded>(&*event))
      events_.emplace_back(RoutingEvent(*added));
    else if (const auto* removed = std::get_if<ice::PathRemoved>(&*event))
      events_.emplace_back(RoutingEvent(*removed));
    else if (const auto* retired = std::get_if<ice::UfragRetired>(&*event))
      events_.emplace_back(RoutingEvent(*retired));
  }
  report_state();
}

void SecureChannel::drain_dtls() {
  while (auto datagram = dtls_.poll_transmit()) {
    if (const auto& path = selected_path()) outbox_.push_back({*path, std::move(*datagram)});
  }
  while (auto event = dtls_.poll_event()) {
    if (const auto* connected = std::get_if<dtls::Connected>(&*event)) {
      inbound_.emplace(connected->remote, ciphers_);
      outbound_.emplace(connected->local, ciphers_);
    } else if (auto* failed = std::get_if<dtls::Failed>(&*event)) {
      failure_ = std::string(to_string(failed->reason)) + ": " + failed->detail;
      inbound_.reset();
      outbound_.reset();
    } else if (std::holds_alternative<dtls::Closed>(*event)) {
      inbound_.reset();
      outbound_.reset();
    }
  }
  report_state();
}

void SecureChannel::report_state() {
  const StateChanged current{ice_.state(), dtls_.state()};
  if (current.ice == reported_.ice && current.dtls == reported_.dtls) return;
  reported_ = current;
  events_.emplace_back(current);
}

}  // namespace sfu::transport
