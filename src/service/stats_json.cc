#include "service/stats_json.h"

#include <unistd.h>

#include <charconv>
#include <string_view>
#include <utility>
#include <variant>

#include "ortc/json.h"
#include "service/worker_figures.h"

namespace sfu::service {
namespace {

json::object consumer_counts(const Participant& participant) {
  std::size_t paused = 0;
  participant.consumers().for_each(
      [&](const Consumer& consumer) { paused += consumer.paused ? 1 : 0; });
  const std::size_t total = participant.consumers().size();
  return {
      {"totalConsumers", total}, {"activeConsumers", total - paused}, {"pausedConsumers", paused}};
}

json::object transport_flags(const Participant& participant) {
  return {{"send", participant.transport(Direction::Send).has_value()},
          {"recv", participant.transport(Direction::Recv).has_value()},
          {"legacy", false}};
}

const core::ProducerStats* find(const std::optional<core::TransportStats>& stats, ProducerId id) {
  if (stats)
    for (const auto& producer : stats->producers)
      if (producer.producer == id) return &producer;
  return nullptr;
}

const core::ConsumerStats* find(const std::optional<core::TransportStats>& stats, ConsumerId id) {
  if (stats)
    for (const auto& consumer : stats->consumers)
      if (consumer.consumer == id) return &consumer;
  return nullptr;
}

json::object producer_details(const Participant& participant,
                              const std::optional<core::TransportStats>& stats) {
  json::object producers;
  participant.producers().for_each([&](const Producer& producer) {
    json::array streams;
    if (const auto* found = find(stats, producer.id))
      for (const auto& stream : found->streams) streams.push_back(stream_to_json(stream));
    producers[stats_key(producer.type)] = json::object{{"id", producer.id.to_string()},
                                                       {"paused", producer.paused},
                                                       {"stats", std::move(streams)}};
  });
  return producers;
}

/// What the consumer sends, and after it what it is made of, as mediasoup has it.
json::array consumer_streams(const core::ConsumerStats& consumer, const ViewedProducers& viewed) {
  json::object outbound = stream_to_json(consumer.stream);
  outbound["priority"] = consumer.priority;
  json::array streams{std::move(outbound)};
  const auto producer = viewed.find(consumer.producer);
  if (producer == viewed.end() || !consumer.encoding) return streams;
  for (const auto& stream : producer->second.streams)
    if (stream.encoding == *consumer.encoding) streams.push_back(stream_to_json(stream));
  return streams;
}

json::array consumer_details(const Participant& participant,
                             const std::optional<core::TransportStats>& stats,
                             const ViewedProducers& viewed) {
  json::array details;
  participant.consumers().for_each([&](const Consumer& consumer) {
    json::array streams;
    if (const auto* found = find(stats, consumer.id)) streams = consumer_streams(*found, viewed);
    details.push_back(json::object{{"id", consumer.id.to_string()},
                                   {"producerId", consumer.producer.to_string()},
                                   {"kind", ortc::to_string(consumer.kind)},
                                   {"paused", consumer.paused},
                                   {"stats", std::move(streams)}});
  });
  return details;
}

void add_transport_details(json::array& details, const Participant& participant,
                           Direction direction, const std::optional<core::TransportStats>& stats) {
  const auto& transport = participant.transport(direction);
  if (!transport) return;
  json::array entries;
  if (stats) entries.push_back(transport_to_json(*stats));
  details.push_back(json::object{{"id", transport->id.to_string()},
                                 {"direction", to_string(direction)},
                                 {"stats", std::move(entries)}});
}

/// "192.0.2.1:3478" or "[2001:db8::1]:3478" as mediasoup's pair of fields; nothing where it is
/// neither.
bool add_endpoint(json::object& tuple, std::string_view text, const char* ip, const char* address,
                  const char* port) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  unsigned number = 0;
  const auto digits = text.substr(colon + 1);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc())
    return false;
  tuple[ip] = host;
  tuple[address] = host;
  tuple[port] = number;
  return true;
}

/// Reads "local → remote udp".
std::optional<json::object> selected_tuple(std::string_view path) {
  constexpr std::string_view kArrow = " → ";
  const auto arrow = path.find(kArrow);
  const auto space = path.rfind(' ');
  if (arrow == std::string_view::npos || space < arrow + kArrow.size()) return std::nullopt;
  const auto remote = path.substr(arrow + kArrow.size(), space - arrow - kArrow.size());
  json::object tuple;
  if (!add_endpoint(tuple, path.substr(0, arrow), "localIp", "localAddress", "localPort") ||
      !add_endpoint(tuple, remote, "remoteIp", "remoteAddress", "remotePort"))
    return std::nullopt;
  tuple["protocol"] = path.substr(space + 1);
  return tuple;
}

}  // namespace

json::object participant_to_json(const Participant& participant, Audience audience) {
  json::object object;
  if (audience == Audience::Administrator) {
    object["id"] = participant.user_id();
    object["userInfo"] = participant.user_info();
  }
  object["rtpCapabilities"] = participant.capabilities.has_value();
  if (audience == Audience::Administrator) {
    json::object producers;
    participant.producers().for_each([&](const Producer& producer) {
      producers[stats_key(producer.type)] =
          json::object{{"id", producer.id.to_string()}, {"paused", producer.paused}};
    });
    object["producers"] = std::move(producers);
  }
  object["consumers"] = consumer_counts(participant);
  object["transports"] = transport_flags(participant);
  return object;
}

