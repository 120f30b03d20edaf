#include "media/codec_table.h"

#include <algorithm>
#include <string_view>

#include "ortc/match.h"

namespace sfu::media {
namespace {

std::string_view subtype(std::string_view mime_type) {
  return mime_type.substr(mime_type.find('/') + 1);
}

struct Name {
  rtp::codec::Codec codec;
  std::string_view mime_type;
};
constexpr Name kNames[] = {{rtp::codec::Codec::Opus, "audio/opus"},
                           {rtp::codec::Codec::Vp8, "video/VP8"},
                           {rtp::codec::Codec::Vp9, "video/VP9"},
                           {rtp::codec::Codec::H264, "video/H264"},
                           {rtp::codec::Codec::Av1, "video/AV1"}};

std::optional<rtp::codec::Codec> codec_of(std::string_view mime_type) {
  for (const Name& name : kNames)
    if (ortc::equal_ignoring_case(subtype(mime_type), subtype(name.mime_type))) return name.codec;
  return std::nullopt;
}

void read_feedback(const ortc::RtpCodecParameters& codec, CodecEntry& entry) {
  for (const ortc::RtcpFeedback& feedback : codec.rtcp_feedback) {
    if (feedback.type == "nack" && feedback.parameter.empty()) entry.nack = true;
    if (feedback.type == "nack" && feedback.parameter == "pli") entry.pli = true;
    if (feedback.type == "ccm" && feedback.parameter == "fir") entry.fir = true;
  }
}

std::uint8_t mapped(std::uint8_t payload_type, const ortc::RtpMapping* mapping) {
  if (!mapping) return payload_type;
  for (const ortc::RtpMapping::Codec& codec : mapping->codecs)
    if (codec.payload_type == payload_type) return codec.mapped_payload_type;
  return payload_type;
}

}  // namespace

std::string_view mime_type_of(rtp::codec::Codec codec) {
  return std::ranges::find(kNames, codec, &Name::codec)->mime_type;
}

CodecTable CodecTable::from(const ortc::RtpParameters& parameters,
                            const ortc::RtpMapping* mapping) {
  CodecTable table;
  for (const ortc::RtpCodecParameters& codec : parameters.codecs) {
    const auto known = codec_of(codec.mime_type);
    if (!known || table.size() == kMaxCodecs || codec.clock_rate == 0) continue;
    CodecEntry& entry = table.entries_.emplace_back();
    entry.codec = *known;
    entry.payload_type = codec.payload_type;
    entry.mapped_payload_type = mapped(codec.payload_type, mapping);
    entry.clock_rate = codec.clock_rate;
    read_feedback(codec, entry);
  }
  for (const ortc::RtpCodecParameters& codec : parameters.codecs) {
    if (!ortc::is_rtx(codec.mime_type)) continue;
    const auto apt = ortc::associated_payload_type(codec.parameters);
    for (CodecEntry& entry : table.entries_)
      if (entry.payload_type == apt) entry.rtx_payload_type = codec.payload_type;
  }
  return table;
}

const CodecEntry* CodecTable::find(std::uint8_t payload_type) const {
  for (const CodecEntry& entry : entries_)
    if (entry.payload_type == payload_type) return &entry;
  return nullptr;
}

const CodecEntry* CodecTable::find_by_rtx(std::uint8_t rtx_payload_type) const {
  for (const CodecEntry& entry : entries_)
    if (entry.rtx_payload_type == rtx_payload_type) return &entry;
  return nullptr;
}

rtp::ExtensionMap extension_map(const ortc::RtpParameters& parameters) {
  rtp::ExtensionMap map;
  for (const ortc::RtpHeaderExtensionParameters& extension : parameters.header_extensions)
    if (const auto kind = rtp::kind_of(extension.uri)) map.add(extension.id, *kind);
  return map;
}

}  // namespace sfu::media
