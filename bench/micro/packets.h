#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "rtp/header_extensions.h"
#include "rtp/packet_writer.h"

namespace sfu::micro {

inline constexpr std::size_t kVideoPacket = 1200;
inline constexpr std::size_t kAudioPacket = 120;

/// The ids that a client takes over from the router.
inline rtp::ExtensionMap extensions() {
  rtp::ExtensionMap map;
  map.add(1, rtp::ExtensionKind::Mid);
  map.add(4, rtp::ExtensionKind::AbsSendTime);
  map.add(5, rtp::ExtensionKind::TransportCc);
  return map;
}

inline constexpr std::size_t kHeaderSize = 24;

/// A packet as a browser sends it once its stream is known: abs-send-time, a transport-wide number.
inline std::vector<std::uint8_t> make_packet(std::size_t size, std::uint16_t sequence_number,
                                             Ssrc ssrc = Ssrc{0x11223344}) {
  const std::array<std::uint8_t, 3> send_time = {1, 2, 3};
  const std::array<std::uint8_t, 2> transport_number = {4, 5};
  const std::array<rtp::HeaderExtension, 2> elements = {
      {{4, Bytes(send_time)}, {5, Bytes(transport_number)}}};
  std::vector<std::uint8_t> packet(size);
  const rtp::HeaderFields fields{.payload_type = 101,
                                 .sequence_number = sequence_number,
                                 .timestamp = sequence_number * 3000u,
                                 .ssrc = ssrc};
  const std::size_t header_size = rtp::write_header(fields, elements, packet).value();
  SFU_CHECK(header_size == kHeaderSize);
  for (std::size_t i = header_size; i < size; ++i) packet[i] = static_cast<std::uint8_t>(i * 7);
  return packet;
}

}  // namespace sfu::micro
