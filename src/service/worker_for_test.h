#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "worker/worker_port.h"

namespace sfu::service {

/// The far side of a mailbox, as core/commands.h promises: it knows what exists, answers
/// each command once and in order, and only when it is asked to deliver. Tests make it refuse or
/// wait.
class TestWorker final : public worker::WorkerPort {
 public:
  void post(core::RequestId request, core::Command command) override {
    commands.push_back(command);
    replies_.push_back({request, std::move(command)});
  }

  std::optional<worker::Pulse> pulse() const override { return beat; }

  /// Hands out the next reply; none while it holds back.
  std::optional<core::Event> poll() {
    if (holding || replies_.empty()) return std::nullopt;
    auto [request, command] = std::move(replies_.front());
    replies_.pop_front();
    auto result = std::visit([this](const auto& c) { return answer(c); }, command);
    return core::Reply{request, std::move(result)};
  }

  /// The next command of this kind is refused.
  template <class C>
  void refuse_next(core::CommandError error) {
    refusals_[core::Command(C{}).index()] = error;
  }
  template <class C>
  std::vector<C> sent() const {
    std::vector<C> found;
    for (const auto& command : commands)
      if (const auto* one = std::get_if<C>(&command)) found.push_back(*one);
    return found;
  }
  template <class C>
  std::size_t count() const {
    return sent<C>().size();
  }

  bool holding = false;
  std::optional<worker::Pulse> beat;
  std::vector<core::Command> commands;
  std::set<RouterId> routers;
  std::map<TransportId, RouterId> transports;
  std::map<ProducerId, TransportId> producers;
  struct Consuming {
    TransportId transport;
    ProducerId producer;
    std::uint8_t priority = 1;
  };
  std::map<ConsumerId, Consuming> consumers;
  std::set<TransportId> connected;
  std::map<PipeId, ProducerId> pipes;  // Of producers here.
  std::map<ProducerId, core::CreateRemoteProducer> remote_producers;
  double load = 0;
  std::size_t ice_restarts = 0;

 private:
  using Outcome = Result<core::ReplyValue, core::CommandError>;
  struct Waiting {
    core::RequestId request;
    core::Command command;
  };

  template <class C>
  Outcome answer(const C& command) {
    const auto refusal = refusals_.find(core::Command(command).index());
    if (refusal != refusals_.end()) {
      const core::CommandError error = refusal->second;
      refusals_.erase(refusal);
      return fail(error);
    }
    return execute(command);
  }

  static Outcome done() { return core::ReplyValue(core::Done{}); }
  static Outcome done_if(bool there) {
    return there ? done() : Outcome(fail(core::CommandError::NotFound));
  }

