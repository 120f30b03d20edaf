#include "load/client_transport.h"

#include <algorithm>
#include <array>

#include "rtcp/packet.h"
#include "stun/message.h"
#include "stun/message_builder.h"

namespace sfu::load {
namespace {

constexpr std::uint32_t kHostPriority = 0x7e7f1eff;  // RFC 8445 §5.1.2.1
constexpr std::uint8_t kLastStunByte = 3;            // RFC 7983 §7
constexpr std::uint8_t kFirstRtpByte = 128;

std::string random_text(RandomSource& random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz012345";
  std::string text;
  for (int i = 0; i < 8; ++i) text += kLetters[random.next_u32() % kLetters.size()];
  return text;
}

}  // namespace

Result<ClientTransport, std::string> ClientTransport::open(const Shared& shared, Remote remote) {
  auto socket = DatagramSocket::connect(remote.server);
  if (!socket) return fail(socket.error());
  return ClientTransport(shared, std::move(remote), std::move(*socket));
}

ClientTransport::ClientTransport(const Shared& shared, Remote remote, DatagramSocket socket)
    : shared_(shared),
      remote_(std::move(remote)),
      socket_(std::move(socket)),
      dtls_(shared.dtls, {.role = dtls::Role::Client}),
      tie_breaker_(shared.random.next_u64()),
      local_ufrag_(random_text(shared.random)) {
  shared.random.fill(transaction_);
}

void ClientTransport::start(Timestamp now) {
  dtls_.set_remote_fingerprint(remote_.hash, remote_.fingerprint);
  times_.started = last_answer_ = now;
  send_check(now);
}

std::optional<ClientTransport::Media> ClientTransport::handle_datagram(Timestamp now,
                                                                       MutableBytes datagram) {
  if (datagram.empty()) return std::nullopt;
  if (datagram[0] <= kLastStunByte) {
    handle_stun(now, datagram);
    return std::nullopt;
  }
  if (datagram[0] < kFirstRtpByte) {
    if (flight_sent_at_) times_.dtls_flights += now - *flight_sent_at_;
    flight_sent_at_.reset();
    dtls_.handle_datagram(now, datagram);
    drain_dtls(now);
    return std::nullopt;
  }
  if (!inbound_) return std::nullopt;
  const bool is_rtcp = rtcp::looks_like_rtcp(datagram);
  const auto opened =
      is_rtcp ? inbound_->unprotect_rtcp(datagram) : inbound_->unprotect_rtp(datagram);
  if (!opened) {
    // One that was repeated by the network is no fault of the server's.
    if (opened.error() != srtp::UnprotectError::Replayed) ++counters_.undecryptable;
    return std::nullopt;
  }
  return Media{*opened, is_rtcp};
}

void ClientTransport::handle_timeout(Timestamp now) {
  if (next_check_ && *next_check_ <= now) send_check(now);
  dtls_.handle_timeout(now);
  drain_dtls(now);
  if (failure_.empty() && times_.started && now - last_answer_ > kConsentTimeout)
    failure_ = counters_.answers == 0 ? "no ICE check was answered" : "ICE consent was lost";
}

Timestamp ClientTransport::next_timeout() const {
  return std::min(next_check_.value_or(Timestamp::max()),
                  dtls_.next_timeout().value_or(Timestamp::max()));
}

void ClientTransport::send_check(Timestamp now) {
  std::array<std::uint8_t, 256> buffer;
  ++transaction_.back();
  stun::MessageBuilder message(buffer, stun::Class::Request, stun::Method::Binding, transaction_);
  message.username(remote_.ufrag + ":" + local_ufrag_)
      .priority(kHostPriority)
      .ice_controlling(tie_breaker_)
      .use_candidate()
      .message_integrity(std::string_view(remote_.password))
      .fingerprint();
  socket_.send(message.bytes());
  ++counters_.checks;
  check_sent_at_ = now;
  next_check_ = now + (counters_.answers == 0 ? kFirstChecks : kConsentChecks);
}

/// Of any check, not of the latest alone: on a slow way the next one leaves before its answer.
bool ClientTransport::is_of_a_check(const stun::TransactionId& id) const {
  return std::equal(id.begin(), id.end() - 1, transaction_.begin());
}

/// Of a server that is no ICE-lite one (RFC 8445 §7.3).
void ClientTransport::answer_check(const stun::MessageView& check) {
  if (!check.verify_integrity(kPassword)) return;
  std::array<std::uint8_t, 256> buffer;
  stun::MessageBuilder message(buffer, stun::Class::SuccessResponse, stun::Method::Binding,
                               check.transaction_id());
  message.xor_mapped_address(remote_.server).message_integrity(kPassword).fingerprint();
  socket_.send(message.bytes());
}

void ClientTransport::handle_stun(Timestamp now, Bytes datagram) {
  const auto message = stun::MessageView::parse(datagram);
  if (message && message->message_class() == stun::Class::Request) return answer_check(*message);
  if (!message || message->message_class() != stun::Class::SuccessResponse ||
      !is_of_a_check(message->transaction_id()) ||
      !message->verify_integrity(std::string_view(remote_.password)))
    return;
  ++counters_.answers;
  last_answer_ = now;
  if (!times_.check) times_.check = now - check_sent_at_;
  next_check_ = check_sent_at_ + kConsentChecks;
  dtls_.start(now);
  drain_dtls(now);
}

void ClientTransport::drain_dtls(Timestamp now) {
  while (const auto datagram = dtls_.poll_transmit()) {
    socket_.send(*datagram);
    if (!flight_sent_at_) flight_sent_at_ = now;
  }
  while (const auto event = dtls_.poll_event()) {
    if (const auto* connected = std::get_if<dtls::Connected>(&*event)) {
      inbound_.emplace(connected->remote, shared_.ciphers);
      outbound_.emplace(connected->local, shared_.ciphers);
      times_.connected = now;
      flight_sent_at_.reset();
    } else if (const auto* failed = std::get_if<dtls::Failed>(&*event)) {
      failure_ = "DTLS: " + failed->detail;
    } else if (std::get_if<dtls::Closed>(&*event)) {
      failure_ = "the server closed DTLS";
    }
  }
}

void ClientTransport::send_rtp(MutableBytes packet_and_room) {
  if (!outbound_) return;
  const Bytes packet = packet_and_room.first(packet_and_room.size() - kRtpRoom);
  const auto header_size = srtp::rtp_header_size(packet);
  if (!header_size) return;
  const auto size = outbound_->protect_rtp({.header = packet.first(*header_size),
                                            .payload_prefix = {},
                                            .payload = packet.subspan(*header_size),
                                            .out = packet_and_room});
  if (size) socket_.send(packet_and_room.first(*size));
}

void ClientTransport::send_rtcp(Bytes compound) {
  if (!outbound_ || compound.empty()) return;
  std::array<std::uint8_t, 1500> out;
  const auto size = outbound_->protect_rtcp(compound, out);
  if (size) socket_.send(Bytes(out).first(*size));
}

std::optional<srtp::Profile> ClientTransport::profile() const {
  return outbound_ ? std::optional(outbound_->profile()) : std::nullopt;
}

}  // namespace sfu::load
