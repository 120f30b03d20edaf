#include <vector>

#include "fuzz/script.h"
#include "sim/conference.h"
#include "stun/message_builder.h"

namespace {

using namespace sfu;
using namespace std::chrono_literals;
using fuzz::require;
using fuzz::Script;

constexpr std::uint16_t kServerPort = 40000;

/// Two people in a whole call on the virtual network, and everything that may befall it: what they
/// send under their own keys, what others forge, time, loss, and what the service asks for.
class Call {
 public:
  Call() : conference_(1), room_(conference_.open_room()) {
    conference_.network().default_link = {.delay = 5ms};
    conference_.join(room_);
    conference_.join(room_, {.audio = false, .video = true, .simulcast_layers = 2});
    conference_.network().set_tap([this](Timestamp, const Path& path, Bytes datagram) {
      if (path.local.ip != conference_.server_address() || seen_.size() == 256) return;
      seen_.push_back({path, {datagram.begin(), datagram.end()}});
    });
    conference_.run_for(300ms);
    for (const auto& member : conference_.members())
      require(member->browser->send_connected() && member->browser->receive_connected());
  }

  void step(Script& script) {
    switch (script.byte() % 12) {
      case 0: pass(TimeDelta(script.byte() * 200)); break;
      case 1: pass(TimeDelta(script.byte() * 10'000)); break;
      case 2: member(script).browser->forge_rtp(rtp(script)); break;
      case 3: member(script).browser->forge_viewer_rtcp(rtcp(script)); break;
      case 4: member(script).browser->forge_publisher_rtcp(rtcp(script)); break;
      case 5: repeat(script); break;
      case 6: inject(from(script), script.sized()); break;
      case 7: change_consumer(script); break;
      case 8: change_producer(script); break;
      case 9: lose(script); break;
      case 10: check(script); break;
      case 11: come_or_go(script); break;
    }
  }

  void end() {
    conference_.run_for(100ms);
    while (!conference_.members().empty()) conference_.leave(*conference_.members().back());
    require(bool(conference_.request(core::CloseRouter{room_})));
    conference_.run_for(100ms);
    const core::WorkerStats stats = conference_.worker_stats();
    require(stats.routers + stats.transports + stats.producers + stats.consumers == 0);
    require(conference_.core().arena().in_use() == 0);
  }

 private:
  struct Seen {
    Path path;
    std::vector<std::uint8_t> bytes;
  };

  void pass(TimeDelta span) {
    span = std::min(span, time_left_);
    time_left_ -= span;
    conference_.run_for(span);
  }

  sim::Conference::Member& member(Script& script) {
    auto& members = conference_.members();
    return *members[script.byte() % members.size()];
  }

  /// A packet of one of the member's streams, or of nobody's, with whatever follows its number.
  std::vector<std::uint8_t> rtp(Script& script) {
    auto& senders = member(script).browser->senders();
    std::vector<std::uint8_t> packet(12);
    packet[0] = static_cast<std::uint8_t>(0x80 | (script.byte() & 0x10));
    packet[1] = script.byte();
    store_be16(packet, 2, script.word());
    store_be32(packet, 4, script.word());
    store_be32(packet, 8, script.byte());
    if (!senders.empty() && script.byte() % 4 != 0) {
      const auto& options = senders.front().options();
      packet[1] = static_cast<std::uint8_t>((packet[1] & 0x80) | options.payload_type);
      store_be32(packet, 8, options.ssrc.value);
    }
    const Bytes rest = script.sized();
    packet.insert(packet.end(), rest.begin(), rest.end());
    // An honest end cannot protect what has no whole header.
    if (!rtp::PacketView::parse(packet)) packet[0] = 0x80;
    return packet;
  }

  /// About one of the streams that the member views or sends.
  std::vector<std::uint8_t> rtcp(Script& script) {
    std::vector<std::uint8_t> packet(12);
    packet[0] = static_cast<std::uint8_t>(0x80 | (script.byte() & 0x3f));
    packet[1] = static_cast<std::uint8_t>(200 + script.byte() % 8);
    sim::Conference::Member& about = member(script);
    if (!about.consumers.empty())
      store_be32(packet, 8, about.consumers[script.byte() % about.consumers.size()].ssrc.value);
    const Bytes rest = script.sized();
    packet.insert(packet.end(), rest.begin(), rest.end());
    packet.resize(packet.size() / 4 * 4);
    store_be16(packet, 2, static_cast<std::uint16_t>(packet.size() / 4 - 1));
    return packet;
  }

  Endpoint from(Script& script) {
    const std::uint8_t choice = script.byte();
    if (choice % 4 == 0) return {IpAddress::v4(0x0a090909), choice};
    sim::Browser& browser = *member(script).browser;
    return choice % 2 == 0 ? browser.send_endpoint() : browser.receive_endpoint();
  }
  void inject(const Endpoint& source, Bytes datagram) {
    conference_.network().inject({source, {conference_.server_address(), kServerPort}}, datagram);
  }
  void repeat(Script& script) {
    Seen copy = seen_[script.byte() % seen_.size()];
    if (script.flag()) {
      std::uint8_t& byte = copy.bytes[script.word() % copy.bytes.size()];
      byte = static_cast<std::uint8_t>(byte ^ 1 << script.byte() % 8);
    }
    inject(script.flag() ? copy.path.remote : from(script), copy.bytes);
  }

  void change_consumer(Script& script) {
    sim::Conference::Member& viewer = member(script);
    if (viewer.consumers.empty()) return;
    const ConsumerId id = viewer.consumers[script.byte() % viewer.consumers.size()].id;
    switch (script.byte() % 5) {
      case 0: ask(core::PauseConsumer{id}); break;
      case 1: ask(core::ResumeConsumer{id}); break;
      case 2: ask(core::SetPreferredLayers{id, script.byte(), script.byte()}); break;
      case 3: ask(core::RequestKeyFrame{id}); break;
      case 4: ask(core::GetTransportStats{viewer.receive}); break;
    }
  }
  void change_producer(Script& script) {
    sim::Conference::Member& publisher = member(script);
    if (publisher.producers.empty()) return;
    const ProducerId id = publisher.producers[script.byte() % publisher.producers.size()].id;
    switch (script.byte() % 4) {
      case 0: ask(core::PauseProducer{id}); break;
      case 1: ask(core::ResumeProducer{id}); break;
      case 2: ask(core::GetTransportStats{publisher.send}); break;
      case 3:
        conference_.unpublish(publisher, id);
        conference_.publish(publisher, {.audio = script.flag(), .video = script.flag()});
        break;
    }
  }
  void ask(core::Command command) { require(bool(conference_.request(std::move(command)))); }

  void lose(Script& script) {
    const double loss = script.byte() / 255.0;
    conference_.network().default_link = {.delay = 5ms,
                                          .jitter = TimeDelta(script.byte() * 100),
                                          .loss = loss / 2,
                                          .duplication = loss};
  }
  void check(Script& script) {
    const auto& secrets = member(script).browser->send_channel().remote();
    std::array<std::uint8_t, 256> buffer;
    stun::TransactionId id{};
    id[0] = script.byte();
    stun::MessageBuilder message(buffer, stun::Class::Request, stun::Method::Binding, id);
    message.username(secrets.ufrag + ":x").priority(1).ice_controlling(1);
    if (script.flag()) message.use_candidate();
    message.message_integrity(std::string_view(secrets.password)).fingerprint();
    inject(from(script), message.bytes());
  }
  void come_or_go(Script& script) {
    const bool comes = script.flag();
    if (comes && conference_.members().size() < 3)
      conference_.join(room_);
    else if (!comes && conference_.members().size() > 1)
      conference_.leave(member(script));
  }

  sim::Conference conference_;
  const RouterId room_;
  TimeDelta time_left_ = 5s;  // So that no input takes long.
  std::vector<Seen> seen_;
};

}  // namespace

/// Properties: whatever befalls a call, each command has its answer, all that was made is gone when
/// its people have gone, and no packet is left behind.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(data, size);
  Call call;
  for (int steps = 0; steps < 200 && !script.done(); ++steps) call.step(script);
  call.end();
  return 0;
}
