#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfu::rtp::codec {

enum class H264Profile : std::uint8_t {
  ConstrainedBaseline,
  Baseline,
  Main,
  ConstrainedHigh,
  High,
  PredictiveHigh444,
};

/// level_idc, but for 1b, which has no number of its own in the baseline and main profiles.
enum class H264Level : std::uint8_t {
  L1b = 0,
  L1 = 10,
  L1_1 = 11,
  L1_2 = 12,
  L1_3 = 13,
  L2 = 20,
  L2_1 = 21,
  L2_2 = 22,
  L3 = 30,
  L3_1 = 31,
  L3_2 = 32,
  L4 = 40,
  L4_1 = 41,
  L4_2 = 42,
  L5 = 50,
  L5_1 = 51,
  L5_2 = 52,
};

/// The profile-level-id of RFC 6184 §8.1.
struct H264ProfileLevel {
  H264Profile profile = H264Profile::ConstrainedBaseline;
  H264Level level = H264Level::L1;

  friend bool operator==(const H264ProfileLevel&, const H264ProfileLevel&) = default;
};

/// What an absent profile-level-id means in practice (RFC 6184 says baseline level 1, browsers take
/// constrained baseline level 3.1).
inline constexpr H264ProfileLevel kDefaultH264ProfileLevel{H264Profile::ConstrainedBaseline,
                                                           H264Level::L3_1};

/// Six hexadecimal digits. Nothing for an unknown profile or level.
std::optional<H264ProfileLevel> parse_profile_level_id(std::string_view text);
/// Lower case; nothing where the pair has no code (1b in the high profiles).
std::optional<std::string> to_string(H264ProfileLevel value);

/// Level 1b sorts between 1 and 1.1.
bool is_lower_level(H264Level a, H264Level b);

/// The profile-level-id of an answer (RFC 6184 §8.2.2): the shared profile at the lower of both
/// levels, or at the local one where both sides allow asymmetry. An empty text stands for an absent
/// parameter. Nothing where the profiles differ or a text is malformed.
std::optional<std::string> h264_answer_profile_level_id(std::string_view local,
                                                        bool local_level_asymmetry,
                                                        std::string_view remote,
                                                        bool remote_level_asymmetry);

}  // namespace sfu::rtp::codec
