#include "rtp/codec/h264.h"

namespace sfu::rtp::codec {
namespace {

constexpr std::uint8_t kNalTypeMask = 0x1f;
constexpr std::uint8_t kReferenceMask = 0x60;  // nal_ref_idc
constexpr std::uint8_t kFuStart = 0x80;
constexpr std::uint8_t kFuEnd = 0x40;
constexpr std::uint8_t kFirstSingleType = 1;
constexpr std::uint8_t kLastSingleType = 23;

bool is_slice(std::uint8_t type) { return type >= kH264SliceNonIdr && type <= kH264SliceIdr; }

/// `begins`: the unit starts in this packet. `body` is what there is of it behind its header.
void note_unit(H264Payload& parsed, std::uint8_t header, Bytes body, bool begins) {
  const std::uint8_t type = header & kNalTypeMask;
  parsed.is_reference = parsed.is_reference || (header & kReferenceMask) != 0;
  parsed.has_sps = parsed.has_sps || (type == kH264Sps && begins);
  parsed.has_pps = parsed.has_pps || (type == kH264Pps && begins);
  parsed.has_idr = parsed.has_idr || type == kH264SliceIdr;
  parsed.has_slice = parsed.has_slice || is_slice(type);
  // first_mb_in_slice opens the slice header (ITU-T H.264 §7.3.3); as ue(v), 0 is a single set bit.
  const bool is_partition_b_or_c = type == 3 || type == 4;
  if (is_slice(type) && !is_partition_b_or_c && begins && !body.empty() && (body[0] & 0x80) != 0)
    parsed.starts_picture = true;
}

//   0 1 2 3 4 5 6 7
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
//  |F|NRI| type 24 | size, 16 bits | NAL unit | size ...
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
bool read_stap_a(H264Payload& parsed, Bytes rest) {
  if (rest.empty()) return false;
  while (!rest.empty()) {
    if (rest.size() < 2) return false;
    const std::size_t size = load_be16(rest, 0);
    if (size == 0 || size > rest.size() - 2) return false;
    const Bytes unit = rest.subspan(2, size);
    note_unit(parsed, unit[0], unit.subspan(1), true);
    if ((unit[0] & kNalTypeMask) == kH264Sps && !parsed.resolution)
      parsed.resolution = parse_sps_resolution(unit);
    rest = rest.subspan(2 + size);
  }
  parsed.starts_nal_unit = true;
  parsed.ends_nal_unit = true;
  return true;
}

//  FU indicator      FU header
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
//  |F|NRI| type 28 |S|E|R|  type   | fragment
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-
Result<H264Payload, PayloadError> read_fu_a(H264Payload parsed, Bytes payload) {
  if (payload.size() < 2) return fail(PayloadError::Truncated);
  parsed.starts_nal_unit = (payload[1] & kFuStart) != 0;
  parsed.ends_nal_unit = (payload[1] & kFuEnd) != 0;
  const auto header =
      static_cast<std::uint8_t>((payload[0] & ~kNalTypeMask & 0xff) | (payload[1] & kNalTypeMask));
  note_unit(parsed, header, payload.subspan(2), parsed.starts_nal_unit);
  return parsed;
}

}  // namespace

Result<H264Payload, PayloadError> parse_h264(Bytes payload) {
  if (payload.empty()) return fail(PayloadError::Empty);
  H264Payload parsed;
  parsed.packet_type = payload[0] & kNalTypeMask;

  if (parsed.packet_type >= kFirstSingleType && parsed.packet_type <= kLastSingleType) {
    parsed.starts_nal_unit = true;
    parsed.ends_nal_unit = true;
    note_unit(parsed, payload[0], payload.subspan(1), true);
    if (parsed.has_sps) parsed.resolution = parse_sps_resolution(payload);
    return parsed;
  }
  if (parsed.packet_type == kH264StapA) {
    if (!read_stap_a(parsed, payload.subspan(1))) return fail(PayloadError::Truncated);
    return parsed;
  }
  if (parsed.packet_type == kH264FuA) return read_fu_a(parsed, payload);
  return fail(PayloadError::UnknownType);
}

}  // namespace sfu::rtp::codec
