#include "core/worker_core_impl.h"

#include <algorithm>
#include <string>
#include <utility>

#include "rtcp/packet.h"
#include "stun/message.h"

// The way of datagrams and of time through a worker; commands are in worker_core_commands.cc,
// worker_core_streams.cc and worker_core_pipes.cc.

namespace sfu::core {
namespace {

IceState convert(ice::State state) {
  switch (state) {
    case ice::State::New: return IceState::New;
    case ice::State::Connected: return IceState::Connected;
    case ice::State::Completed: return IceState::Completed;
    case ice::State::Disconnected: return IceState::Disconnected;
  }
  return IceState::New;
}

DtlsState convert(dtls::State state) {
  switch (state) {
    case dtls::State::New: return DtlsState::New;
    case dtls::State::Connecting:
    case dtls::State::AwaitingFingerprint: return DtlsState::Connecting;
    case dtls::State::Connected: return DtlsState::Connected;
    case dtls::State::Closed: return DtlsState::Closed;
    case dtls::State::Failed: return DtlsState::Failed;
  }
  return DtlsState::New;
}

std::string to_line(const media::Diagnosis& diagnosis) {
  const auto seconds =
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(diagnosis.waited).count());
  const std::string who = "consumer " + diagnosis.consumer.to_string() + " of producer " +
                          diagnosis.producer.to_string();
  switch (diagnosis.kind) {
    case media::Diagnosis::Kind::WaitsForKeyFrame:
      return who + " has waited " + seconds + " s for a key frame that was asked for";
    case media::Diagnosis::Kind::NeverResumed:
      return who + " was made paused " + seconds + " s ago and its client never resumed it";
  }
  return who;
}

}  // namespace

WorkerCore::Impl::Impl(Config config, RandomSource& random)
    : config_(std::move(config)),
      random_(random),
      dtls_(*config_.certificate),
      arena_(config_.max_packet_buffers),
      pipes_(config_.links, arena_) {}

void WorkerCore::Impl::handle_datagram(Timestamp now, const Path& path, PacketBuffer datagram) {
  const Bytes bytes = datagram.bytes();
  const DatagramKind kind = kind_of(bytes);
  if (kind == DatagramKind::Stun) {
    handle_stun(now, path, bytes);
    return;
  }

  const auto slot = demux_.find(path);
  if (!slot || kind == DatagramKind::Unknown) {
    return drop_stranger(now, path);
  }
  Transport& transport = *at(*slot);
  if (kind == DatagramKind::Dtls)
    transport.handle_dtls(now, path, bytes);
  else if (rtcp::looks_like_rtcp(bytes))
    transport.handle_rtcp(now, path, std::move(datagram));
  else
    transport.handle_rtp(now, path, std::move(datagram));
  settle_later(*slot);
  end_if_at_fault(now, *slot);
}

std::optional<ice::Outcome> WorkerCore::Impl::handle_stun(Timestamp now, const Path& path,
                                                          Bytes datagram) {
  const auto ufrag = stun::peek_local_ufrag(datagram);
  const auto slot = ufrag ? demux_.find_ufrag(*ufrag) : std::nullopt;
  if (!slot) {
    drop_stranger(now, path);
    return std::nullopt;
  }
  const ice::Outcome outcome = at(*slot)->handle_stun(now, path, datagram);
  settle(now, *slot);  // The next datagram may come along a path that this one proved.
  end_if_at_fault(now, *slot);
  return outcome;
}

StreamOpening WorkerCore::Impl::open_stream(Timestamp now, const Path& path, Bytes datagram) {
  if (kind_of(datagram) != DatagramKind::Stun) {
    drop_stranger(now, path);
    return StreamOpening::Refused;
  }
  const auto outcome = handle_stun(now, path, datagram);
  if (demux_.find(path)) return StreamOpening::Proved;
  return outcome == ice::Outcome::AnsweredWithError ? StreamOpening::Unproven
                                                    : StreamOpening::Refused;
}

void WorkerCore::Impl::handle_stream_end(Timestamp now, const Path& path) {
  const auto slot = demux_.find(path);
  if (!slot) return;
  at(*slot)->forget_path(now, path);
  settle(now, *slot);
  demux_.forget_released_stream(path);
}

