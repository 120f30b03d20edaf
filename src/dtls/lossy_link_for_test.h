#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "crypto/certificate.h"
#include "dtls/association.h"

namespace sfu::dtls {

/// Two certificates, made once: their keys take most of the time of a test.
inline const crypto::Certificate& certificate_for_test(Role role) {
  static const crypto::Certificate client = crypto::Certificate::generate();
  static const crypto::Certificate server = crypto::Certificate::generate();
  return role == Role::Client ? client : server;
}

/// One end of the link and what its association reported.
struct LinkEnd {
  LinkEnd(Role role, std::size_t mtu)
      : context(certificate_for_test(role)), association(context, {.role = role, .mtu = mtu}) {}

  const crypto::Certificate& certificate() const {
    return certificate_for_test(association.role());
  }
  void set_remote_fingerprint(const LinkEnd& peer) {
    association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                       peer.certificate().sha256_fingerprint());
  }
  void drain_events() {
    while (auto event = association.poll_event()) {
      if (auto* keys = std::get_if<Connected>(&*event)) connected = *keys;
      if (auto* failure = std::get_if<Failed>(&*event)) failed = *failure;
      if (std::holds_alternative<Closed>(*event)) closed = true;
    }
  }

  Context context;
  Association association;
  std::optional<Connected> connected;
  std::optional<Failed> failed;
  bool closed = false;
};

/// A client and a server, joined by a link that loses, delays, duplicates and reorders on a virtual
/// clock. The client starts at once.
class LossyLink {
 public:
  struct Options {
    std::size_t mtu = 1200;
    std::uint32_t seed = 1;
  };

  LossyLink() : LossyLink(Options{}) {}
  explicit LossyLink(Options options)
      : client(Role::Client, options.mtu),
        server(Role::Server, options.mtu),
        random_(options.seed) {}

  void exchange_fingerprints() {
    client.set_remote_fingerprint(server);
    server.set_remote_fingerprint(client);
  }

  void run_for(TimeDelta span) {
    const Timestamp end = now + span;
    if (!std::exchange(started_, true)) client.association.start(now);
    collect();
    for (Timestamp next = next_event(); next <= end; next = next_event()) {
      now = std::max(now, next);
      while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
        const auto [to, datagram] = std::move(in_flight_.extract(in_flight_.begin()).mapped());
        to->association.handle_datagram(now, datagram);
        collect();
      }
      for (LinkEnd* one : {&client, &server}) {
        const auto deadline = one->association.next_timeout();
        if (deadline && *deadline <= now) one->association.handle_timeout(now);
      }
      collect();
    }
    now = end;
  }

  bool both_connected() const { return client.connected && server.connected; }

  LinkEnd client, server;
  Timestamp now{};
  TimeDelta delay = std::chrono::milliseconds(10), jitter{};
  double loss = 0, duplication = 0;
  /// Whether the datagram of this number, in order of sending by either end, is lost.
  std::function<bool(std::size_t)> lose = [](std::size_t) { return false; };
  /// What becomes on its way of the datagram of this number.
  std::function<void(std::size_t, std::vector<std::uint8_t>&)> alter =
      [](std::size_t, std::vector<std::uint8_t>&) {};

  std::size_t datagrams_sent = 0, largest_datagram = 0;
  std::vector<Timestamp> sent_at;
  std::vector<std::vector<std::uint8_t>> transcript;

 private:
  Timestamp next_event() const {
    Timestamp next = in_flight_.empty() ? Timestamp::max() : in_flight_.begin()->first;
    for (const LinkEnd* one : {&client, &server})
      next = std::min(next, one->association.next_timeout().value_or(Timestamp::max()));
    return next;
  }

  void collect() {
    for (auto [from, to] : {std::pair(&client, &server), std::pair(&server, &client)}) {
      from->drain_events();
      while (auto datagram = from->association.poll_transmit()) {
        transcript.push_back(*datagram);
        sent_at.push_back(now);
        largest_datagram = std::max(largest_datagram, datagram->size());
        const std::size_t number = datagrams_sent++;
        const bool lost = lose(number) || chance(loss);
        alter(number, *datagram);
        const int copies = lost ? 0 : chance(duplication) ? 2 : 1;
        for (int i = 0; i < copies; ++i)
          in_flight_.emplace(now + delay +
                                 TimeDelta(static_cast<std::int64_t>(
                                     static_cast<double>(jitter.count()) * fraction())),
                             std::pair(to, *datagram));
      }
    }
  }

  double fraction() { return static_cast<double>(random_()) / 4294967296.0; }
  bool chance(double probability) { return probability > 0 && fraction() < probability; }

  std::mt19937 random_;
  std::multimap<Timestamp, std::pair<LinkEnd*, std::vector<std::uint8_t>>> in_flight_;
  bool started_ = false;
};

}  // namespace sfu::dtls
