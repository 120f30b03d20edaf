#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "dtls/context.h"
#include "endurance/carrier.h"
#include "endurance/journal.h"
#include "load/rtp_parameters.h"
#include "load/signaling_connection.h"
#include "sim/browser.h"

namespace sfu::endurance {

/// What all people of a run share.
struct World {
  const load::ServerAddress& server;
  IpAddress server_ip;
  const dtls::Context& dtls;
  std::string fingerprint;  // Of the certificate that all clients have.
  RandomSource& random;
  Journal& journal;
  TimeDelta grace;  // The server's RECONNECT_GRACE_SECONDS.
  /// Counts the server's processes: what an earlier one kept is gone.
  std::uint32_t server_number = 0;
};

/// Somebody in a meeting who does what docs/api.md asks of a client: publishes, views everybody,
/// comes back with `resume` where signaling breaks, begins anew where nothing was kept, restarts
/// ICE where the server says that consent is lost. Media is that of the simulator's browser, on
/// sockets of this machine. What befalls it is asked of it from outside.
class Person final : private sim::Outbox {
 public:
  struct Identity {
    std::string user_id;
    std::string token;
    std::string room;
  };
  enum class Stage : std::uint8_t { Away, Joining, Settled };

  /// `world` outlives it.
  Person(World& world, Identity identity, std::uint64_t seed);
  ~Person();

  void come(Timestamp now);
  /// Whatever has arrived or is due.
  void step(Timestamp now);

  const Identity& identity() const { return identity_; }
  /// In the meeting, with all that it wants to send accepted and both transports connected.
  bool settled() const { return stage_ == Stage::Settled && !gone_for_long_; }
  /// Since when it has been trying to join, or to come back.
  std::optional<Timestamp> waiting_since() const;
  /// Sent, by its own account, and not paused.
  bool publishes(std::string_view media) const;
  /// Decoded so far of what somebody publishes.
  std::uint64_t frames_from(const std::string& publisher, const std::string& media) const;
  /// Whether it still has something of this publisher.
  bool sees(const std::string& publisher) const;
  std::uint64_t frames_decoded() const { return frames_decoded_; }
  static const std::vector<std::string>& all_media();
  /// Adds up what it saw. It does nothing any more afterwards.
  void finish();

  // --- what befalls it ---

  enum class Ending : std::uint8_t { Reset, Silent };
  /// Signaling ends, and is tried again soon.
  void lose_signaling(Timestamp now, Ending ending);
  /// Neither signaling nor media until thaw(). `for_long`: nobody has to see it meanwhile.
  void freeze(Timestamp now, bool for_long);
  void thaw(Timestamp now);
  void close_tab();
  void leave();
  void restart_ice(Timestamp now);
  void change_ports();
  void rebind_ports();
  void switch_protocol();
  void set_loss(double to_server, double from_server);
  void stop_reading(bool stopped) { deaf_ = stopped; }
  void send_garbage(RandomSource& random);
  void set_paused(Timestamp now, const std::string& media, bool paused);
  void share_screen(Timestamp now, bool shared);

 private:
  struct Track {
    std::string media;
    bool is_video = false;
    bool wanted = false;
    bool paused = false;
    bool asked = false;     // For its producer.
    bool produced = false;  // And got it.
    bool resuming = false;  // The server has not said yet that it is paused no longer.
    Ssrc ssrc;
    std::string mid;
    sim::StreamSender* sender = nullptr;
  };
  struct Consumer {
    std::string publisher;
    std::string media;
    Ssrc ssrc;
  };
  using Reply = load::SocketIoClient::Reply;
  using Then = std::function<void(Timestamp now, const Reply& reply)>;

  void connect(Timestamp now);
  void step_signaling(Timestamp now);
  void step_media(Timestamp now);
  void join(Timestamp now);
  void begin_anew(Timestamp now, const boost::json::object& fields);
  void come_back(Timestamp now, const boost::json::object& fields);
  void note_lost_stay(Timestamp now);
  void open(Timestamp now, const std::string& direction, const boost::json::object& fields);
  void settle(Timestamp now);
  void handle_event(Timestamp now, const load::SocketIoClient::Event& event);
  void request(Timestamp now, std::string_view name, const boost::json::value& payload, Then then);
  void restart_direction(Timestamp now, const std::string& direction);
  void produce(Timestamp now, Track& track);
  void start_sending(Timestamp now);
  void stop_sending(Track& track);
  void add_consumer(Timestamp now, const boost::json::value& event);
  void remove_consumer(const std::string& id);
  void reconcile_tracks(Timestamp now, const boost::json::object& fields);
  void reconcile_consumers(Timestamp now, const boost::json::object& fields);
  void collect_complaints(const sim::StreamReceiver& receiver);
  const sim::StreamReceiver* receiver_of(const Consumer& consumer) const;
  Track& track(std::string_view media);
  bool lost(double share) { return share > 0 && random_.next_u32() < share * 4294967296.0; }
  void send(const Path& path, Bytes datagram) override;

  World& world_;
  const Identity identity_;
  crypto::SeededRandom random_;
  Stage stage_ = Stage::Away;
  bool connected_once_ = false;  // Of this connection: it has asked to join.
  std::optional<load::SignalingConnection> signaling_;
  std::list<load::SignalingConnection> silent_;  // Old ones, of whose end nobody was told.
  bool give_up_connection_ = false;              // At the next step.
  Timestamp retry_at_;
  std::optional<Timestamp> joining_since_;
  std::optional<Timestamp> absent_since_;
  Timestamp awake_since_;
  std::uint32_t connected_to_server_ = 0;  // Its number: of the connection,
  std::uint32_t settled_at_server_ = 0;    // and of what keeps the stay.
  bool frozen_ = false;
  bool gone_for_long_ = false;
  bool deaf_ = false;
  double loss_to_server_ = 0;
  double loss_from_server_ = 0;

  std::unique_ptr<sim::Browser> browser_;
  std::map<std::uint16_t, std::unique_ptr<Carrier>> carriers_;  // By what the browser calls them.
  std::uint16_t next_port_ = 7000;
  IpProtocol protocol_ = IpProtocol::Udp;
  Endpoint udp_, tcp_;  // Of the server.
  boost::json::object router_capabilities_;
  bool capabilities_set_ = false;
  std::set<std::string> restarting_;  // Directions whose ICE restart was asked for.
  std::vector<Track> tracks_;
  std::uint32_t next_mid_ = 0;
  std::map<std::string, Consumer> consumers_;  // By id.
  /// Of consumers that are gone, by publisher and media.
  std::map<std::pair<std::string, std::string>, std::uint64_t> earlier_frames_;
  std::uint64_t frames_decoded_ = 0;
};

}  // namespace sfu::endurance
