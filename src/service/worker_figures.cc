#include "service/worker_figures.h"

#include <array>

namespace sfu::service {
namespace {

using core::RefusedStats;
using core::WorkerStats;
using enum WorkerFigure::Kind;

constexpr double kMicrosecondsPerSecond = 1e6;

constexpr auto kWorkerFigures = std::to_array<WorkerFigure>({
    {"routers", "meetlite_sfu_worker_routers", "Rooms that the worker has a part of.", Gauge,
     &WorkerStats::routers},
    {"transports", "meetlite_sfu_worker_transports", "Transports on the worker.", Gauge,
     &WorkerStats::transports},
    {"producers", "meetlite_sfu_worker_producers", "Producers on the worker.", Gauge,
     &WorkerStats::producers},
    {"consumers", "meetlite_sfu_worker_consumers", "Consumers on the worker.", Gauge,
     &WorkerStats::consumers},
    {"packetsReceived", "meetlite_sfu_worker_received_packets_total", "Datagrams received.",
     Counter, &WorkerStats::packets_received},
    {"bytesReceived", "meetlite_sfu_worker_received_bytes_total", "Bytes of datagrams received.",
     Counter, &WorkerStats::bytes_received},
    {"packetsSent", "meetlite_sfu_worker_sent_packets_total", "Datagrams sent.", Counter,
     &WorkerStats::packets_sent},
    {"bytesSent", "meetlite_sfu_worker_sent_bytes_total", "Bytes of datagrams sent.", Counter,
     &WorkerStats::bytes_sent},
    {"packetsDropped", "meetlite_sfu_worker_dropped_packets_total",
     "Datagrams dropped for any reason: unknown sender, bad authentication, full.", Counter,
     &WorkerStats::packets_dropped},
    {"tcpConnections", "meetlite_sfu_worker_tcp_connections",
     "Connections that carry media over TCP.", Gauge, &WorkerStats::tcp_connections},
    {"tcpAccepted", "meetlite_sfu_worker_tcp_accepted_total", "Connections for media over TCP.",
     Counter, &WorkerStats::tcp_accepted},
    {"tcpRefused", "meetlite_sfu_worker_tcp_refused_total",
     "Connections that were closed before they were a transport's.", Counter,
     &WorkerStats::tcp_refused},
    {"tcpPacketsReceived", "meetlite_sfu_worker_tcp_received_packets_total",
     "Datagrams received over TCP.", Counter, &WorkerStats::tcp_packets_received},
    {"tcpPacketsSent", "meetlite_sfu_worker_tcp_sent_packets_total", "Datagrams sent over TCP.",
     Counter, &WorkerStats::tcp_packets_sent},
    {"tcpPacketsDropped", "meetlite_sfu_worker_tcp_dropped_packets_total",
     "Packets that a client read too slowly over TCP to get.", Counter,
     &WorkerStats::tcp_packets_dropped},
    {"transportsAtFault", "meetlite_sfu_worker_transports_at_fault_total",
     "Transports that were closed because what their peer sent broke what must hold.", Counter,
     &WorkerStats::transports_at_fault},
    {"packetBufferBytes", "meetlite_sfu_worker_packet_buffer_bytes",
     "What the most packets that were ever held at once took, kept for the next ones.", Gauge,
     &WorkerStats::packet_buffer_bytes},
    {"packetBuffersInUse", "meetlite_sfu_worker_packet_buffers_in_use",
     "Buffers that hold a packet.", Gauge, &WorkerStats::packet_buffers_in_use},
    {"linkPackets", "meetlite_sfu_worker_link_packets_total",
     "Packets handed to other workers, for viewers there.", Counter, &WorkerStats::link_packets},
    {"linkPacketsDropped", "meetlite_sfu_worker_link_dropped_packets_total",
     "Packets for other workers that found the way there full.", Counter,
     &WorkerStats::link_packets_dropped},
    {"loopLoad", "meetlite_sfu_worker_load_ratio",
     "Share of the last second that the loop did not wait.", Gauge, &WorkerStats::loop_load},
    {"mediaPacketsSent", "meetlite_sfu_worker_sent_media_packets_total", "RTP packets sent.",
     Counter, &WorkerStats::media_packets_sent},
    {"paddingBytesSent", "meetlite_sfu_worker_sent_padding_bytes_total",
     "RTP padding sent, so that packets leave in fewer calls.", Counter,
     &WorkerStats::padding_bytes_sent},
    {"wakeUps", "meetlite_sfu_worker_wake_ups_total", "Turns of the loop.", Counter,
     &WorkerStats::wake_ups},
    {"flushes", "meetlite_sfu_worker_flushes_total", "Times that what was queued was sent.",
     Counter, &WorkerStats::flushes},
    {"flushesHeld", "meetlite_sfu_worker_held_flushes_total",
     "Flushes that waited for the rest of a frame.", Counter, &WorkerStats::flushes_held},
    {"heldMicroseconds", "meetlite_sfu_worker_flush_held_seconds_total",
     "Time that flushes waited for the rest of a frame.", Counter, &WorkerStats::held_us,
     kMicrosecondsPerSecond},
    {"receiveCalls", "meetlite_sfu_worker_receive_calls_total", "Calls to the kernel to receive.",
     Counter, &WorkerStats::receive_calls},
    {"receiveOverflows", "meetlite_sfu_worker_receive_overflows_total",
     "Datagrams that found the socket's buffer full.", Counter, &WorkerStats::receive_overflows},
    {"sendCalls", "meetlite_sfu_worker_send_calls_total", "Calls to the kernel to send.", Counter,
     &WorkerStats::send_calls},
    {"sendGroups", "meetlite_sfu_worker_send_groups_total",
     "Datagrams of one receiver that left as one message.", Counter, &WorkerStats::send_groups},
    {"sendFailed", "meetlite_sfu_worker_send_failed_packets_total",
     "Datagrams that the kernel refused.", Counter, &WorkerStats::send_failed},
    {"segmentation", "meetlite_sfu_worker_segmentation",
     "1 where the kernel cuts groups into datagrams (UDP GSO).", Gauge, &WorkerStats::segmentation},
    {"segmentationRefused", "meetlite_sfu_worker_refused_groups_total",
     "Groups of datagrams that had to leave in smaller ones.", Counter,
     &WorkerStats::segmentation_refused},
});

constexpr auto kRefusalFigures = std::to_array<RefusalFigure>({
    {"strangers", &RefusedStats::strangers},
    {"stun", &RefusedStats::stun},
    {"dtls", &RefusedStats::dtls},
    {"srtp", &RefusedStats::srtp},
    {"malformed", &RefusedStats::malformed},
    {"streams", &RefusedStats::streams},
    {"floods", &RefusedStats::floods},
});

}  // namespace

std::span<const WorkerFigure> worker_figures() { return kWorkerFigures; }
std::span<const RefusalFigure> refusal_figures() { return kRefusalFigures; }

}  // namespace sfu::service
