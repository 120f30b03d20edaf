#include <algorithm>
#include <array>

#include "rtp/codec/bit_reader.h"
#include "rtp/codec/h264.h"

namespace sfu::rtp::codec {
namespace {

/// What is read of a parameter set; the size stands well before this, scaling lists included.
constexpr std::size_t kMaxSpsBytes = 512;
constexpr std::uint32_t kMaxReferenceFramesInCycle = 255;  // ITU-T H.264 §7.4.2.1.1.
constexpr std::uint32_t kMaxMacroblocksPerSide = 1024;     // 16384 samples.

/// The raw sequence payload: without the bytes that keep start codes out (§7.4.1.1).
class RawPayload {
 public:
  explicit RawPayload(Bytes escaped) {
    unsigned zeros = 0;
    for (const std::uint8_t byte : escaped.first(std::min(escaped.size(), kMaxSpsBytes))) {
      if (zeros >= 2 && byte == 3) {
        zeros = 0;
        continue;
      }
      zeros = byte == 0 ? zeros + 1 : 0;
      bytes_[size_++] = byte;
    }
  }
  Bytes bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::uint8_t, kMaxSpsBytes> bytes_{};
  std::size_t size_ = 0;
};

bool has_chroma_format(std::uint32_t profile_idc) {
  constexpr std::array<std::uint32_t, 13> kProfiles = {100, 110, 122, 244, 44,  83, 86,
                                                       118, 128, 138, 139, 134, 135};
  return std::find(kProfiles.begin(), kProfiles.end(), profile_idc) != kProfiles.end();
}

void skip_scaling_list(BitReader& reader, unsigned size) {
  std::int32_t last = 8;
  std::int32_t next = 8;
  for (unsigned i = 0; i < size && !reader.ran_out(); ++i) {
    if (next != 0)
      next =
          static_cast<std::int32_t>((std::int64_t{last} + reader.signed_exp_golomb() + 256) % 256);
    if (next != 0) last = next;
  }
}

/// Returns chroma_format_idc.
std::uint32_t read_chroma(BitReader& reader) {
  const std::uint32_t chroma_format = reader.exp_golomb();
  if (chroma_format == 3) reader.bits(1);  // separate_colour_plane_flag
  reader.exp_golomb();                     // bit_depth_luma_minus8
  reader.exp_golomb();                     // bit_depth_chroma_minus8
  reader.bits(1);                          // qpprime_y_zero_transform_bypass_flag
  if (reader.flag()) {                     // seq_scaling_matrix_present_flag
    const unsigned lists = chroma_format == 3 ? 12 : 8;
    for (unsigned i = 0; i < lists; ++i)
      if (reader.flag()) skip_scaling_list(reader, i < 6 ? 16 : 64);
  }
  return chroma_format;
}

void skip_picture_order(BitReader& reader) {
  const std::uint32_t type = reader.exp_golomb();
  if (type == 0) reader.exp_golomb();  // log2_max_pic_order_cnt_lsb_minus4
  if (type != 1) return;
  reader.bits(1);              // delta_pic_order_always_zero_flag
  reader.signed_exp_golomb();  // offset_for_non_ref_pic
  reader.signed_exp_golomb();  // offset_for_top_to_bottom_field
  const std::uint32_t cycle = std::min(reader.exp_golomb(), kMaxReferenceFramesInCycle);
  for (std::uint32_t i = 0; i < cycle && !reader.ran_out(); ++i) reader.signed_exp_golomb();
}

struct Crop {
  std::uint64_t horizontal = 0;
  std::uint64_t vertical = 0;
};

Crop read_crop(BitReader& reader) {
  Crop crop;
  crop.horizontal = std::uint64_t{reader.exp_golomb()} + reader.exp_golomb();
  crop.vertical = std::uint64_t{reader.exp_golomb()} + reader.exp_golomb();
  return crop;
}

}  // namespace

std::optional<Resolution> parse_sps_resolution(Bytes sps) {
  if (sps.empty() || (sps[0] & 0x1f) != kH264Sps) return std::nullopt;
  const RawPayload raw(sps.subspan(1));
  BitReader reader(raw.bytes());

  const std::uint32_t profile_idc = reader.bits(8);
  reader.bits(16);      // Constraint flags, level_idc.
  reader.exp_golomb();  // seq_parameter_set_id
  const std::uint32_t chroma_format = has_chroma_format(profile_idc) ? read_chroma(reader) : 1;
  reader.exp_golomb();  // log2_max_frame_num_minus4
  skip_picture_order(reader);
  reader.exp_golomb();  // max_num_ref_frames
  reader.bits(1);       // gaps_in_frame_num_value_allowed_flag

  const std::uint64_t width_in_blocks = std::uint64_t{reader.exp_golomb()} + 1;
  const std::uint64_t height_in_units = std::uint64_t{reader.exp_golomb()} + 1;
  const bool frames_only = reader.flag();
  if (!frames_only) reader.bits(1);  // mb_adaptive_frame_field_flag
  reader.bits(1);                    // direct_8x8_inference_flag
  const Crop crop = reader.flag() ? read_crop(reader) : Crop{};
  if (reader.ran_out() || width_in_blocks > kMaxMacroblocksPerSide ||
      height_in_units > kMaxMacroblocksPerSide)
    return std::nullopt;

  const std::uint64_t fields = frames_only ? 1 : 2;
  const std::uint64_t crop_x = chroma_format == 1 || chroma_format == 2 ? 2 : 1;
  const std::uint64_t crop_y = (chroma_format == 1 ? 2 : 1) * fields;
  const std::uint64_t width = 16 * width_in_blocks;
  const std::uint64_t height = 16 * height_in_units * fields;
  if (crop.horizontal * crop_x >= width || crop.vertical * crop_y >= height) return std::nullopt;
  return Resolution{static_cast<std::uint16_t>(width - crop.horizontal * crop_x),
                    static_cast<std::uint16_t>(height - crop.vertical * crop_y)};
}

}  // namespace sfu::rtp::codec