  Outcome execute(const core::CreateRouter& c) {
    return routers.insert(c.router).second ? done() : fail(core::CommandError::AlreadyExists);
  }
  Outcome execute(const core::CloseRouter& c) {
    std::erase_if(transports, [&](const auto& entry) { return entry.second == c.router; });
    return done_if(routers.erase(c.router) == 1);
  }
  Outcome execute(const core::CreateTransport& c) {
    if (!routers.contains(c.router)) return fail(core::CommandError::NotFound);
    transports.emplace(c.transport, c.router);
    core::TransportCreated created;
    created.ice_username_fragment = "ufrag";
    created.ice_password = "password";
    created.candidates = {{"udp", 1076302079, "192.0.2.7", IpProtocol::Udp, 40000}};
    created.fingerprints = {{"sha-256", "AA:BB"}};
    return core::ReplyValue(std::move(created));
  }
  Outcome execute(const core::CloseTransport& c) {
    std::vector<ProducerId> gone;
    for (const auto& [id, transport] : producers)
      if (transport == c.transport) gone.push_back(id);
    for (const auto id : gone) close(id);
    std::erase_if(consumers, [&](const auto& e) { return e.second.transport == c.transport; });
    return done_if(transports.erase(c.transport) == 1);
  }
  Outcome execute(const core::ConnectTransport& c) {
    if (!transports.contains(c.transport)) return fail(core::CommandError::NotFound);
    return connected.insert(c.transport).second ? done()
                                                : fail(core::CommandError::AlreadyConnected);
  }
  Outcome execute(const core::RestartIce& c) {
    if (!transports.contains(c.transport)) return fail(core::CommandError::NotFound);
    const std::string number = std::to_string(++ice_restarts);
    return core::ReplyValue(core::IceRestarted{"ufrag" + number, "password" + number});
  }
  Outcome execute(const core::CreateProducer& c) {
    if (!transports.contains(c.transport)) return fail(core::CommandError::NotFound);
    return producers.emplace(c.producer, c.transport).second
               ? done()
               : fail(core::CommandError::AlreadyExists);
  }
  Outcome execute(const core::CloseProducer& c) {
    const bool there = producers.contains(c.producer);
    close(c.producer);
    return done_if(there);
  }
  Outcome execute(const core::PauseProducer& c) { return done_if(producers.contains(c.producer)); }
  Outcome execute(const core::ResumeProducer& c) { return done_if(producers.contains(c.producer)); }
  Outcome execute(const core::CreateConsumer& c) {
    const bool there = producers.contains(c.producer) || remote_producers.contains(c.producer);
    if (!transports.contains(c.transport) || !there) return fail(core::CommandError::NotFound);
    consumers.emplace(c.consumer, Consuming{c.transport, c.producer, 1});
    return done();
  }
  Outcome execute(const core::CloseConsumer& c) {
    return done_if(consumers.erase(c.consumer) == 1);
  }
  Outcome execute(const core::PauseConsumer& c) { return done_if(consumers.contains(c.consumer)); }
  Outcome execute(const core::ResumeConsumer& c) { return done_if(consumers.contains(c.consumer)); }
  Outcome execute(const core::RequestKeyFrame& c) {
    return done_if(consumers.contains(c.consumer));
  }
  Outcome execute(const core::SetConsumerPriority& c) {
    const auto found = consumers.find(c.consumer);
    if (found != consumers.end()) found->second.priority = c.priority;
    return done_if(found != consumers.end());
  }
  Outcome execute(const core::SetPreferredLayers& c) {
    if (!consumers.contains(c.consumer)) return fail(core::CommandError::NotFound);
    constexpr std::uint8_t kHighest = 2;
    return core::ReplyValue(
        core::PreferredLayers{std::min(c.spatial_layer, kHighest),
                              std::min(c.temporal_layer.value_or(kHighest), kHighest)});
  }
  Outcome execute(const core::OpenPipe& c) {
    if (!producers.contains(c.producer)) return fail(core::CommandError::NotFound);
    return pipes.emplace(c.pipe, c.producer).second ? done()
                                                    : fail(core::CommandError::AlreadyExists);
  }
  Outcome execute(const core::ClosePipe& c) { return done_if(pipes.erase(c.pipe) == 1); }
  Outcome execute(const core::CreateRemoteProducer& c) {
    if (!routers.contains(c.router)) return fail(core::CommandError::NotFound);
    return remote_producers.emplace(c.producer, c).second ? done()
                                                          : fail(core::CommandError::AlreadyExists);
  }
  Outcome execute(const core::CloseRemoteProducer& c) {
    const bool there = remote_producers.contains(c.producer);
    close(c.producer);
    return done_if(there);
  }
  Outcome execute(const core::GetTransportStats& c) {
    if (!transports.contains(c.transport)) return fail(core::CommandError::NotFound);
    core::TransportStats stats;
    stats.transport = c.transport;
    stats.ice_state = "connected";
    stats.dtls_state = "connected";
    stats.selected_path = "192.0.2.7:40000 → [2001:db8::1]:5000 udp";
    for (const auto& [id, transport] : producers)
      if (transport == c.transport) stats.producers.push_back({id, false, {stream(true)}});
    for (const auto& [id, consuming] : consumers)
      if (consuming.transport == c.transport)
        stats.consumers.push_back({id, consuming.producer, ortc::MediaKind::Video, true, false,
                                   stream(false), consuming.priority, std::uint8_t{0}});
    return core::ReplyValue(std::move(stats));
  }
  Outcome execute(const core::GetProducerStats& c) {
    std::vector<core::ProducerStats> stats;
    for (const ProducerId id : c.producers)
      if (producers.contains(id)) stats.push_back({id, false, {stream(true)}});
    return core::ReplyValue(std::move(stats));
  }
  Outcome execute(const core::GetWorkerStats&) {
    core::WorkerStats stats;
    stats.routers = static_cast<std::uint32_t>(routers.size());
    stats.transports = static_cast<std::uint32_t>(transports.size());
    stats.packets_received = 7;
    stats.user_time_us = 5000;
    stats.loop_load = load;
    return core::ReplyValue(stats);
  }

  static core::RtpStreamStats stream(bool inbound) {
    core::RtpStreamStats stats;
    stats.inbound = inbound;
    stats.ssrc = Ssrc{42};
    stats.mime_type = "video/VP8";
    stats.packets = 100;
    stats.bitrate_bps = 1000;
    return stats;
  }

  void close(ProducerId id) {
    std::erase_if(consumers, [&](const auto& e) { return e.second.producer == id; });
    producers.erase(id);
    remote_producers.erase(id);
  }

  std::deque<Waiting> replies_;
  std::map<std::size_t, core::CommandError> refusals_;
};

}  // namespace sfu::service
