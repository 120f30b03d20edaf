#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "rtp/header_extensions.h"
#include "rtp/packet_view.h"

namespace sfu::media {

class Producer;

enum class ListenError : std::uint8_t {
  SsrcTaken,  // By another producer.
  MidTaken,   // MID and RID together.
  TableFull,
};

/// Finds the producer and encoding that a packet of one transport belongs to: by SSRC as signaled
/// or learned, else by MID and RID or repaired RID, else by payload type where only one producer
/// has it. What was learned is kept, since browsers stop sending those extensions after the first
/// RTCP for the SSRC.
class RtpListener {
 public:
  static constexpr std::size_t kMaxProducers = 64;
  static constexpr std::size_t kMaxSsrcs = 256;   // Learned and signaled.
  static constexpr std::size_t kMaxRetired = 32;  // The latest.

  struct Target {
    Producer* producer = nullptr;
    std::uint8_t stream = 0;
    bool is_rtx = false;
  };

  /// Changes nothing where it fails. The producer is removed before it is destroyed.
  Result<void, ListenError> add(Producer& producer);
  void remove(Producer& producer);

  /// Whose packet this is; learns its SSRC. Nothing for strangers.
  std::optional<Target> find(const rtp::PacketView& packet);
  /// By SSRC alone, for RTCP.
  std::optional<Target> find(Ssrc ssrc) const;

  /// The ids of all producers of the transport (with BUNDLE, one id means one thing). The transport
  /// reads transport-cc by it.
  const rtp::ExtensionMap& extensions() const { return extensions_; }
  std::size_t ssrc_count() const { return ssrcs_.size(); }
  std::size_t retired_count() const { return retired_.size(); }

 private:
  struct Entry {
    Ssrc ssrc;
    Target target;
  };

  std::optional<Target> find_by_names(const rtp::PacketView& packet) const;
  std::optional<Target> find_by_payload_type(const rtp::PacketView& packet) const;
  bool learn(Ssrc ssrc, const Target& target);
  void insert(Ssrc ssrc, const Target& target);
  void collect_extensions();

  std::vector<Entry> ssrcs_;  // Sorted by SSRC.
  /// Of producers that were removed: what is still on its way names a MID that may be another's by
  /// now, and must not take its place.
  std::vector<Ssrc> retired_;
  std::vector<Producer*> producers_;
  rtp::ExtensionMap extensions_;
};

}  // namespace sfu::media
