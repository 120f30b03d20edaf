#include "ortc/json.h"

#include <algorithm>

#include "ortc/match.h"

namespace sfu::ortc {
namespace {

using MaybeError = std::optional<InvalidField>;

constexpr bool is_printable(unsigned char c) { return c >= 0x20 && c <= 0x7e; }
constexpr bool is_word(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}
/// "token" of RFC 8866 §9, with the slash of a media type.
constexpr bool is_token(unsigned char c) {
  return c > 0x20 && c < 0x7f &&
         std::string_view("\"(),:;<=>?@[\\]").find(static_cast<char>(c)) == std::string_view::npos;
}
/// "alphanumeric / - / _" as RFC 8851 §10 was printed, which is more than RFC 8852 §3 lets a packet
/// carry (docs/deviations.md).
constexpr bool is_rid(unsigned char c) { return c != '.' && is_word(c); }

constexpr TextRule kMimeType{64, is_token, "characters like those of \"video/VP8\""};
constexpr TextRule kUri{256, is_printable, "printable ASCII characters"};
constexpr TextRule kMid{32, is_token, "characters of a token (RFC 8866)"};
constexpr TextRule kMsid{160, is_printable, "printable ASCII characters"};
constexpr TextRule kCname{255, is_printable, "printable ASCII characters"};
constexpr TextRule kRid{32, is_rid, "letters, digits, - and _"};
constexpr TextRule kFeedback{32, is_token, "characters of a token (RFC 8866)"};
constexpr TextRule kScalabilityMode{16, is_word, "letters, digits, -, _ and ."};
constexpr std::size_t kMaxParameterBytes = 1024;  // sprop-parameter-sets is the longest in use.
constexpr std::int64_t kMaxU32 = 0xffff'ffff;

MediaKind read_kind(const JsonReader& reader, const std::string& mime_type) {
  if (!mime_type.empty() && !mime_type.starts_with("audio/") && !mime_type.starts_with("video/") &&
      !equal_ignoring_case(mime_type.substr(0, 6), "audio/") &&
      !equal_ignoring_case(mime_type.substr(0, 6), "video/"))
    reader.fail(reader.path_of("mimeType"), "must begin with audio/ or video/");
  return kind_of_mime_type(mime_type);
}

bool is_clean_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name != "__proto__" &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_token(static_cast<unsigned char>(c)); });
}

std::optional<ParameterValue> read_parameter(const json::value& value) {
  if (const auto number = as_integer(value)) return ParameterValue(*number);
  if (value.is_double()) return ParameterValue(json::serialize(value));
  const json::string* text = value.if_string();
  if (text && text->size() <= kMaxParameterBytes &&
      std::all_of(text->begin(), text->end(),
                  [](char c) { return is_printable(static_cast<unsigned char>(c)); }))
    return ParameterValue(std::string(*text));
  return std::nullopt;
}

CodecSpecificParameters read_parameters(const JsonReader& codec) {
  CodecSpecificParameters parameters;
  const json::value* value = codec.find("parameters");
  if (!value) return parameters;
  const json::object* object = value->if_object();
  if (!object || object->size() > kMaxCodecParameters) {
    codec.fail(codec.path_of("parameters"),
               "must be an object of at most " + std::to_string(kMaxCodecParameters) + " fields");
    return parameters;
  }
  for (const auto& [key, entry] : *object) {
    const std::string_view name(key.data(), key.size());
    const auto read = entry.is_null() ? ParameterValue(std::string()) : read_parameter(entry);
    if (!is_clean_name(name)) {
      codec.fail(codec.path_of("parameters"), "must have names of 1 to 64 characters of a token");
    } else if (!read) {
      codec.fail(codec.path_of("parameters") + "." + std::string(name),
                 "must be a number or a text of at most " + std::to_string(kMaxParameterBytes) +
                     " printable ASCII characters");
    } else if (name == "apt" && !std::holds_alternative<std::int64_t>(*read)) {
      codec.fail(codec.path_of("parameters") + ".apt", "must be a payload type");
    } else {
      parameters.emplace(name, *read);
    }
  }
  return parameters;
}

