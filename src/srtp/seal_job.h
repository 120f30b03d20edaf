#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace sfu::srtp {

class RtpCipher;

/// A packet that OutboundSession::prepare() has given an index and a size, and that only its
/// encryption is missing from. Header, prefix and padding stand at their places in `out`.
struct SealJob {
  RtpCipher* cipher = nullptr;
  std::uint64_t index = 0;      // 48 bits: rollover count and sequence number.
  std::uint8_t* out = nullptr;  // Room for size() bytes.
  Bytes payload = {};           // Apart from `out`, or at its place there.
  std::uint32_t header_size = 0;
  std::uint16_t prefix_size = 0;
  std::uint8_t padding = 0;
  std::uint8_t tag_size = 0;

  /// What is encrypted: prefix, payload and padding.
  std::size_t body_size() const { return prefix_size + payload.size() + padding; }
  /// Of the whole protected packet, in bytes.
  std::size_t size() const { return header_size + body_size() + tag_size; }
};

/// Encrypts a batch over any sessions, each of which outlives the call. Until then the payloads
/// stay as they are, and `out` of each job belongs to it. Cannot fail. Allocates only with a
/// session's first packet.
void seal(std::span<const SealJob> jobs);

}  // namespace sfu::srtp
