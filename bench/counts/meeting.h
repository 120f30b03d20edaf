#pragma once

#include <cstdint>
#include <functional>
#include <latch>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "bench/counts/agenda.h"
#include "bench/counts/load.h"
#include "bench/counts/publisher.h"
#include "bench/counts/viewer.h"
#include "bench/counts/virtual_kernel.h"
#include "bench/counts/wrapped_calls.h"
#include "core/events.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "ortc/consumer_parameters.h"
#include "ortc/producer_parameters.h"
#include "sim/seeded_openssl_random.h"
#include "worker/worker_thread.h"

namespace sfu::counts {

/// What one load asked of a worker in the measured second.
struct Report {
  std::uint64_t forwarded = 0;  // Packets that reached a viewer.
  VirtualKernel::Counters calls;
  /// From a packet's arrival at the server to its leaving, of one viewer's packets, virtual time.
  VirtualTime delay_p50{};
  VirtualTime delay_p99{};
  /// Why the run cannot count; empty for a good one.
  std::string fault;
};

/// A worker with a load on it, on the virtual network. All happens on the worker's thread, inside
/// its calls of the kernel, so a run is the same each time.
class Meeting {
 public:
  explicit Meeting(const Load& load);

  Report run();

 private:
  struct Client {
    RouterId room;
    TransportId transport;
    std::size_t room_number;
    bool publishes;
  };

  void deliver(std::vector<core::Event> events);
  void post(core::Command command);
  /// Calls it when all that was posted has been answered.
  void then(void (Meeting::*step)());
  void open_rooms();
  void open_transport(RouterId room, std::size_t room_number, bool publishes);
  void connect();
  std::unique_ptr<Peer> make_publisher(const Client& client, const Endpoint& local,
                                       sim::PeerChannel::Remote remote);
  std::unique_ptr<Peer> make_viewer(const Client& client, const Endpoint& local,
                                    sim::PeerChannel::Remote remote);
  void await_connections(VirtualTime now);
  void publish();
  void view(const Client& viewer);
  void start();
  void begin();
  void end();
  std::uint64_t forwarded() const;
  std::string find_fault() const;
  void note_delay(VirtualTime now, Bytes payload);

  const Load& load_;
  const sim::SeededOpensslRandom openssl_random_;
  crypto::SeededRandom random_;
  const crypto::Certificate server_certificate_;
  const crypto::Certificate client_certificate_;
  const dtls::Context client_context_;
  Agenda agenda_;
  VirtualKernel kernel_;
  const KernelInUse kernel_in_use_;
  ortc::SsrcAllocator ssrcs_{random_};

  std::vector<Client> clients_;
  std::vector<core::TransportCreated> created_;  // By client.
  std::vector<std::unique_ptr<Peer>> peers_;     // By client.
  std::vector<Publisher*> publishers_;
  std::vector<Viewer*> viewers_;
  std::vector<ortc::ProducerParameters> produced_;  // By publisher.
  std::vector<ProducerId> producers_;               // By publisher.

  std::uint64_t next_request_ = 1;
  std::size_t unanswered_ = 0;
  void (Meeting::*next_step_)() = nullptr;
  Report before_;
  Report report_;
  std::vector<VirtualTime> delays_;
  bool measuring_ = false;
  std::latch done_{1};
  std::unique_ptr<worker::WorkerThread> worker_;
};

}  // namespace sfu::counts
