#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/units.h"
#include "ortc/parameters.h"

namespace sfu::media {

/// In the unit of `timestamp_ms`.
inline std::int64_t to_milliseconds(Timestamp now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
}

/// What a viewer of this layer of a stream gets: it, and all that it is made on. 0 while it does
/// not come itself.
struct LayerBitrate {
  std::uint8_t spatial_layer = 0;
  std::uint8_t temporal_layer = 0;
  std::uint64_t bps = 0;
};

/// Counters of one RTP stream at one moment, in mediasoup's getStats() names and units.
struct RtpStreamStats {
  bool inbound = true;
  std::int64_t timestamp_ms = 0;  // Of the worker's clock.
  Ssrc ssrc;
  std::optional<Ssrc> rtx_ssrc;
  std::optional<std::string> rid;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  std::string mime_type;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bitrate_bps = 0;
  std::uint64_t packets_lost = 0;
  std::uint8_t fraction_lost = 0;  // 0 to 255, of the last report.
  std::uint64_t packets_discarded = 0;
  std::uint64_t packets_retransmitted = 0;
  std::uint64_t packets_repaired = 0;
  std::uint32_t nack_count = 0;
  std::uint32_t nack_packet_count = 0;
  std::uint32_t pli_count = 0;
  std::uint32_t fir_count = 0;
  std::uint32_t jitter = 0;  // RTP timestamp units.
  double round_trip_time_ms = 0;
  std::uint32_t key_frames = 0;
  std::uint8_t score = 0;                 // As StreamScore has it.
  std::uint8_t encoding = 0;              // Its place among the producer's.
  std::vector<LayerBitrate> layers = {};  // Inbound, of a stream that has several.
};

/// What a publisher is told of one of its encodings.
struct EncodingScore {
  std::optional<std::string> rid;
  std::uint8_t score = 0;
};

struct ProducerStats {
  ProducerId producer;
  bool paused = false;
  std::vector<RtpStreamStats> streams;
};

struct ConsumerStats {
  ConsumerId consumer;
  ProducerId producer;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  bool paused = false;
  bool producer_paused = false;
  RtpStreamStats stream;
  std::uint8_t priority = 1;
  std::optional<std::uint8_t> encoding = {};  // Of the producer, that it forwards now.
};

}  // namespace sfu::media
