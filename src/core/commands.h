#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/endpoint.h"
#include "base/ids.h"
#include "ortc/parameters.h"

namespace sfu::core {

// What the service asks of a worker. Commands carry ids, never pointers, and each is answered by
// one Reply with its request id, in the order of the commands. A command that names what is not
// there is answered with CommandError::NotFound and changes nothing.

using RequestId = StrongId<struct RequestIdTag, std::uint64_t>;

struct CreateRouter {
  RouterId router;
};
/// Closes all that is on the router; its transports, producers and consumers send no events of it.
struct CloseRouter {
  RouterId router;
};

struct CreateTransport {
  RouterId router;
  TransportId transport;
};
struct CloseTransport {
  TransportId transport;
};

enum class DtlsRole : std::uint8_t { Auto, Client, Server };  // The remote end's, as it says.

struct DtlsFingerprint {
  std::string algorithm;  // "sha-256"
  std::string value;      // "AB:CD:…"
};

struct ConnectTransport {
  TransportId transport;
  DtlsRole role = DtlsRole::Auto;
  std::vector<DtlsFingerprint> fingerprints;  // That with the strongest hash counts.
};

/// ICE restart (RFC 8445 §9): answered with IceRestarted. What the peer was told before holds until
/// its first valid check with the new credentials; of several restarts that it did not follow, only
/// the latest counts.
struct RestartIce {
  TransportId transport;
};

struct CreateProducer {
  TransportId transport;
  ProducerId producer;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  /// Validated and completed by ortc: every payload type is one that the router knows.
  ortc::RtpParameters parameters;
  ortc::RtpMapping mapping;
  bool paused = false;
};
struct CloseProducer {
  ProducerId producer;
};
struct PauseProducer {
  ProducerId producer;
};
struct ResumeProducer {
  ProducerId producer;
};

enum class ConsumerType : std::uint8_t { Simple, Simulcast, Svc };

struct CreateConsumer {
  TransportId transport;
  ProducerId producer;
  ConsumerId consumer;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  ConsumerType type = ConsumerType::Simple;
  /// What the client will be told: one encoding with ssrc (and rtx), router payload types.
  ortc::RtpParameters parameters;
  bool paused = true;
};
struct CloseConsumer {
  ConsumerId consumer;
};
struct PauseConsumer {
  ConsumerId consumer;
};
struct ResumeConsumer {
  ConsumerId consumer;
};
struct SetPreferredLayers {
  ConsumerId consumer;
  std::uint8_t spatial_layer = 0;
  std::optional<std::uint8_t> temporal_layer;
};
/// 1 to 255: how much it matters beside the viewer's other consumers.
struct SetConsumerPriority {
  ConsumerId consumer;
  std::uint8_t priority = 1;
};
struct RequestKeyFrame {
  ConsumerId consumer;
};

// A producer whose viewers sit on several workers: its own worker sends each packet once to every
// other one through a pipe, at whose far end a remote producer of the same id takes consumers as
// any other does. Workers are named by their place in WorkerCore::Config::links. The two ends may
// be made and closed in either order.

/// At the producer's worker.
struct OpenPipe {
  PipeId pipe;
  ProducerId producer;
  std::size_t to_worker = 0;
};
struct ClosePipe {
  PipeId pipe;
};
/// At the viewers' worker.
struct CreateRemoteProducer {
  RouterId router;
  ProducerId producer;
  PipeId pipe;
  std::size_t from_worker = 0;
  // As the producer was created.
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  ortc::RtpParameters parameters;
  ortc::RtpMapping mapping;
};
struct CloseRemoteProducer {
  ProducerId producer;
};

struct GetTransportStats {
  TransportId transport;  // With all of its producers and consumers.
};
/// Of producers that have their transports here; those that are not there are left out.
struct GetProducerStats {
  std::vector<ProducerId> producers;
};
struct GetWorkerStats {};

using Command =
    std::variant<CreateRouter, CloseRouter, CreateTransport, CloseTransport, ConnectTransport,
                 RestartIce, CreateProducer, CloseProducer, PauseProducer, ResumeProducer,
                 CreateConsumer, CloseConsumer, PauseConsumer, ResumeConsumer, SetPreferredLayers,
                 SetConsumerPriority, RequestKeyFrame, OpenPipe, ClosePipe, CreateRemoteProducer,
                 CloseRemoteProducer, GetTransportStats, GetProducerStats, GetWorkerStats>;

}  // namespace sfu::core
