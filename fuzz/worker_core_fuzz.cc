#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/collecting_sink_for_test.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "fuzz/script.h"
#include "media/codec_table.h"
#include "ortc/consumer_parameters.h"
#include "ortc/producer_parameters.h"
#include "ortc/router_capabilities.h"
#include "stun/message_builder.h"

// Commands and datagrams in any order on a whole worker: it must not crash, each command gets its
// one reply, a handled timeout moves on, and closing the routers frees all.

namespace {

using namespace sfu;

using fuzz::require;
using fuzz::Script;

constexpr Endpoint kServer{IpAddress::v4(0x0a000001), 40000};

const crypto::Certificate& certificate() {
  static const crypto::Certificate made = crypto::Certificate::generate();
  return made;
}

/// Ids are drawn from so few that commands often meet.
template <class Id>
Id id_of(std::uint8_t n) {
  Id id;
  id.uuid.bytes[15] = static_cast<std::uint8_t>(n % 4 + 1);
  return id;
}

class Worker {
 public:
  void run(Script& script) {
    while (!script.done()) {
      step(script);
      core_.flush(now_, sink_);
      sink_.take_sent();
      while (core_.poll_event()) {
      }
    }
    for (std::uint8_t n = 0; n < 4; ++n) command(core::CloseRouter{id_of<RouterId>(n)});
    core_.flush(now_, sink_);
    const auto stats = std::get<core::WorkerStats>(*command(core::GetWorkerStats{}));
    require(stats.routers + stats.transports + stats.producers + stats.consumers == 0);
    require(!core_.next_timeout() && core_.arena().in_use() == 0);
  }

 private:
  Result<core::ReplyValue, core::CommandError> command(core::Command command) {
    const core::RequestId id{++last_request_};
    core_.handle_command(now_, id, std::move(command));
    std::optional<Result<core::ReplyValue, core::CommandError>> answer;
    while (auto event = core_.poll_event()) {
      auto* reply = std::get_if<core::Reply>(&*event);
      if (!reply) continue;
      require(!answer && reply->request == id);
      answer = std::move(reply->result);
    }
    require(answer.has_value());
    return *answer;
  }

