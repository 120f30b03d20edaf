#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/units.h"
#include "core/commands.h"
#include "core/stats.h"

namespace sfu::core {

// What a worker tells the service: replies to commands and events of its own, through one FIFO.

enum class CommandError : std::uint8_t {
  NotFound,          // The named router, transport, producer or consumer is not there.
  AlreadyExists,     // The id is taken.
  AlreadyConnected,  // ConnectTransport a second time.
  Unsupported,       // The parameters name a codec, an algorithm or a shape that cannot be.
  SsrcTaken,         // Another producer of the transport has this SSRC, or this MID and RID.
  LimitReached,      // A bound of the worker.
};

struct Done {};

struct IceCandidate {
  std::string foundation;
  std::uint32_t priority = 0;
  std::string address;
  IpProtocol protocol = IpProtocol::Udp;
  std::uint16_t port = 0;
};

struct TransportCreated {
  std::string ice_username_fragment;
  std::string ice_password;
  std::vector<IceCandidate> candidates;
  std::vector<DtlsFingerprint> fingerprints;
};

/// Those that the peer's checks have to carry from now on.
struct IceRestarted {
  std::string ice_username_fragment;
  std::string ice_password;
};

/// The layers as clamped to what the producer has.
struct PreferredLayers {
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
};

using ReplyValue = std::variant<Done, TransportCreated, IceRestarted, PreferredLayers,
                                TransportStats, std::vector<ProducerStats>, WorkerStats>;

struct Reply {
  RequestId request;
  Result<ReplyValue, CommandError> result;
};

enum class IceState : std::uint8_t { New, Connected, Completed, Disconnected };
enum class DtlsState : std::uint8_t { New, Connecting, Connected, Failed, Closed };

/// Never the same twice in a row.
struct TransportStateChanged {
  TransportId transport;
  IceState ice = IceState::New;
  DtlsState dtls = DtlsState::New;
};

/// The layers that a consumer now forwards; none when it sends nothing.
struct ConsumerLayersChanged {
  ConsumerId consumer;
  std::optional<PreferredLayers> layers;
};

/// How well what a publisher sends arrives; at most one for each producer in half a second.
struct ProducerScoreChanged {
  RouterId router;
  ProducerId producer;
  std::vector<EncodingScore> scores;
};
/// How well a viewer gets what it is sent, and the server what it is made of.
struct ConsumerScoreChanged {
  ConsumerId consumer;
  std::uint8_t score = 0;
  std::uint8_t producer_score = 0;
};
/// Who of the producers here is heard in a room, loudest first: one each kAudioInterval while the
/// room is not silent, and some more after that.
struct AudioLevels {
  RouterId router;
  std::vector<AudioLevel> levels;
};
/// The service tells a room no more often than each 300 ms: a little longer, so that none of these
/// comes too soon after the one before.
inline constexpr TimeDelta kAudioInterval = std::chrono::milliseconds(320);

/// Something that an operator wants to read in the log: at most one for each cause and second.
struct Diagnostic {
  enum class Level : std::uint8_t { Info, Warn } level = Level::Info;
  std::string text;  // One line: "consumer waits for a key frame", with its ids and figures.
  std::optional<TransportId> transport = std::nullopt;  // Of whose client it tells, if of one.
};

using Event = std::variant<Reply, TransportStateChanged, ConsumerLayersChanged,
                           ProducerScoreChanged, ConsumerScoreChanged, AudioLevels, Diagnostic>;

}  // namespace sfu::core
