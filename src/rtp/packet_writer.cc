#include "rtp/packet_writer.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "rtp/extension_values.h"

namespace sfu::rtp {
namespace {

constexpr std::uint16_t kOneByteProfile = 0xBEDE;
constexpr std::uint16_t kTwoByteProfile = 0x1000;
constexpr std::size_t kMaxOneByteLength = 16;
constexpr std::size_t kMaxTwoByteLength = 255;
constexpr std::size_t kBlockHeaderSize = 4;

constexpr std::array<std::uint8_t, 4> kUnset{};  // The value until it is patched.

bool fits_one_byte(const HeaderExtension& element) {
  return element.id <= kMaxOneByteId && !element.value.empty() &&
         element.value.size() <= kMaxOneByteLength;
}

/// The elements whose values are set or changed later, by their place in the list of elements.
struct Marked {
  std::size_t transport_cc = SIZE_MAX;
  std::size_t abs_send_time = SIZE_MAX;
  std::size_t mid = SIZE_MAX;
  std::size_t dependency_descriptor = SIZE_MAX;
};

/// The elements of one outgoing header: at most one of each kind, so a list that cannot overflow.
class ElementList {
 public:
  void add(const ExtensionMap& outgoing, ExtensionKind kind, Bytes value) {
    const std::uint8_t id = outgoing.id(kind);
    const unsigned bit = 1u << static_cast<unsigned>(kind);
    if (id == 0 || (seen_ & bit) != 0) return;
    seen_ |= bit;
    if (kind == ExtensionKind::TransportCc) marked_.transport_cc = count_;
    if (kind == ExtensionKind::AbsSendTime) marked_.abs_send_time = count_;
    if (kind == ExtensionKind::Mid) marked_.mid = count_;
    if (kind == ExtensionKind::DependencyDescriptor) marked_.dependency_descriptor = count_;
    elements_[count_++] = {id, value};
  }
  /// What every packet of ours has.
  void add_own(const ExtensionMap& outgoing, std::string_view mid) {
    if (!mid.empty()) add(outgoing, ExtensionKind::Mid, as_bytes(mid));
    add(outgoing, ExtensionKind::AbsSendTime, Bytes(kUnset).first(kAbsSendTimeSize));
    add(outgoing, ExtensionKind::TransportCc, Bytes(kUnset).first(kTransportCcSize));
  }

  std::span<const HeaderExtension> elements() const { return {elements_.data(), count_}; }
  const Marked& marked() const { return marked_; }