  void step(Script& script) {
    switch (script.byte() % 16) {
      case 0: command(core::CreateRouter{id_of<RouterId>(script.byte())}); break;
      case 1: command(core::CloseRouter{id_of<RouterId>(script.byte())}); break;
      case 2: create_transport(script); break;
      case 3: command(core::CloseTransport{id_of<TransportId>(script.byte())}); break;
      case 4: connect(script); break;
      case 5: create_producer(script); break;
      case 6: create_consumer(script); break;
      case 7: command(core::CloseProducer{id_of<ProducerId>(script.byte())}); break;
      case 8: command(core::CloseConsumer{id_of<ConsumerId>(script.byte())}); break;
      case 9: change_producer(script); break;
      case 10: change_consumer(script); break;
      case 11: ask(script); break;
      case 12: check(script); break;
      case 13: datagram(script); break;
      case 14: pass_time(TimeDelta(script.byte() * 4000)); break;
      case 15: pass_time(TimeDelta(script.byte() * 500'000)); break;
    }
  }

  void create_transport(Script& script) {
    const std::uint8_t n = script.byte() % 4;
    const auto reply =
        command(core::CreateTransport{id_of<RouterId>(script.byte()), id_of<TransportId>(n)});
    if (reply) transports_[n] = std::get<core::TransportCreated>(*reply);
  }
  void connect(Script& script) {
    const TransportId id = id_of<TransportId>(script.byte());
    const auto role = static_cast<core::DtlsRole>(script.byte() % 3);
    const bool good = script.byte() % 4 != 0;
    command(core::ConnectTransport{
        id, role, {{"sha-256", good ? certificate().sha256_fingerprint() : "AB:CD"}}});
  }

  void ask(Script& script) {
    const std::uint8_t n = script.byte();
    switch (n / 4 % 4) {
      case 0: command(core::GetTransportStats{id_of<TransportId>(n)}); break;
      case 1: command(core::GetProducerStats{{id_of<ProducerId>(n)}}); break;
      case 2: restart_ice(script, n % 4); break;
      case 3: command(core::GetWorkerStats{}); break;
    }
  }
  /// The client follows, or checks on with what it had.
  void restart_ice(Script& script, std::uint8_t n) {
    const auto reply = command(core::RestartIce{id_of<TransportId>(n)});
    if (!reply || script.byte() % 2 == 0) return;
    const auto& restarted = std::get<core::IceRestarted>(*reply);
    transports_[n].ice_username_fragment = restarted.ice_username_fragment;
    transports_[n].ice_password = restarted.ice_password;
  }

  static ortc::RtpParameters parameters(Script& script, ortc::MediaKind kind) {
    ortc::RtpParameters parameters;
    const auto& codecs = ortc::router_capabilities().codecs;
    const auto& codec = codecs[script.byte() % codecs.size()];
    parameters.mid = std::string(1, static_cast<char>('0' + script.byte() % 3));
    parameters.codecs.push_back({.mime_type = codec.mime_type,
                                 .payload_type = codec.preferred_payload_type,
                                 .clock_rate = codec.clock_rate,
                                 .channels = codec.channels,
                                 .parameters = codec.parameters,
                                 .rtcp_feedback = codec.rtcp_feedback});
    for (const auto& extension : ortc::router_capabilities().header_extensions)
      if (extension.kind == kind)
        parameters.header_extensions.push_back({extension.uri, extension.preferred_id, false});
    const int encodings = script.byte() % 4;
    for (int i = 0; i < encodings; ++i) {
      ortc::RtpEncodingParameters encoding;
      if (script.byte() % 2 == 0)
        encoding.ssrc = Ssrc{script.byte() % 8u};
      else
        encoding.rid = std::string(1, static_cast<char>('a' + i));
      parameters.encodings.push_back(encoding);
    }
    return parameters;
  }
  void create_producer(Script& script) {
    const TransportId transport = id_of<TransportId>(script.byte());
    const std::uint8_t n = script.byte() % 4;
    const auto kind = script.byte() % 2 == 0 ? ortc::MediaKind::Audio : ortc::MediaKind::Video;
    const auto completed = ortc::complete_producer_parameters(kind, parameters(script, kind),
                                                              ortc::router_capabilities(), "cname");
    if (!completed) return;
    if (command(core::CreateProducer{.transport = transport,
                                     .producer = id_of<ProducerId>(n),
                                     .kind = kind,
                                     .parameters = completed->own,
                                     .mapping = completed->mapping,
                                     .paused = script.byte() % 4 == 0})) {
      consumable_[n] = {kind, completed->consumable};
    }
  }
  void create_consumer(Script& script) {
    const TransportId transport = id_of<TransportId>(script.byte());
    const std::uint8_t n = script.byte() % 4;
    if (!consumable_[n]) return;
    const auto made = ortc::make_consumer_parameters(
        consumable_[n]->parameters, ortc::router_capabilities(), "0",
        Ssrc{script.byte() % 8u + 100}, Ssrc{script.byte() % 8u + 200});
    if (!made) return;
    command(core::CreateConsumer{.transport = transport,
                                 .producer = id_of<ProducerId>(n),
                                 .consumer = id_of<ConsumerId>(script.byte()),
                                 .kind = consumable_[n]->kind,
                                 .type = static_cast<core::ConsumerType>(script.byte() % 3),
                                 .parameters = *made,
                                 .paused = script.byte() % 2 == 0});
  }
  void change_producer(Script& script) {
    const ProducerId id = id_of<ProducerId>(script.byte());
    if (script.byte() % 2 == 0)
      command(core::PauseProducer{id});
    else
      command(core::ResumeProducer{id});
  }
  void change_consumer(Script& script) {
    const ConsumerId id = id_of<ConsumerId>(script.byte());
    switch (script.byte() % 5) {
      case 0: command(core::PauseConsumer{id}); break;
      case 1: command(core::ResumeConsumer{id}); break;
      case 2: command(core::SetPreferredLayers{id, script.byte(), script.byte()}); break;
      case 3: command(core::RequestKeyFrame{id}); break;
      case 4: command(core::SetConsumerPriority{id, script.byte()}); break;
    }
  }

  static Path path_of(std::uint8_t n) {
    return {kServer, {IpAddress::v4(0x0a010000u + n % 4), 5000}};
  }
  void check(Script& script) {
    const auto& transport = transports_[script.byte() % 4];
    const std::uint8_t from = script.byte();
    stun::TransactionId id{};
    id[0] = script.byte();
    std::array<std::uint8_t, 256> buffer;
    stun::MessageBuilder message(buffer, stun::Class::Request, stun::Method::Binding, id);
    message.username(transport.ice_username_fragment + ":peer").priority(1).ice_controlling(1);
    if (script.byte() % 2 == 0) message.use_candidate();
    message.message_integrity(std::string_view(transport.ice_password)).fingerprint();
    deliver(from, message.bytes());
  }
  void datagram(Script& script) {
    constexpr std::array<std::uint8_t, 6> kFirst = {0, 22, 20, 0x80, 0x90, 0xff};
    const std::uint8_t from = script.byte();
    const std::uint8_t kind = script.byte();
    const Bytes rest = script.take(script.byte());
    std::vector<std::uint8_t> bytes = {kFirst[kind % kFirst.size()]};
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    deliver(from, bytes);
  }
  void deliver(std::uint8_t from, Bytes bytes) {
    PacketBuffer buffer = core_.arena().allocate();
    require(bool(buffer));
    std::copy(bytes.begin(), bytes.end(), buffer.room().begin());
    buffer.set_size(bytes.size());
    core_.handle_datagram(now_, path_of(from), std::move(buffer));
  }
  void pass_time(TimeDelta span) {
    const Timestamp end = now_ + span;
    while (const auto due = core_.next_timeout()) {
      if (*due > end) break;
      now_ = std::max(now_, *due);
      core_.handle_timeout(now_);
      const auto next = core_.next_timeout();
      require(!next || *next > now_);
    }
    now_ = end;
  }

  struct Consumable {
    ortc::MediaKind kind;
    ortc::RtpParameters parameters;
  };

  crypto::SeededRandom random_{1};
  core::WorkerCore core_{{.candidates = {kServer},
                          .certificate = &certificate(),
                          .ntp = {},
                          .max_transports = 4,
                          .max_routers = 4},
                         random_};
  CollectingSink sink_;
  Timestamp now_{std::chrono::seconds(1000)};
  std::uint64_t last_request_ = 0;
  std::array<core::TransportCreated, 4> transports_;
  std::array<std::optional<Consumable>, 4> consumable_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Script script(Bytes(data, size));
  Worker worker;
  worker.run(script);
  return 0;
}
