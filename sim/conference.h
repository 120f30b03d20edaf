#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "dtls/seeded_openssl_random.h"
#include "ortc/consumer_parameters.h"
#include "ortc/producer_parameters.h"
#include "sim/browser.h"
#include "sim/network.h"
#include "sim/server_host.h"

namespace sfu::sim {

/// Whole meetings on the virtual network: one worker's core, browsers, and the part of the service,
/// which here is instant. The same seed replays the same run.
class Conference {
 public:
  struct Publishing {
    bool audio = true;
    bool video = true;
    std::size_t simulcast_layers = 1;
  };
  struct Member {
    Member(std::string n, RouterId r, std::unique_ptr<Browser> b)
        : name(std::move(n)), router(r), browser(std::move(b)) {}

    std::string name;
    RouterId router;
    std::unique_ptr<Browser> browser;
    TransportId send;
    TransportId receive;
    struct Published {
      ProducerId id;
      ortc::ProducerParameters parameters;
      ortc::MediaKind kind = ortc::MediaKind::Audio;
    };
    std::vector<Published> producers;
    struct Viewed {
      ConsumerId id;
      ProducerId producer;
      Ssrc ssrc;
      ortc::MediaKind kind = ortc::MediaKind::Audio;
      StreamReceiver* receiver = nullptr;
    };
    std::vector<Viewed> consumers;
    int next_mid = 0;
    std::size_t publisher_number = 0;
  };

  explicit Conference(std::uint64_t seed);
  ~Conference();

  RouterId open_room();
  /// Joins, publishes, and views all that others of the room publish; they view it in turn.
  Member& join(RouterId room, Publishing publishing);
  Member& join(RouterId room) { return join(room, Publishing{}); }
  void leave(Member& member);
  void publish(Member& member, Publishing publishing);

  /// Sends one command and returns its reply; other events are kept in events().
  Result<core::ReplyValue, core::CommandError> request(core::Command command);

  void run_for(TimeDelta span) {
    network_.run_for(span);
    collect_events();
  }
  Network& network() { return network_; }
  Timestamp now() const { return network_.now(); }
  std::vector<std::unique_ptr<Member>>& members() { return members_; }
  const std::vector<core::Event>& events() {
    collect_events();
    return events_;
  }
  const IpAddress& server_address() const { return server_address_; }
  std::vector<std::string> complaints() const;
  core::WorkerStats worker_stats();

 private:
  PeerChannel::Remote open_transport(RouterId room, TransportId transport);
  void view(Member& viewer, const Member::Published& published);
  void produce(Member& member, ortc::MediaKind kind, std::size_t layers);
  void collect_events();

  const std::uint64_t seed_;
  const dtls::SeededOpensslRandom openssl_random_;
  crypto::SeededRandom random_;
  const crypto::Certificate server_certificate_;
  const crypto::Certificate client_certificate_;
  const dtls::Context client_context_;
  const IpAddress server_address_;
  core::WorkerCore core_;
  ServerHost server_;
  Network network_;
  ortc::SsrcAllocator ssrcs_{random_};
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<core::Event> events_;
  std::uint64_t next_request_ = 1;
  std::size_t joined_ = 0;
};

}  // namespace sfu::sim