/// Some fields say "none" by an empty text instead of being left out.
bool is_empty_text(const JsonReader& reader, std::string_view key) {
  const json::value* value = reader.find(key);
  return value && value->is_string() && value->get_string().empty();
}

std::vector<RtcpFeedback> read_feedback(const JsonReader& codec, MaybeError& error) {
  std::vector<RtcpFeedback> feedback;
  const auto entries = codec.array("rtcpFeedback", kMaxRtcpFeedback);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const JsonReader entry(entries[i], codec.path_of("rtcpFeedback", i), error);
    RtcpFeedback read{entry.text("type", kFeedback), ""};
    if (!is_empty_text(entry, "parameter"))
      read.parameter = entry.optional_text("parameter", kFeedback).value_or("");
    feedback.push_back(std::move(read));
  }
  return feedback;
}

/// What RtpCodecCapability and RtpCodecParameters share.
template <class Codec>
Codec read_codec(const JsonReader& reader, MaybeError& error) {
  Codec codec;
  codec.mime_type = reader.text("mimeType", kMimeType);
  codec.clock_rate = static_cast<std::uint32_t>(reader.integer("clockRate", 1, kMaxU32));
  // Channels mean nothing for video, where some clients send 0 or 1.
  if (read_kind(reader, codec.mime_type) == MediaKind::Audio)
    codec.channels =
        static_cast<std::uint8_t>(reader.optional_integer("channels", 1, 255).value_or(1));
  codec.parameters = read_parameters(reader);
  codec.rtcp_feedback = read_feedback(reader, error);
  return codec;
}

ExtensionDirection read_direction(const JsonReader& extension) {
  const json::value* value = extension.find("direction");
  if (!value) return ExtensionDirection::SendRecv;
  const std::string_view text = value->is_string() ? std::string_view(value->get_string()) : "";
  if (text == "sendrecv") return ExtensionDirection::SendRecv;
  if (text == "sendonly") return ExtensionDirection::SendOnly;
  if (text == "recvonly") return ExtensionDirection::RecvOnly;
  if (text != "inactive")
    extension.fail(extension.path_of("direction"),
                   "must be sendrecv, sendonly, recvonly or inactive");
  return ExtensionDirection::Inactive;
}

RtpHeaderExtensionCapability read_extension_capability(const JsonReader& reader) {
  RtpHeaderExtensionCapability extension;
  const json::value* kind = reader.require("kind");
  const std::string_view text =
      kind && kind->is_string() ? std::string_view(kind->get_string()) : "";
  if (text != "audio" && text != "video")
    reader.fail(reader.path_of("kind"), "must be audio or video");
  extension.kind = text == "video" ? MediaKind::Video : MediaKind::Audio;
  extension.uri = reader.text("uri", kUri);
  extension.preferred_id = static_cast<std::uint8_t>(reader.integer("preferredId", 1, 255));
  extension.preferred_encrypt = reader.boolean("preferredEncrypt", false);
  extension.direction = read_direction(reader);
  return extension;
}

