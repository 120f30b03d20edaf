#include "rtp/codec/vp9.h"

#include "rtp/codec/byte_reader.h"

namespace sfu::rtp::codec {
namespace {

constexpr std::uint8_t kHasPictureId = 0x80;           // I
constexpr std::uint8_t kInterPicturePredicted = 0x40;  // P
constexpr std::uint8_t kHasLayerIndices = 0x20;        // L
constexpr std::uint8_t kFlexible = 0x10;               // F
constexpr std::uint8_t kStartsLayerFrame = 0x08;       // B
constexpr std::uint8_t kEndsLayerFrame = 0x04;         // E
constexpr std::uint8_t kHasStructure = 0x02;           // V
constexpr std::uint8_t kNotReferenceForUpper = 0x01;   // Z

//       0 1 2 3 4 5 6 7
//      +-+-+-+-+-+-+-+-+
//      | TID |U| SID |D|
//      +-+-+-+-+-+-+-+-+
//      |   TL0PICIDX   | in non-flexible mode
//      +-+-+-+-+-+-+-+-+
void read_layer_indices(ByteReader& reader, Vp9Payload& parsed) {
  const std::uint8_t indices = reader.u8();
  parsed.has_layer_indices = true;
  parsed.temporal_layer = indices >> 5;
  parsed.temporal_switch_point = (indices & 0x10) != 0;
  parsed.spatial_layer = indices >> 1 & 0x07;
  parsed.inter_layer_predicted = (indices & 0x01) != 0;
  if (!parsed.flexible) parsed.tl0_picture_index = reader.u8();
}

//      +-+-+-+-+-+-+-+-+
//      | P_DIFF      |N| N: another one follows; three at most
//      +-+-+-+-+-+-+-+-+
bool read_reference_diffs(ByteReader& reader, Vp9Payload& parsed) {
  bool another = true;
  while (another) {
    if (parsed.reference_count == kMaxVp9ReferenceDiffs) return false;
    const std::uint8_t diff = reader.u8();
    parsed.reference_diffs[parsed.reference_count++] = diff >> 1;
    another = (diff & 0x01) != 0;
  }
  return true;
}

//      +-+-+-+-+-+-+-+-+
//      | N_S |Y|G|-|-|-|
//      +-+-+-+-+-+-+-+-+
//  Y:  | width, height | 16 bits each, N_S + 1 times
//      +-+-+-+-+-+-+-+-+
//  G:  |      N_G      |
//      +-+-+-+-+-+-+-+-+  N_G times
//      | TID |U| R |-|-|
//      +-+-+-+-+-+-+-+-+
//      |    P_DIFF     | R times
//      +-+-+-+-+-+-+-+-+
Vp9ScalabilityStructure read_structure(ByteReader& reader) {
  Vp9ScalabilityStructure structure;
  const std::uint8_t header = reader.u8();
  structure.spatial_layers = static_cast<std::uint8_t>((header >> 5) + 1);
  structure.has_resolutions = (header & 0x10) != 0;
  const bool has_group = (header & 0x08) != 0;
  if (structure.has_resolutions) {
    for (std::size_t layer = 0; layer < structure.spatial_layers; ++layer) {
      const std::uint16_t width = reader.u16();
      structure.resolutions[layer] = {width, reader.u16()};
    }
  }
  if (has_group) {
    structure.pictures_in_group = reader.u8();
    for (std::size_t i = 0; i < structure.pictures_in_group && !reader.ran_out(); ++i)
      reader.skip(reader.u8() >> 2 & 0x03u);
  }
  return structure;
}

}  // namespace

//       0 1 2 3 4 5 6 7
//      +-+-+-+-+-+-+-+-+
//      |I|P|L|F|B|E|V|Z| (required)
//      +-+-+-+-+-+-+-+-+
//  I:  |M| PICTURE ID  | 7 bits, or 15 in two bytes where M is set
//      +-+-+-+-+-+-+-+-+
//  L:  layer indices   |
//      +-+-+-+-+-+-+-+-+
//  P,F: P_DIFF ...     |
//      +-+-+-+-+-+-+-+-+
//  V:  SS ...          |
//      +-+-+-+-+-+-+-+-+
Result<Vp9Payload, PayloadError> parse_vp9(Bytes payload) {
  if (payload.empty()) return fail(PayloadError::Empty);
  ByteReader reader(payload);
  Vp9Payload parsed;

  const std::uint8_t required = reader.u8();
  parsed.inter_picture_predicted = (required & kInterPicturePredicted) != 0;
  parsed.flexible = (required & kFlexible) != 0;
  parsed.starts_layer_frame = (required & kStartsLayerFrame) != 0;
  parsed.ends_layer_frame = (required & kEndsLayerFrame) != 0;
  parsed.not_reference_for_upper = (required & kNotReferenceForUpper) != 0;

  if (required & kHasPictureId) {
    const std::uint8_t first = reader.u8();
    parsed.long_picture_id = (first & 0x80) != 0;
    const unsigned high = first & 0x7fu;
    parsed.picture_id =
        static_cast<std::uint16_t>(parsed.long_picture_id ? high << 8 | reader.u8() : high);
  } else if (parsed.flexible) {
    return fail(PayloadError::Contradiction);  // RFC 9628 §4.2: F needs I.
  }
  if (required & kHasLayerIndices) read_layer_indices(reader, parsed);
  if (parsed.flexible && parsed.inter_picture_predicted && !read_reference_diffs(reader, parsed))
    return fail(PayloadError::TooManyElements);
  if (required & kHasStructure) parsed.structure = read_structure(reader);

  parsed.descriptor_size = reader.position();
  if (reader.ran_out() || reader.rest().empty()) return fail(PayloadError::Truncated);
  return parsed;
}

}  // namespace sfu::rtp::codec
