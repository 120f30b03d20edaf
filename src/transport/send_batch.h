#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "media/outgoing_packet.h"
#include "srtp/cipher_backend.h"
#include "transport/flush_writer.h"
#include "transport/frame_hold.h"

namespace sfu::transport {

/// Where a worker's transports put what is to leave at the end of the batch: control datagrams
/// (STUN, DTLS, SRTCP) as finished bytes, media packets as places of a shared pool, and which
/// transports have some. Everything is reused: in steady state nothing is allocated.
class SendBatch {
 public:
  using Slot = std::uint32_t;  // A transport's number on its worker.

  /// Bounds one batch: more is dropped, as by a full socket buffer.
  static constexpr std::size_t kMaxControlBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxMediaPackets = 128 * 1024;

  /// What encrypts for this worker's transports.
  srtp::CipherBackend& ciphers() { return *ciphers_; }

  void add_control(const Path& path, Bytes datagram);
  /// Moves all control datagrams to `writer`, in order.
  void flush_control(FlushWriter& writer);

  /// A place for a packet, or null where kMaxMediaPackets are in use. The place stays where it is.
  media::OutgoingPacket* allocate();
  void release(media::OutgoingPacket* packet) { free_.push_back(packet); }

  /// `slot` has media to flush; called once by each until take_marked().
  void mark(Slot slot) { marked_.push_back(slot); }
  /// Swaps the marked slots into `out`.
  void take_marked(std::vector<Slot>& out) {
    out.clear();
    std::swap(out, marked_);
  }

  std::size_t marked() const { return marked_.size(); }
  bool empty() const { return control_.empty() && marked_.empty(); }
  FrameHold& hold() { return hold_; }
  const FrameHold& hold() const { return hold_; }

  std::size_t media_packets_in_use() const { return chunks_.size() * kChunk - free_.size(); }

 private:
  static constexpr std::size_t kChunk = 256;
  struct Control {
    Path path;
    std::size_t offset;
    std::size_t size;
  };

  const std::unique_ptr<srtp::CipherBackend> ciphers_ = srtp::make_cipher_backend();
  std::vector<std::uint8_t> control_bytes_;
  std::vector<Control> control_;
  std::vector<std::unique_ptr<media::OutgoingPacket[]>> chunks_;
  std::vector<media::OutgoingPacket*> free_;
  std::vector<Slot> marked_;
  FrameHold hold_;
};

}  // namespace sfu::transport
