#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "crypto/certificate.h"
#include "dtls/association.h"
#include "fuzz/script.h"
#include "sim/seeded_openssl_random.h"

namespace {

using namespace sfu;
using namespace std::chrono_literals;

using sfu::fuzz::require;

using Datagram = std::vector<std::uint8_t>;

struct End {
  End(const dtls::Context& context, dtls::Role role, const crypto::Certificate& own)
      : association(context, {.role = role}), certificate(own) {}

  dtls::Association association;
  const crypto::Certificate& certificate;
  const crypto::Certificate* expected = nullptr;  // Whose fingerprint it was told first.
  std::deque<Datagram> inbox;
  std::optional<dtls::Connected> connected;
  bool ended = false;
};

/// A client and a server between whom the fuzzer decides what arrives, and forges.
class Conversation {
 public:
  struct Side {
    const dtls::Context& context;
    const crypto::Certificate& certificate;
  };

  Conversation(const Side& client, const Side& server)
      : ends_{End(client.context, dtls::Role::Client, client.certificate),
              End(server.context, dtls::Role::Server, server.certificate)} {
    ends_[0].association.start(now_);
    drain();
  }

  void learn_fingerprint(std::size_t to, const crypto::Certificate& peer) {
    if (!ends_[to].expected) ends_[to].expected = &peer;
    ends_[to].association.set_remote_fingerprint(crypto::HashAlgorithm::Sha256,
                                                 peer.sha256_fingerprint());
    drain();
  }
  void forge(std::size_t to, Bytes datagram) {
    ends_[to].association.handle_datagram(now_, datagram);
    drain();
  }
  void deliver(std::size_t to, bool keep, std::optional<std::size_t> flip) {
    if (ends_[to].inbox.empty()) return;
    Datagram datagram = ends_[to].inbox.front();
    if (!keep) ends_[to].inbox.pop_front();
    if (flip) datagram[*flip % datagram.size()] ^= 0x10;
    forge(to, datagram);
  }
  void lose(std::size_t to) {
    if (!ends_[to].inbox.empty()) ends_[to].inbox.pop_front();
  }
  void wait() {
    std::optional<Timestamp> next;
    for (End& end : ends_) {
      const auto deadline = end.association.next_timeout();
      require(!deadline || *deadline > now_);
      if (deadline && (!next || *deadline < *next)) next = deadline;
    }
    if (!next) return;
    now_ = *next;
    for (End& end : ends_) end.association.handle_timeout(now_);
    drain();
  }
  void close(std::size_t which) {
    ends_[which].association.close();
    drain();
  }

  void require_agreement() const {
    if (!ends_[0].connected || !ends_[1].connected) return;
    require(std::ranges::equal(ends_[0].connected->local.key(), ends_[1].connected->remote.key()));
    require(std::ranges::equal(ends_[1].connected->local.key(), ends_[0].connected->remote.key()));
  }

 private:
  void drain() {
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      End& end = ends_[i];
      while (auto datagram = end.association.poll_transmit()) {
        require(!datagram->empty() && datagram->size() <= 1200);
        ends_[1 - i].inbox.push_back(std::move(*datagram));
      }
      while (auto event = end.association.poll_event()) {
        require(!end.ended);
        if (auto* keys = std::get_if<dtls::Connected>(&*event)) {
          require(!end.connected);
          require(end.expected == &ends_[1 - i].certificate);
          end.connected = std::move(*keys);
        } else {
          end.ended = true;
        }
      }
    }
  }

  Timestamp now_{};
  std::array<End, 2> ends_;
};

}  // namespace

/// Each step is a byte that says what happens and to whom, and one that says more.
/// Properties: time moves on, nothing follows an end, who connects was told the fingerprint of whom
/// it connects to, and two ends that connect have the same keys.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto client_certificate = crypto::Certificate::generate();
  static const auto server_certificate = crypto::Certificate::generate();
  static const dtls::Context client_context(client_certificate), server_context(server_certificate);

  const sim::SeededOpensslRandom random(1);
  Conversation conversation({client_context, client_certificate},
                            {server_context, server_certificate});
  for (Bytes rest(data, size); rest.size() >= 2;) {
    const std::size_t to = rest[0] & 1;
    const std::uint8_t more = rest[1];
    const std::uint8_t step = rest[0] >> 1 & 7;
    rest = rest.subspan(2);
    switch (step) {
      case 0: conversation.deliver(to, /*keep=*/false, std::nullopt); break;
      case 1: conversation.deliver(to, /*keep=*/true, std::nullopt); break;
      case 2: conversation.deliver(to, /*keep=*/false, more); break;
      case 3: conversation.lose(to); break;
      case 4: conversation.wait(); break;
      case 5:
        conversation.learn_fingerprint(to,
                                       (more & 1) != 0 ? server_certificate : client_certificate);
        break;
      case 6: {
        const Bytes forged = rest.first(std::min<std::size_t>(more, rest.size()));
        conversation.forge(to, forged);
        rest = rest.subspan(forged.size());
        break;
      }
      default: conversation.close(to); break;
    }
  }
  conversation.require_agreement();
  return 0;
}
