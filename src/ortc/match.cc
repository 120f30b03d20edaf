#include "ortc/match.h"

#include <algorithm>
#include <string>

#include "rtp/codec/h264_profile.h"

namespace sfu::ortc {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// A parameter that is a number, also where it came as text; absent is 0.
std::int64_t number_of(const CodecSpecificParameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return 0;
  if (const auto* number = std::get_if<std::int64_t>(&found->second)) return *number;
  const std::string& text = std::get<std::string>(found->second);
  const bool is_digits =
      !text.empty() && text.size() <= 9 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_digits ? std::stoll(text) : text.empty() ? 0 : -1;
}

/// "640032" reads as a number in JSON: all of its digits are decimal.
std::string text_of(const CodecSpecificParameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return "";
  if (const auto* number = std::get_if<std::int64_t>(&found->second))
    return std::to_string(*number);
  return std::get<std::string>(found->second);
}

bool same_h264(const CodecSpecificParameters& a, const CodecSpecificParameters& b) {
  return number_of(a, "packetization-mode") == number_of(b, "packetization-mode") &&
         rtp::codec::h264_answer_profile_level_id(text_of(a, "profile-level-id"), false,
                                                  text_of(b, "profile-level-id"), false)
             .has_value();
}

}  // namespace

CodecIdentity identity_of(const RtpCodecCapability& codec) {
  return {codec.mime_type, codec.clock_rate, codec.channels, codec.parameters};
}
CodecIdentity identity_of(const RtpCodecParameters& codec) {
  return {codec.mime_type, codec.clock_rate, codec.channels, codec.parameters};
}

bool same_codec(const CodecIdentity& a, const CodecIdentity& b) {
  if (!equal_ignoring_case(a.mime_type, b.mime_type) || a.clock_rate != b.clock_rate) return false;
  if (kind_of_mime_type(a.mime_type) == MediaKind::Audio) return a.channels == b.channels;
  if (equal_ignoring_case(a.mime_type, "video/H264")) return same_h264(a.parameters, b.parameters);
  if (equal_ignoring_case(a.mime_type, "video/VP9"))
    return number_of(a.parameters, "profile-id") == number_of(b.parameters, "profile-id");
  if (equal_ignoring_case(a.mime_type, "video/AV1"))
    return number_of(a.parameters, "profile") == number_of(b.parameters, "profile");
  return true;
}

bool is_rtx(std::string_view mime_type) {
  return mime_type.size() > 4 &&
         equal_ignoring_case(mime_type.substr(mime_type.size() - 4), "/rtx");
}

std::optional<std::int64_t> associated_payload_type(const CodecSpecificParameters& parameters) {
  const auto found = parameters.find("apt");
  if (found == parameters.end()) return std::nullopt;
  const auto* number = std::get_if<std::int64_t>(&found->second);
  return number ? std::optional(*number) : std::nullopt;
}

MediaKind kind_of_mime_type(std::string_view mime_type) {
  return equal_ignoring_case(mime_type.substr(0, 6), "video/") ? MediaKind::Video
                                                               : MediaKind::Audio;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace sfu::ortc
