#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/link_for_test.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "dtls/context.h"
#include "ortc/consumer_parameters.h"
#include "ortc/producer_parameters.h"
#include "sim/browser.h"
#include "sim/network.h"
#include "sim/seeded_openssl_random.h"
#include "sim/server_host.h"

namespace sfu::sim {

/// Whole meetings on the virtual network: the core of one worker or of several, browsers, and the
/// part of the service, which here is instant. The same seed replays the same run.
class Conference {
 public:
  struct Options {
    std::uint64_t seed = 1;
    /// One port on each of them.
    std::vector<IpAddress> server_addresses = {IpAddress::v4(0x0a000001)};
    /// One more worker at each of them, linked with all others.
    std::vector<IpAddress> more_workers = {};
    /// Of the worker; its candidates and certificate are the conference's.
    core::WorkerCore::Config limits{};
  };
  struct Publishing {
    bool audio = true;
    bool video = true;
    std::size_t simulcast_layers = 1;
    /// Of a video frame of the lowest layer that is no key frame.
    int packets_per_frame = 2;
    /// What its packets are said to be; they are VP8, whatever this says.
    std::string_view video_codec = "video/VP8";
  };
  struct Manner {
    std::size_t worker = 0;              // Where both transports are.
    std::size_t server_address = 0;      // To which of that worker's the client talks.
    bool connects = true;                // Says its fingerprint in signaling at once.
    bool resumes = true;                 // Resumes each consumer at once.
    std::optional<IpAddress> address{};  // Its own.
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
      std::size_t worker = 0;
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
    Manner manner;
  };

  explicit Conference(std::uint64_t seed) : Conference(Options{.seed = seed}) {}
  explicit Conference(const Options& options);
  ~Conference();

  RouterId open_room();
  /// Joins, publishes, and views all that others of the room publish; they view it in turn.
  Member& join(RouterId room, Publishing publishing, Manner manner);
  Member& join(RouterId room, Publishing publishing) { return join(room, publishing, Manner{}); }
  Member& join(RouterId room) { return join(room, Publishing{}); }
  /// Says in signaling what certificate the member has; by default the true one.
  void connect(Member& member);
  void connect(Member& member, const std::string& fingerprint);
  void leave(Member& member);
  void publish(Member& member, Publishing publishing);
  /// Closes the producer, and all that views it.
  void unpublish(Member& member, ProducerId producer);
  /// The client behind the member goes on from another machine address.
  void move(Member& member, const IpAddress& address);
  void swap_addresses(Member& a, Member& b);
  /// To another address of its worker, from an address of its own of that family.
  void move_to_server_address(Member& member, std::size_t server_address, const IpAddress& address);
  /// New ICE credentials for both of the member's transports; its client learns of them after
  /// `signaling`, and goes on with the former until then.
  void restart_ice(Member& member, TimeDelta signaling = {});

  /// What `viewer` sees or hears of `publisher`.
  static Member::Viewed& viewed(Member& viewer, const Member& publisher, ortc::MediaKind kind);
  static StreamReceiver& video(Member& viewer, const Member& publisher) {
    return *viewed(viewer, publisher, ortc::MediaKind::Video).receiver;
  }
  static StreamReceiver& audio(Member& viewer, const Member& publisher) {
    return *viewed(viewer, publisher, ortc::MediaKind::Audio).receiver;
  }
  static const Member::Published& published(const Member& publisher, ortc::MediaKind kind);
  /// An encoding of the member's video.
  static StreamSender& video_sender(Member& member, std::uint8_t layer = 0);
  static StreamSender& audio_sender(Member& member);

  /// Sends one command to the first worker, or to the member's, and returns its reply; other events
  /// are kept in events().
  Result<core::ReplyValue, core::CommandError> request(core::Command command) {
    return request(0, std::move(command));
  }
  Result<core::ReplyValue, core::CommandError> request(const Member& member,
                                                       core::Command command) {
    return request(member.manner.worker, std::move(command));
  }

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
  const IpAddress& server_address() const { return workers_.front()->addresses.front(); }
  core::WorkerCore& core() { return *workers_.front()->core; }
  LinkForTest& link(std::size_t from, std::size_t to) {
    return *links_[from * workers_.size() + to];
  }
  std::vector<std::string> complaints() const;
  core::WorkerStats worker_stats(std::size_t worker = 0);
  core::TransportStats transport_stats(TransportId transport);
  /// Texts of all Diagnostic events so far.
  std::vector<std::string> diagnostics();

 private:
  struct Worker {
    std::vector<IpAddress> addresses;
    std::unique_ptr<core::WorkerCore> core;
    std::unique_ptr<ServerHost> host;
  };
  using PipeKey = std::pair<ProducerId, std::size_t>;  // The viewers' worker.

  void add_worker(const Options& options, std::size_t index);
  Result<core::ReplyValue, core::CommandError> request(std::size_t worker, core::Command command);
  /// Makes the producer known on this worker.
  void open_pipe(RouterId room, const Member::Published& published, std::size_t worker);
  void close_pipes(const Member::Published& published);
  PeerChannel::Remote open_transport(RouterId room, TransportId transport, const Manner& manner);
  void drop_views_of(const std::vector<ProducerId>& producers);
  void view(Member& viewer, const Member::Published& published);
  void produce(Member& member, ortc::MediaKind kind, const Publishing& publishing);
  void collect_events();

  const std::uint64_t seed_;
  const SeededOpensslRandom openssl_random_;
  crypto::SeededRandom random_;
  const crypto::Certificate server_certificate_;
  const crypto::Certificate client_certificate_;
  const dtls::Context client_context_;
  std::vector<std::unique_ptr<LinkForTest>> links_;  // By who writes, then by who reads.
  std::vector<std::unique_ptr<Worker>> workers_;
  std::map<PipeKey, PipeId> pipes_;
  std::uint32_t pipes_opened_ = 0;
  Network network_;
  ortc::SsrcAllocator ssrcs_{random_};
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<core::Event> events_;
  std::uint64_t next_request_ = 1;
  std::size_t joined_ = 0;
};

}  // namespace sfu::sim
