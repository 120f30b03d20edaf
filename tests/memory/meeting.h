#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "base/collecting_sink_for_test.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "ortc/consumer_parameters.h"
#include "ortc/producer_parameters.h"
#include "sim/peer_channel.h"
#include "sim/seeded_openssl_random.h"

namespace sfu::memory {

/// One worker's core, whose heap is on the account, and bare clients of it, whose is not.
class Meeting {
 public:
  struct Client {
    TransportId transport;
    std::unique_ptr<sim::PeerChannel> channel;
  };
  struct Published {
    ProducerId id;
    ortc::ProducerParameters parameters;
    ortc::MediaKind kind = ortc::MediaKind::Audio;
    Client* client = nullptr;
    std::uint16_t sequence_number = 1;
  };

  Meeting();

  /// A transport whose handshake has yet to come.
  Client& open();
  /// Lets all clients through their handshakes.
  void connect();
  Published publish(Client& client, ortc::MediaKind kind);
  ConsumerId view(Client& client, const Published& published);
  void resume(ConsumerId consumer);
  /// One packet of video, of a key frame where it is the first.
  void send(Published& published);
  /// Lets time pass, and with it timers.
  void run_for(TimeDelta span);
  void close(TransportId transport);

  Timestamp now() const { return now_; }

 private:
  core::ReplyValue request(core::Command command);
  void deliver(Client& client);
  void flush();

  const sim::SeededOpensslRandom openssl_random_{1};
  crypto::SeededRandom random_{1};
  const crypto::Certificate server_certificate_;
  const crypto::Certificate client_certificate_;
  const dtls::Context client_context_;
  std::unique_ptr<core::WorkerCore> core_;
  CollectingSink sink_;
  RouterId router_;
  std::list<Client> clients_;  // Each stays where it is.
  ortc::SsrcAllocator ssrcs_{random_};
  Timestamp now_{std::chrono::seconds(1000)};
  std::uint64_t requests_ = 0;
};

}  // namespace sfu::memory
