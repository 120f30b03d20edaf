#include "sim/peer_channel.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "rtcp/packet.h"
#include "stun/message.h"
#include "stun/message_builder.h"

namespace sfu::sim {

PeerChannel::PeerChannel(const dtls::Context& context, const Endpoint& local, Remote remote,
                         RandomSource& random)
    : local_(local),
      remote_(std::move(remote)),
      random_(random),
      dtls_(context, {.role = dtls::Role::Client}) {}

void PeerChannel::start(Timestamp now) {
  dtls_.set_remote_fingerprint(crypto::HashAlgorithm::Sha256, remote_.sha256_fingerprint);
  send_check(now);
}

std::optional<PeerChannel::Plain> PeerChannel::handle_datagram(Timestamp now, const Path& path,
                                                               Bytes datagram) {
  if (path.local != local_ || datagram.empty()) return std::nullopt;
  if (path.remote != remote_.server) {
    ++strays_;
    return std::nullopt;
  }
  if (datagram[0] <= 3) {
    handle_stun(now, datagram);
    return std::nullopt;
  }
  if (datagram[0] < 64) {
    dtls_.handle_datagram(now, datagram);
    drain_dtls();
    return std::nullopt;
  }
  if (!inbound_) return std::nullopt;
  Plain plain{rtcp::looks_like_rtcp(datagram), {datagram.begin(), datagram.end()}};
  const auto opened =
      plain.is_rtcp ? inbound_->unprotect_rtcp(plain.bytes) : inbound_->unprotect_rtp(plain.bytes);
  if (!opened) return std::nullopt;
  plain.bytes.resize(opened->size());
  return plain;
}

void PeerChannel::handle_timeout(Timestamp now) {
  if (next_check_ && *next_check_ <= now) send_check(now);
  dtls_.handle_timeout(now);
  drain_dtls();
}

Timestamp PeerChannel::next_timeout() const {
  return std::min(next_check_.value_or(Timestamp::max()),
                  dtls_.next_timeout().value_or(Timestamp::max()));
}

void PeerChannel::flush(Outbox& outbox) {
  for (const auto& [path, datagram] : outbox_) outbox.send(path, datagram);
  outbox_.clear();
}

void PeerChannel::send_rtp(Bytes packet) {
  if (!outbound_) return;
  std::vector<std::uint8_t> out(packet.size() + srtp::kMaxRtpOverhead);
  const auto header_size = srtp::rtp_header_size(packet);
  SFU_CHECK(header_size);
  const auto size = outbound_->protect_rtp({.header = packet.first(*header_size),
                                            .payload_prefix = {},
                                            .payload = packet.subspan(*header_size),
                                            .padding = 0,
                                            .out = out});
  if (size) put(Bytes(out).first(*size));
}

void PeerChannel::send_rtcp(Bytes compound) {
  if (!outbound_ || compound.empty()) return;
  std::vector<std::uint8_t> out(compound.size() + srtp::kMaxRtcpOverhead);
  const auto size = outbound_->protect_rtcp(compound, out);
  if (size) put(Bytes(out).first(*size));
}

void PeerChannel::move_to(const Endpoint& local) {
  local_ = local;
  answered_ = false;
  next_check_ = Timestamp{};
}

void PeerChannel::talk_to(const Endpoint& server) {
  remote_.server = server;
  answered_ = false;
  next_check_ = Timestamp{};
}

void PeerChannel::restart_ice(std::string ufrag, std::string password) {
  remote_.ufrag = std::move(ufrag);
  remote_.password = std::move(password);
  answered_ = false;
  next_check_ = Timestamp{};
}

void PeerChannel::send_check(Timestamp now) {
  std::array<std::uint8_t, 256> buffer;
  stun::TransactionId id;
  random_.fill(id);
  stun::MessageBuilder message(buffer, stun::Class::Request, stun::Method::Binding, id);
  message.username(remote_.ufrag + ":browser")
      .priority(0x6e001eff)
      .ice_controlling(1)
      .use_candidate()
      .message_integrity(std::string_view(remote_.password))
      .fingerprint();
  put(message.bytes());
  next_check_ = now + (answered_ ? kLaterChecks : kFirstChecks);
}

void PeerChannel::handle_stun(Timestamp now, Bytes datagram) {
  const auto message = stun::MessageView::parse(datagram);
  if (!message || message->message_class() != stun::Class::SuccessResponse ||
      !message->verify_integrity(std::string_view(remote_.password)))
    return;
  answered_ = true;
  dtls_.start(now);
  drain_dtls();
}

void PeerChannel::drain_dtls() {
  while (const auto datagram = dtls_.poll_transmit()) put(*datagram);
  while (const auto event = dtls_.poll_event()) {
    if (const auto* connected = std::get_if<dtls::Connected>(&*event)) {
      inbound_.emplace(connected->remote, *ciphers_);
      outbound_.emplace(connected->local, *ciphers_);
    }
  }
}

void PeerChannel::put(Bytes datagram) {
  outbox_.emplace_back(path(), std::vector<std::uint8_t>(datagram.begin(), datagram.end()));
}

}  // namespace sfu::sim