RtpEncodingParameters read_encoding(const JsonReader& reader, MaybeError& error) {
  RtpEncodingParameters encoding;
  if (const auto ssrc = reader.optional_integer("ssrc", 1, kMaxU32))
    encoding.ssrc = Ssrc{static_cast<std::uint32_t>(*ssrc)};
  encoding.rid = reader.optional_text("rid", kRid);
  if (const auto type = reader.optional_integer("codecPayloadType", 0, 127))
    encoding.codec_payload_type = static_cast<std::uint8_t>(*type);
  if (const json::value* rtx = reader.find("rtx")) {
    const JsonReader inner(*rtx, reader.path_of("rtx"), error);
    encoding.rtx_ssrc = Ssrc{static_cast<std::uint32_t>(inner.integer("ssrc", 1, kMaxU32))};
  }
  encoding.dtx = reader.boolean("dtx", false);
  encoding.scalability_mode = reader.optional_text("scalabilityMode", kScalabilityMode);
  if (const auto rate = reader.optional_number("maxBitrate", 0, 4'000'000'000.0))
    encoding.max_bitrate_bps = static_cast<std::uint32_t>(*rate);
  encoding.scale_resolution_down_by = reader.optional_number("scaleResolutionDownBy", 1, 1024);
  return encoding;
}

template <class T>
Result<T, InvalidField> finish(T value, MaybeError& error) {
  if (error) return fail(std::move(*error));
  return value;
}

json::object parameters_to_json(const CodecSpecificParameters& parameters) {
  json::object object;
  for (const auto& [name, value] : parameters) {
    if (const auto* number = std::get_if<std::int64_t>(&value))
      object[name] = *number;
    else
      object[name] = std::get<std::string>(value);
  }
  return object;
}

json::array feedback_to_json(const std::vector<RtcpFeedback>& feedback) {
  json::array array;
  for (const auto& [type, parameter] : feedback)
    array.push_back(json::object{{"type", type}, {"parameter", parameter}});
  return array;
}

/// Adds what RtpCodecCapability and RtpCodecParameters share.
template <class Codec>
void add_codec_fields(json::object& object, const Codec& codec) {
  object["mimeType"] = codec.mime_type;
  object["clockRate"] = codec.clock_rate;
  if (kind_of_mime_type(codec.mime_type) == MediaKind::Audio) object["channels"] = codec.channels;
  object["parameters"] = parameters_to_json(codec.parameters);
  object["rtcpFeedback"] = feedback_to_json(codec.rtcp_feedback);
}

std::string_view to_string(ExtensionDirection direction) {
  switch (direction) {
    case ExtensionDirection::SendRecv: return "sendrecv";
    case ExtensionDirection::SendOnly: return "sendonly";
    case ExtensionDirection::RecvOnly: return "recvonly";
    case ExtensionDirection::Inactive: return "inactive";
  }
  return "inactive";
}

json::object encoding_to_json(const RtpEncodingParameters& encoding) {
  json::object object;
  if (encoding.ssrc) object["ssrc"] = encoding.ssrc->value;
  if (encoding.rid) object["rid"] = *encoding.rid;
  if (encoding.codec_payload_type) object["codecPayloadType"] = *encoding.codec_payload_type;
  if (encoding.rtx_ssrc) object["rtx"] = json::object{{"ssrc", encoding.rtx_ssrc->value}};
  if (encoding.dtx) object["dtx"] = true;
  if (encoding.scalability_mode) object["scalabilityMode"] = *encoding.scalability_mode;
  if (encoding.max_bitrate_bps) object["maxBitrate"] = *encoding.max_bitrate_bps;
  if (encoding.scale_resolution_down_by)
    object["scaleResolutionDownBy"] = *encoding.scale_resolution_down_by;
  return object;
}

}  // namespace

Result<RtpCapabilities, InvalidField> parse_rtp_capabilities(const json::value& value,
                                                             const std::string& path) {
  MaybeError error;
  RtpCapabilities capabilities;
  const JsonReader reader(value, path, error);
  const auto codecs = reader.array("codecs", kMaxCodecs);
  for (std::size_t i = 0; i < codecs.size(); ++i) {
    const JsonReader entry(codecs[i], reader.path_of("codecs", i), error);
    auto codec = read_codec<RtpCodecCapability>(entry, error);
    codec.kind = kind_of_mime_type(codec.mime_type);
    codec.preferred_payload_type = static_cast<std::uint8_t>(
        entry.optional_integer("preferredPayloadType", 0, 127).value_or(0));
    capabilities.codecs.push_back(std::move(codec));
  }
  const auto extensions = reader.array("headerExtensions", kMaxHeaderExtensions);
  for (std::size_t i = 0; i < extensions.size(); ++i)
    capabilities.header_extensions.push_back(read_extension_capability(
        JsonReader(extensions[i], reader.path_of("headerExtensions", i), error)));
  return finish(std::move(capabilities), error);
}

Result<RtpParameters, InvalidField> parse_rtp_parameters(const json::value& value,
                                                         const std::string& path) {
  MaybeError error;
  RtpParameters parameters;
  const JsonReader reader(value, path, error);
  parameters.mid = reader.optional_text("mid", kMid);
  parameters.msid = reader.optional_text("msid", kMsid);
  reader.require("codecs");
  const auto codecs = reader.array("codecs", kMaxCodecs);
  for (std::size_t i = 0; i < codecs.size(); ++i) {
    const JsonReader entry(codecs[i], reader.path_of("codecs", i), error);
    auto codec = read_codec<RtpCodecParameters>(entry, error);
    codec.payload_type = static_cast<std::uint8_t>(entry.integer("payloadType", 0, 127));
    parameters.codecs.push_back(std::move(codec));
  }
  const auto extensions = reader.array("headerExtensions", kMaxHeaderExtensions);
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    const JsonReader entry(extensions[i], reader.path_of("headerExtensions", i), error);
    parameters.header_extensions.push_back({entry.text("uri", kUri),
                                            static_cast<std::uint8_t>(entry.integer("id", 1, 255)),
                                            entry.boolean("encrypt", false)});
  }
  const auto encodings = reader.array("encodings", kMaxEncodings);
  for (std::size_t i = 0; i < encodings.size(); ++i)
    parameters.encodings.push_back(
        read_encoding(JsonReader(encodings[i], reader.path_of("encodings", i), error), error));
  if (const json::value* rtcp = reader.find("rtcp")) {
    const JsonReader inner(*rtcp, reader.path_of("rtcp"), error);
    // mediasoup-client writes an empty one where the sender's SDP names no SSRC, as with simulcast.
    if (!is_empty_text(inner, "cname"))
      parameters.rtcp.cname = inner.optional_text("cname", kCname).value_or("");
    parameters.rtcp.reduced_size = inner.boolean("reducedSize", true);
  }
  return finish(std::move(parameters), error);
}

