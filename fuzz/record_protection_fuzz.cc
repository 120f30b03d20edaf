#include <algorithm>
#include <array>
#include <vector>

#include "crypto/certificate.h"
#include "dtls/record_protection.h"
#include "dtls/tls_session.h"
#include "fuzz/script.h"
#include "sim/seeded_openssl_random.h"

namespace {

using namespace sfu;
using fuzz::require;

using Content = std::vector<std::uint8_t>;

struct Ends {
  dtls::RecordProtection client;
  dtls::RecordProtection server;
};

/// What a handshake between two of our own ends in. Each run begins with a copy.
const Ends& agreed() {
  static const Ends ends = [] {
    const sim::SeededOpensslRandom random(1);
    static const auto client_certificate = crypto::Certificate::generate();
    static const auto server_certificate = crypto::Certificate::generate();
    static const dtls::Context client_context(client_certificate);
    static const dtls::Context server_context(server_certificate);
    dtls::TlsSession client(client_context, dtls::Role::Client, 1200);
    dtls::TlsSession server(server_context, dtls::Role::Server, 1200);
    bool client_done = false, server_done = false;
    std::vector<Content> to_server;
    const auto note = [](dtls::TlsSession::Status status, bool& done) {
      if (status == dtls::TlsSession::Status::Done) done = true;
    };
    const auto first_flight = [](dtls::TlsSession& session) {
      auto flights = session.take_flights();
      return flights.empty() ? std::vector<Content>() : flights.front();
    };
    note(client.handshake({}), client_done);
    to_server = first_flight(client);
    for (int turn = 0; turn < 10 && !(client_done && server_done); ++turn) {
      for (const Content& datagram : to_server) note(server.handshake(datagram), server_done);
      for (const Content& datagram : first_flight(server))
        note(client.handshake(datagram), client_done);
      to_server = first_flight(client);
    }
    require(client_done && server_done);
    return Ends{client.record_protection(), server.record_protection()};
  }();
  return ends;
}

struct Sealed {
  dtls::ContentType type;
  Content content;
  Content record;
  bool opened = false;
};

class Conversation {
 public:
  void seal(fuzz::Script& script) {
    if (sealed_.size() == kMaxSealed) return;
    constexpr std::array<dtls::ContentType, 3> kTypes = {
        dtls::ContentType::ApplicationData, dtls::ContentType::Alert, dtls::ContentType::Handshake};
    const auto type = kTypes[script.byte() % kTypes.size()];
    const Bytes content = script.sized();
    Sealed made{type, {content.begin(), content.end()}, ends_.client.seal(type, content)};
    Bytes rest = made.record;
    const auto record = dtls::take_record(rest);
    require(record && rest.empty() && record->type == type && record->epoch == 1);
    sealed_.push_back(std::move(made));
  }

  /// Opens once what was sealed, where the window still reaches it, and never again.
  void deliver(fuzz::Script& script) {
    if (sealed_.empty()) return;
    const std::size_t number = script.byte() % sealed_.size();
    Sealed& chosen = sealed_[number];
    const auto content = open(chosen.record);
    require(content.has_value() == (!chosen.opened && number + kWindow > newest_));
    if (!content) return;
    require(*content == chosen.content);
    chosen.opened = true;
    newest_ = std::max(newest_, number);
  }

  /// No change of any bit is taken, and it takes nothing away from the true one.
  void forge(fuzz::Script& script) {
    if (sealed_.empty()) return;
    Content changed = sealed_[script.byte() % sealed_.size()].record;
    changed[script.word() % changed.size()] ^= static_cast<std::uint8_t>(1 << script.byte() % 8);
    require(!open(changed));
  }

  void invent(fuzz::Script& script) {
    const Bytes bytes = script.sized();
    Content datagram(bytes.begin(), bytes.end());
    require(!open(datagram));
  }

  void answer(fuzz::Script& script) {
    const Bytes content = script.sized();
    const Content record = ends_.server.seal(dtls::ContentType::ApplicationData, content);
    Bytes rest = record;
    const auto taken = dtls::take_record(rest);
    const auto opened = ends_.client.open(*taken);
    require(opened && std::ranges::equal(*opened, content));
  }

 private:
  std::optional<Content> open(const Content& datagram) {
    Bytes rest = datagram;
    const auto record = dtls::take_record(rest);
    return record ? ends_.server.open(*record) : std::nullopt;
  }

  static constexpr std::size_t kWindow = 64;
  static constexpr std::size_t kMaxSealed = 3 * kWindow;

  Ends ends_ = agreed();
  std::vector<Sealed> sealed_;
  std::size_t newest_ = 0;  // Of those that were opened.
};

}  // namespace

/// Properties: what one end seals the other opens as it was, once, in any order within the window;
/// nothing else is ever opened.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Script script(data, size);
  Conversation conversation;
  while (!script.done()) {
    switch (script.byte() % 8) {
      case 0:
      case 1: conversation.seal(script); break;
      case 2:
      case 3:
      case 4: conversation.deliver(script); break;
      case 5: conversation.forge(script); break;
      case 6: conversation.invent(script); break;
      default: conversation.answer(script); break;
    }
  }
  return 0;
}