json::object room_to_json(const Room& room, Audience audience) {
  json::array participants;
  room.for_each([&](const Participant& participant) {
    participants.push_back(participant_to_json(participant, audience));
  });
  const auto totals = room.totals();
  return {{"roomId", room.id()},
          {"participantCount", room.size()},
          {"totalProducers", totals.producers},
          {"totalConsumers", totals.consumers},
          {"participants", std::move(participants)}};
}

json::object worker_to_json(std::size_t index, const std::optional<core::WorkerStats>& stats) {
  json::object object{{"index", index}, {"pid", getpid()}, {"responding", stats.has_value()}};
  const core::WorkerStats known = stats.value_or(core::WorkerStats{});
  constexpr std::int64_t kMicrosecondsPerMillisecond = 1000;
  object["resourceUsage"] =
      json::object{{"ru_utime", known.user_time_us / kMicrosecondsPerMillisecond},
                   {"ru_stime", known.system_time_us / kMicrosecondsPerMillisecond},
                   {"ru_maxrss", known.max_rss_kb}};
  object["ciphers"] = known.ciphers;
  json::object refused;
  for (const RefusalFigure& figure : refusal_figures())
    refused[figure.reason] = known.refused.*figure.member;
  object["refused"] = std::move(refused);
  for (const WorkerFigure& figure : worker_figures())
    object[figure.json_name] =
        std::visit([&](auto member) { return json::value(known.*member); }, figure.member);
  return object;
}

json::object participant_stats_to_json(const Participant& participant,
                                       const std::optional<core::TransportStats>& send,
                                       const std::optional<core::TransportStats>& recv,
                                       const ViewedProducers& viewed) {
  json::object object = participant_to_json(participant, Audience::Administrator);
  object["producers"] = producer_details(participant, send);
  object["consumers"].as_object()["details"] = consumer_details(participant, recv, viewed);
  json::array transports;
  add_transport_details(transports, participant, Direction::Send, send);
  add_transport_details(transports, participant, Direction::Recv, recv);
  object["transports"].as_object()["details"] = std::move(transports);
  return object;
}

json::object stream_to_json(const core::RtpStreamStats& stream) {
  json::object object{{"type", stream.inbound ? "inbound-rtp" : "outbound-rtp"},
                      {"timestamp", stream.timestamp_ms},
                      {"ssrc", stream.ssrc.value},
                      {"kind", ortc::to_string(stream.kind)},
                      {"mimeType", stream.mime_type},
                      {"packetCount", stream.packets},
                      {"byteCount", stream.bytes},
                      {"bitrate", stream.bitrate_bps},
                      {"packetsLost", stream.packets_lost},
                      {"fractionLost", stream.fraction_lost},
                      {"packetsDiscarded", stream.packets_discarded},
                      {"packetsRetransmitted", stream.packets_retransmitted},
                      {"packetsRepaired", stream.packets_repaired},
                      {"nackCount", stream.nack_count},
                      {"nackPacketCount", stream.nack_packet_count},
                      {"pliCount", stream.pli_count},
                      {"firCount", stream.fir_count},
                      {"score", stream.score},
                      {"jitter", stream.jitter},
                      {"roundTripTime", stream.round_trip_time_ms}};
  if (stream.rtx_ssrc) object["rtxSsrc"] = stream.rtx_ssrc->value;
  if (stream.rid) object["rid"] = *stream.rid;
  if (stream.inbound) {
    json::object by_layer;
    for (const auto& [spatial, temporal, bps] : stream.layers)
      by_layer[std::to_string(spatial) + "." + std::to_string(temporal)] = bps;
    object["bitrateByLayer"] = std::move(by_layer);
    object["keyFrames"] = stream.key_frames;
  }
  return object;
}

json::object transport_to_json(const core::TransportStats& transport) {
  std::uint64_t receiving_bps = 0, sending_bps = 0;
  for (const auto& producer : transport.producers)
    for (const auto& stream : producer.streams) receiving_bps += stream.bitrate_bps;
  for (const auto& consumer : transport.consumers) sending_bps += consumer.stream.bitrate_bps;
  json::object object{{"type", "webrtc-transport"},
                      {"transportId", transport.transport.to_string()},
                      {"timestamp", transport.timestamp_ms},
                      {"iceRole", "controlled"},
                      {"iceState", transport.ice_state},
                      {"dtlsState", transport.dtls_state},
                      {"srtpProfile", transport.srtp_profile},
                      {"bytesReceived", transport.bytes_received},
                      {"bytesSent", transport.bytes_sent},
                      {"packetsReceived", transport.packets_received},
                      {"packetsSent", transport.packets_sent},
                      {"rtpBytesReceived", transport.rtp_bytes_received},
                      {"rtpBytesSent", transport.rtp_bytes_sent},
                      {"rtxBytesReceived", transport.rtx_bytes_received},
                      {"rtxBytesSent", transport.rtx_bytes_sent},
                      {"recvBitrate", transport.receive_bps},
                      {"sendBitrate", transport.send_bps},
                      {"rtxRecvBitrate", transport.rtx_receive_bps},
                      {"rtxSendBitrate", transport.rtx_send_bps},
                      {"rtpRecvBitrate", receiving_bps},
                      {"rtpSendBitrate", sending_bps},
                      {"probationBytesSent", 0},
                      {"probationSendBitrate", 0}};
  if (transport.loss_received) object["rtpPacketLossReceived"] = *transport.loss_received;
  if (transport.loss_sent) object["rtpPacketLossSent"] = *transport.loss_sent;
  if (auto tuple = selected_tuple(transport.selected_path))
    object["iceSelectedTuple"] = std::move(*tuple);
  return object;
}

}  // namespace sfu::service