json::object to_json(const RtpCapabilities& capabilities) {
  json::array codecs, extensions;
  for (const auto& codec : capabilities.codecs) {
    json::object object{{"kind", to_string(codec.kind)},
                        {"preferredPayloadType", codec.preferred_payload_type}};
    add_codec_fields(object, codec);
    codecs.push_back(std::move(object));
  }
  for (const auto& extension : capabilities.header_extensions)
    extensions.push_back(json::object{{"kind", to_string(extension.kind)},
                                      {"uri", extension.uri},
                                      {"preferredId", extension.preferred_id},
                                      {"preferredEncrypt", extension.preferred_encrypt},
                                      {"direction", to_string(extension.direction)}});
  return {{"codecs", std::move(codecs)}, {"headerExtensions", std::move(extensions)}};
}

json::object to_json(const RtpParameters& parameters) {
  json::object object;
  if (parameters.mid) object["mid"] = *parameters.mid;
  if (parameters.msid) object["msid"] = *parameters.msid;
  json::array codecs, extensions, encodings;
  for (const auto& codec : parameters.codecs) {
    json::object entry{{"payloadType", codec.payload_type}};
    add_codec_fields(entry, codec);
    codecs.push_back(std::move(entry));
  }
  for (const auto& [uri, id, encrypt] : parameters.header_extensions)
    extensions.push_back(json::object{
        {"uri", uri}, {"id", id}, {"encrypt", encrypt}, {"parameters", json::object{}}});
  for (const auto& encoding : parameters.encodings) encodings.push_back(encoding_to_json(encoding));
  object["codecs"] = std::move(codecs);
  object["headerExtensions"] = std::move(extensions);
  object["encodings"] = std::move(encodings);
  object["rtcp"] =
      json::object{{"cname", parameters.rtcp.cname}, {"reducedSize", parameters.rtcp.reduced_size}};
  return object;
}

std::string_view to_string(MediaKind kind) { return kind == MediaKind::Audio ? "audio" : "video"; }

}  // namespace sfu::ortc
