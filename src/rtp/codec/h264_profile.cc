#include "rtp/codec/h264_profile.h"

#include <array>
#include <charconv>

namespace sfu::rtp::codec {
namespace {

constexpr std::size_t kTextSize = 6;
constexpr std::uint8_t kConstraintSet3 = 0x10;
constexpr std::uint8_t kLevel1_1 = 11;

/// RFC 6184 §8.1, table 5: a profile is known by profile_idc and those bits of profile_iop that
/// `mask` keeps.
struct ProfileRow {
  std::uint8_t profile_idc;
  std::uint8_t mask;
  std::uint8_t iop;
  H264Profile profile;
};
constexpr std::array<ProfileRow, 9> kProfiles = {{
    {0x42, 0x4f, 0x40, H264Profile::ConstrainedBaseline},
    {0x4d, 0x8f, 0x80, H264Profile::ConstrainedBaseline},
    {0x58, 0xcf, 0xc0, H264Profile::ConstrainedBaseline},
    {0x42, 0x4f, 0x00, H264Profile::Baseline},
    {0x58, 0xcf, 0x80, H264Profile::Baseline},
    {0x4d, 0xaf, 0x00, H264Profile::Main},
    {0x64, 0xff, 0x00, H264Profile::High},
    {0x64, 0xff, 0x0c, H264Profile::ConstrainedHigh},
    {0xf4, 0xff, 0x00, H264Profile::PredictiveHigh444},
}};

bool has_level_1b_flag(std::uint8_t profile_idc) {
  return profile_idc == 0x42 || profile_idc == 0x4d || profile_idc == 0x58;
}

std::optional<H264Level> level_of(std::uint8_t profile_idc, std::uint8_t iop, std::uint8_t level) {
  if (level == kLevel1_1 && has_level_1b_flag(profile_idc) && (iop & kConstraintSet3) != 0)
    return H264Level::L1b;
  switch (static_cast<H264Level>(level)) {
    case H264Level::L1:
    case H264Level::L1_1:
    case H264Level::L1_2:
    case H264Level::L1_3:
    case H264Level::L2:
    case H264Level::L2_1:
    case H264Level::L2_2:
    case H264Level::L3:
    case H264Level::L3_1:
    case H264Level::L3_2:
    case H264Level::L4:
    case H264Level::L4_1:
    case H264Level::L4_2:
    case H264Level::L5:
    case H264Level::L5_1:
    case H264Level::L5_2: return static_cast<H264Level>(level);
    case H264Level::L1b: break;  // Its number is ours; on the wire 0 is no level.
  }
  return std::nullopt;
}

std::string_view profile_text(H264Profile profile) {
  switch (profile) {
    case H264Profile::ConstrainedBaseline: return "42e0";
    case H264Profile::Baseline: return "4200";
    case H264Profile::Main: return "4d00";
    case H264Profile::ConstrainedHigh: return "640c";
    case H264Profile::High: return "6400";
    case H264Profile::PredictiveHigh444: return "f400";
  }
  return {};
}

std::optional<std::string> level_1b_text(H264Profile profile) {
  switch (profile) {
    case H264Profile::ConstrainedBaseline: return "42f00b";
    case H264Profile::Baseline: return "42100b";
    case H264Profile::Main: return "4d100b";
    case H264Profile::ConstrainedHigh:
    case H264Profile::High:
    case H264Profile::PredictiveHigh444: break;
  }
  return std::nullopt;
}

std::optional<H264ProfileLevel> parse_or_default(std::string_view text) {
  return text.empty() ? kDefaultH264ProfileLevel : parse_profile_level_id(text);
}

}  // namespace

std::optional<H264ProfileLevel> parse_profile_level_id(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;

  const auto profile_idc = static_cast<std::uint8_t>(value >> 16);
  const auto iop = static_cast<std::uint8_t>(value >> 8);
  const auto level = level_of(profile_idc, iop, static_cast<std::uint8_t>(value));
  if (!level) return std::nullopt;
  for (const ProfileRow& row : kProfiles)
    if (row.profile_idc == profile_idc && (iop & row.mask) == row.iop)
      return H264ProfileLevel{row.profile, *level};
  return std::nullopt;
}

std::optional<std::string> to_string(H264ProfileLevel value) {
  if (value.level == H264Level::L1b) return level_1b_text(value.profile);
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto level = static_cast<std::uint8_t>(value.level);
  std::string text(profile_text(value.profile));
  text += kDigits[level >> 4];
  text += kDigits[level & 0x0f];
  return text;
}

bool is_lower_level(H264Level a, H264Level b) {
  // 1b between 1 and 1.1, which are 10 and 11.
  const auto rank = [](H264Level level) {
    return level == H264Level::L1b ? 2 * 10 + 1 : 2 * static_cast<int>(level);
  };
  return rank(a) < rank(b);
}

std::optional<std::string> h264_answer_profile_level_id(std::string_view local,
                                                        bool local_level_asymmetry,
                                                        std::string_view remote,
                                                        bool remote_level_asymmetry) {
  const auto ours = parse_or_default(local);
  const auto theirs = parse_or_default(remote);
  if (!ours || !theirs || ours->profile != theirs->profile) return std::nullopt;
  const bool asymmetric = local_level_asymmetry && remote_level_asymmetry;
  const bool take_theirs = !asymmetric && is_lower_level(theirs->level, ours->level);
  return to_string({ours->profile, take_theirs ? theirs->level : ours->level});
}

}  // namespace sfu::rtp::codec
