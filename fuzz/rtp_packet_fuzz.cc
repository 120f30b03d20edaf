#include <algorithm>
#include <array>
#include <vector>

#include "fuzz/script.h"
#include "rtp/extension_values.h"
#include "rtp/packet_view.h"
#include "rtp/rewrite_header_for_test.h"
#include "rtp/rtx.h"

namespace {

using namespace sfu;
using namespace sfu::rtp;

constexpr std::size_t kMaxElements = 64;

using sfu::fuzz::require;

bool lies_inside(Bytes part, Bytes whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// Property: whatever an accepted packet hands out lies inside the datagram, and its parts add up.
void check_spans(const PacketView& packet, Bytes datagram) {
  require(lies_inside(packet.payload(), datagram));
  require(packet.header_size() + packet.payload().size() + packet.padding_size() ==
          datagram.size());
  for (const HeaderExtension& element : packet.extensions()) {
    require(element.id != 0 && lies_inside(element.value, datagram));
    require(packet.extension(element.id).has_value());
    if (const auto mid = read_mid(element.value)) require(mid->size() <= kMaxMidSize);
    read_audio_level(element.value);
    read_transport_cc(element.value);
  }
}

/// Property: the elements, written into a header of our own, read back the same.
void check_header_round_trip(const PacketView& packet) {
  std::vector<HeaderExtension> elements;
  for (const HeaderExtension& element : packet.extensions())
    if (elements.size() < kMaxElements) elements.push_back(element);
  std::array<std::uint8_t, kFixedHeaderSize + 4 + kMaxElements * 257 + 4> buffer;
  const auto size = write_header({.payload_type = packet.payload_type(), .ssrc = packet.ssrc()},
                                 elements, buffer);
  require(size.has_value());
  const auto again = PacketView::parse(Bytes(buffer).first(*size));
  require(again.has_value() && again->ssrc() == packet.ssrc());
  const bool same = std::ranges::equal(
      again->extensions(), elements, [](const HeaderExtension& a, const HeaderExtension& b) {
        return a.id == b.id && std::ranges::equal(a.value, b.value);
      });
  require(same);
}

/// Property: a rewritten header parses, has the receiver's numbers, and its patches hit their
/// values.
void check_rewrite(const PacketView& packet) {
  ExtensionMap incoming;
  ExtensionMap outgoing;
  for (std::uint8_t kind = 0; kind < kExtensionKinds; ++kind) {
    incoming.add(static_cast<std::uint8_t>(kind + 1), static_cast<ExtensionKind>(kind));
    outgoing.add(static_cast<std::uint8_t>(20 - kind), static_cast<ExtensionKind>(kind));
  }
  std::array<std::uint8_t, 4096> buffer;
  const auto written = rewrite_header(packet, incoming, outgoing,
                                      {.ssrc = Ssrc{7}, .sequence_number = 8, .mid = "9"}, buffer);
  require(written.has_value());
  patch_transport_cc(buffer, written->patch, 0xABCD);
  const auto again = PacketView::parse(Bytes(buffer).first(written->size));
  require(again.has_value() && again->ssrc() == Ssrc{7} && again->sequence_number() == 8);
  require(again->csrc_count() == packet.csrc_count());
  require(read_mid(again->extension(outgoing.id(ExtensionKind::Mid)).value()) == "9");
  require(read_transport_cc(again->extension(outgoing.id(ExtensionKind::TransportCc)).value()) ==
          0xABCD);
  require(!again->extension(outgoing.id(ExtensionKind::Rid)));
}

/// Property: what is unwrapped is a packet again, shorter by the original sequence number.
void check_rtx(const PacketView& packet) {
  std::vector<std::uint8_t> bytes(packet.datagram().begin(), packet.datagram().end());
  const auto restored = unwrap_rtx(bytes, Ssrc{1}, 96);
  require(restored.has_value() == (packet.payload().size() >= kOsnSize));
  if (!restored) return;
  const auto again = PacketView::parse(*restored);
  require(again.has_value() && again->ssrc() == Ssrc{1} && again->payload_type() == 96);
  require(again->sequence_number() == original_sequence_number(packet));
  require(std::ranges::equal(again->payload(), packet.payload().subspan(kOsnSize)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes datagram(data, size);
  const auto packet = PacketView::parse(datagram);
  if (!packet) return 0;
  check_spans(*packet, datagram);
  check_header_round_trip(*packet);
  check_rewrite(*packet);
  check_rtx(*packet);
  return 0;
}