void WorkerCore::Impl::handle_timeout(Timestamp now) {
  settle_all(now);
  pipes_.handle_timeout(now);
  tell_levels(now);
  drain_media_events();
  // One transport's timeout may make another's due: a viewer comes to want a key frame.
  constexpr int kRounds = 3;
  for (int round = 0; round < kRounds; ++round) {
    scratch_slots_.clear();
    while (const auto due = deadlines_.pop_due(now)) scratch_slots_.push_back(*due);
    for (const Slot slot : scratch_slots_) {
      at(slot)->handle_timeout(now);
      settle(now, slot);
      end_if_at_fault(now, slot);
    }
  }
}

std::optional<Timestamp> WorkerCore::Impl::flush_due() const {
  if (batch_.empty()) return std::nullopt;
  return batch_.hold().due(batch_.marked());
}

void WorkerCore::Impl::flush(Timestamp now, DatagramSink& sink) {
  settle_all(now);
  writer_.begin(sink);
  batch_.flush_control(writer_);
  batch_.take_marked(scratch_slots_);
  for (const Slot slot : scratch_slots_) {
    if (Transport* transport = at(slot)) transport->flush(now, writer_);
  }
  writer_.finish();
  batch_.hold().handle_flush(now);
}

std::optional<Event> WorkerCore::Impl::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

/// It stays where it is, closed, as after a goodbye of its peer: the service and its client hear of
/// that, and whatever they still ask of it is answered.
void WorkerCore::Impl::end_at_fault(Timestamp now, Slot slot) {
  const std::string what = faults().take();
  ++transports_at_fault_;
  events_.emplace_back(Diagnostic{
      Diagnostic::Level::Warn,
      "transport " + at(slot)->id().to_string() + " broke what must hold and is closed: " + what,
      at(slot)->id()});
  at(slot)->close(now);
  settle(now, slot);
  demux_.remove_all(slot);
}

/// A command of the service, or a packet of another worker, which has no transport here.
void WorkerCore::Impl::tell_fault_of_nobody() {
  if (const char* what = faults().take())
    events_.emplace_back(
        Diagnostic{Diagnostic::Level::Warn, std::string("what must hold was broken: ") + what});
}

WorkerCore::Impl::Transport* WorkerCore::Impl::at(Slot slot) {
  return slots_[slot].transport.get();
}

WorkerCore::Impl::Transport* WorkerCore::Impl::find(TransportId id) {
  const auto found = transports_.find(id);
  return found == transports_.end() ? nullptr : at(found->second);
}

void WorkerCore::Impl::settle(Timestamp now, Slot slot) {
  Transport& transport = *at(slot);
  while (const auto event = transport.poll_event()) {
    if (const auto* routing = std::get_if<transport::RoutingEvent>(&*event)) {
      handle_routing(now, slot, *routing);
    } else if (std::holds_alternative<transport::StateChanged>(*event)) {
      tell_state(now, slot);
    } else if (const auto* line = std::get_if<transport::Report>(&*event)) {
      report(now, slot, *line);
    } else if (const auto* offence = std::get_if<transport::Offence>(&*event)) {
      report(slot, *offence);
    }
  }
  if (slots_[slot].tell_again && *slots_[slot].tell_again <= now) tell_state(now, slot);
  update_deadline(slot);
  drain_media_events();
}

void WorkerCore::Impl::settle_later(Slot slot) {
  if (std::exchange(slots_[slot].unsettled, true)) return;
  unsettled_.push_back(slot);
}

void WorkerCore::Impl::settle_all(Timestamp now) {
  for (const Slot slot : unsettled_) {
    slots_[slot].unsettled = false;
    if (at(slot)) settle(now, slot);
  }
  unsettled_.clear();
}

void WorkerCore::Impl::update_deadline(Slot slot) {
  auto deadline = at(slot)->next_timeout();
  const auto& again = slots_[slot].tell_again;
  if (again && (!deadline || *again < *deadline)) deadline = again;
  deadlines_.set(slot, deadline);
}

