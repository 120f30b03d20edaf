#include "signaling/engineio/packet.h"

#include <algorithm>

#include "signaling/base64.h"

namespace sfu::signaling::engineio {

Result<Packet, PacketError> decode_text(std::string_view frame) {
  if (frame.empty()) return fail(PacketError::Empty);
  const char type = frame.front();
  if (type < '0' || type > '6') return fail(PacketError::UnknownType);
  return Packet{static_cast<PacketType>(type), false, std::string(frame.substr(1))};
}

Result<std::vector<Packet>, PacketError> decode_payload(std::string_view payload) {
  const auto separators = std::ranges::count(payload, kSeparator);
  if (static_cast<std::size_t>(separators) >= kMaxPacketsInPayload)
    return fail(PacketError::TooManyPackets);
  std::vector<Packet> packets;
  packets.reserve(static_cast<std::size_t>(separators) + 1);
  for (bool more = true; more;) {
    const std::size_t end = payload.find(kSeparator);
    more = end != std::string_view::npos;
    const std::string_view part = payload.substr(0, end);
    if (more) payload.remove_prefix(end + 1);

    if (part.starts_with('b')) {
      auto bytes = base64_decode(part.substr(1));
      if (!bytes) return fail(PacketError::BadBase64);
      packets.push_back({PacketType::Message, true, std::move(*bytes)});
      continue;
    }
    auto packet = decode_text(part);
    if (!packet) return fail(packet.error());
    packets.push_back(std::move(*packet));
  }
  return packets;
}

Frame text_frame(PacketType type, std::string_view data) {
  std::string text(1, static_cast<char>(type));
  text += data;
  return {SharedBytes(text), false};
}

std::size_t payload_size(const Frame& frame) {
  return frame.binary ? 1 + base64_size(frame.data.size()) : frame.data.size();
}

void append_to_payload(const Frame& frame, std::string& payload) {
  if (!payload.empty()) payload += kSeparator;
  if (frame.binary) {
    payload += 'b';
    payload += base64_encode(frame.data.bytes());
  } else {
    payload += frame.data.text();
  }
}

}  // namespace sfu::signaling::engineio