 private:
  std::array<HeaderExtension, kExtensionKinds> elements_{};
  std::size_t count_ = 0;
  unsigned seen_ = 0;
  Marked marked_;
};

std::size_t write_fixed(const HeaderFields& fields, bool has_block, MutableBytes out) {
  out[0] = static_cast<std::uint8_t>(0x80 | (fields.padding ? 0x20 : 0) | (has_block ? 0x10 : 0) |
                                     fields.csrcs.size());
  out[1] = static_cast<std::uint8_t>((fields.marker ? 0x80 : 0) | (fields.payload_type & 0x7f));
  store_be16(out, 2, fields.sequence_number);
  store_be32(out, 4, fields.timestamp);
  store_be32(out, 8, fields.ssrc.value);
  std::size_t at = kFixedHeaderSize;
  for (const Ssrc csrc : fields.csrcs) {
    store_be32(out, at, csrc.value);
    at += 4;
  }
  return at;
}

std::optional<WrittenHeader> write(const HeaderFields& fields,
                                   std::span<const HeaderExtension> elements, const Marked& marked,
                                   MutableBytes out) {
  SFU_CHECK(fields.csrcs.size() <= kMaxCsrcs);
  bool one_byte = true;
  std::size_t values_size = 0;
  for (const HeaderExtension& element : elements) {
    if (element.id == 0 || element.value.size() > kMaxTwoByteLength) return std::nullopt;
    one_byte = one_byte && fits_one_byte(element);
    values_size += element.value.size();
  }
  const std::size_t prefix = one_byte ? 1 : 2;
  const std::size_t block_size = (values_size + prefix * elements.size() + 3) / 4 * 4;

  WrittenHeader written;
  written.size = kFixedHeaderSize + 4 * fields.csrcs.size() +
                 (elements.empty() ? 0 : kBlockHeaderSize + block_size);
  if (written.size > out.size()) return std::nullopt;

  std::size_t at = write_fixed(fields, !elements.empty(), out);
  if (elements.empty()) return written;
  store_be16(out, at, one_byte ? kOneByteProfile : kTwoByteProfile);
  store_be16(out, at + 2, static_cast<std::uint16_t>(block_size / 4));
  at += kBlockHeaderSize;

  for (std::size_t i = 0; i < elements.size(); ++i) {
    const HeaderExtension& element = elements[i];
    if (one_byte) {
      out[at] =
          static_cast<std::uint8_t>(element.id << 4 | static_cast<int>(element.value.size() - 1));
    } else {
      out[at] = element.id;
      out[at + 1] = static_cast<std::uint8_t>(element.value.size());
    }
    at += prefix;
    const auto offset = static_cast<std::uint16_t>(at);
    if (i == marked.transport_cc) written.patch.transport_cc = offset;
    if (i == marked.abs_send_time) written.patch.abs_send_time = offset;
    if (i == marked.mid) written.mid = offset;
    if (i == marked.dependency_descriptor) written.dependency_descriptor = offset;
    std::copy(element.value.begin(), element.value.end(), out.subspan(at).begin());
    at += element.value.size();
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(at),
            out.begin() + static_cast<std::ptrdiff_t>(written.size), std::uint8_t{0});
  return written;
}

/// Whether an element is copied as it came, rather than made anew or left out.
bool is_copied(ExtensionKind kind) {
  switch (kind) {
    case ExtensionKind::Mid:
    case ExtensionKind::Rid:
    case ExtensionKind::RepairedRid:
    case ExtensionKind::AbsSendTime:
    case ExtensionKind::TransportCc: return false;
    case ExtensionKind::AudioLevel:
    case ExtensionKind::VideoOrientation:
    case ExtensionKind::TimeOffset:
    case ExtensionKind::AbsCaptureTime:
    case ExtensionKind::PlayoutDelay:
    case ExtensionKind::DependencyDescriptor: return true;
  }
  return false;
}

}  // namespace

std::optional<std::size_t> write_header(const HeaderFields& fields,
                                        std::span<const HeaderExtension> extensions,
                                        MutableBytes out) {
  const auto written = write(fields, extensions, Marked{}, out);
  if (!written) return std::nullopt;
  return written->size;
}

bool PreparedHeader::prepare(const PacketView& packet, const ExtensionMap& incoming,
                             const ExtensionMap& outgoing, std::size_t mid_size) {
  static constexpr std::array<char, kMaxTwoByteLength> kUnsetMid{};
  if (mid_size > kUnsetMid.size()) return false;
  std::array<Ssrc, kMaxCsrcs> csrcs{};
  for (std::size_t i = 0; i < packet.csrc_count(); ++i) csrcs[i] = packet.csrc(i);

  ElementList list;
  list.add_own(outgoing, {kUnsetMid.data(), mid_size});
  for (const HeaderExtension& element : packet.extensions()) {
    const auto kind = incoming.kind(element.id);
    if (kind && is_copied(*kind)) list.add(outgoing, *kind, element.value);
  }
  const HeaderFields fields{.marker = packet.marker(),
                            .csrcs = std::span(csrcs).first(packet.csrc_count())};
  const auto written = rtp::write(fields, list.elements(), list.marked(), bytes_);
  if (written) layout_ = *written;
  return written.has_value();
}

void patch_transport_cc(MutableBytes packet, const PatchPoints& patch,
                        std::uint16_t sequence_number) {
  if (patch.transport_cc != 0)
    write_transport_cc(sequence_number, packet.subspan(patch.transport_cc));
}

void patch_abs_send_time(MutableBytes packet, const PatchPoints& patch, Timestamp now) {
  if (patch.abs_send_time != 0)
    write_abs_send_time(abs_send_time(now), packet.subspan(patch.abs_send_time));
}

}  // namespace sfu::rtp