void WorkerCore::Impl::tell_state(Timestamp now, Slot slot) {
  Occupied& occupied = slots_[slot];
  occupied.tell_again.reset();
  const transport::SecureChannel& channel = occupied.transport->channel();
  const IceState ice = convert(channel.ice_state());
  const DtlsState dtls = convert(channel.dtls_state());
  if (ice == occupied.told_ice && dtls == occupied.told_dtls) return;
  if (!occupied.tellings.take(now)) {
    occupied.tell_again = now + kTellingPause;
    return;
  }
  occupied.told_ice = ice;
  occupied.told_dtls = dtls;
  events_.emplace_back(TransportStateChanged{occupied.transport->id(), ice, dtls});
}

void WorkerCore::Impl::drain_media_events() {
  while (const auto event = media_events_.poll()) {
    if (const auto* wanted = std::get_if<media::FeedbackWanted>(&*event)) {
      const auto found = producers_.find(wanted->producer);
      if (found == producers_.end()) continue;
      if (const auto& remote = found->second.remote)
        pipes_.note_wish(remote->pipe);
      else
        update_deadline(found->second.slot);
    } else if (const auto* moved = std::get_if<media::DeadlineMoved>(&*event)) {
      wake_consumer(moved->consumer);
    } else if (const auto* changed = std::get_if<media::LayersChanged>(&*event)) {
      std::optional<PreferredLayers> layers;
      if (changed->layers) layers = {changed->layers->spatial, changed->layers->temporal};
      events_.emplace_back(ConsumerLayersChanged{changed->consumer, layers});
    } else if (const auto* scored = std::get_if<media::ProducerScored>(&*event)) {
      tell_scores(scored->producer);
    } else if (const auto* heard = std::get_if<media::ConsumerScored>(&*event)) {
      events_.emplace_back(
          ConsumerScoreChanged{heard->consumer, heard->score, heard->producer_score});
    } else if (const auto* room = std::get_if<media::RoomAudible>(&*event)) {
      listen_to(*room);
    } else if (const auto* diagnosis = std::get_if<media::Diagnosis>(&*event)) {
      tell(*diagnosis);
    }
  }
}

void WorkerCore::Impl::tell(const media::Diagnosis& diagnosis) {
  const auto viewer = consumers_.find(diagnosis.consumer);
  if (viewer == consumers_.end()) return;
  events_.emplace_back(
      Diagnostic{Diagnostic::Level::Warn, to_line(diagnosis), at(viewer->second.slot)->id()});
}

void WorkerCore::Impl::wake_consumer(ConsumerId id) {
  const auto found = consumers_.find(id);
  if (found == consumers_.end()) return;
  at(found->second.slot)->update_deadline(found->second.consumer);
  update_deadline(found->second.slot);
}

void WorkerCore::Impl::handle_routing(Timestamp now, Slot slot,
                                      const transport::RoutingEvent& event) {
  if (const auto* added = std::get_if<ice::PathAdded>(&event)) {
    if (const auto former = demux_.assign(added->path, slot)) {
      at(*former)->forget_path(now, added->path);
      settle(now, *former);
    }
  } else if (const auto* removed = std::get_if<ice::PathRemoved>(&event)) {
    demux_.remove(removed->path, slot);
  } else if (const auto* retired = std::get_if<ice::UfragRetired>(&event)) {
    demux_.remove_ufrag(retired->ufrag);
  }
}

void WorkerCore::Impl::report(Timestamp now, Slot slot, const transport::Report& report) {
  if (!report.is_failure && !slots_[slot].tellings.take(now)) return;
  const std::string who = "transport " + at(slot)->id().to_string();
  events_.emplace_back(Diagnostic{
      report.is_failure ? Diagnostic::Level::Warn : Diagnostic::Level::Info,
      who + (report.is_failure ? " does not connect: " : " has lost its peer: ") + report.text,
      at(slot)->id()});
}

void WorkerCore::Impl::report(Slot slot, const transport::Offence& offence) {
  events_.emplace_back(Diagnostic{Diagnostic::Level::Warn,
                                  "transport " + at(slot)->id().to_string() + " " + offence.text,
                                  at(slot)->id()});
}

void WorkerCore::Impl::drop_stranger(Timestamp now, const Path& path) {
  ++unroutable_;
  if (!strangers_.note(now)) return;
  events_.emplace_back(Diagnostic{Diagnostic::Level::Warn,
                                  "datagrams of no transport are dropped, " +
                                      std::to_string(unroutable_) + " so far, the latest from " +
                                      path.remote.to_string()});
}

}  // namespace sfu::core
