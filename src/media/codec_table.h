#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ortc/parameters.h"
#include "rtp/codec/payload_info.h"
#include "rtp/header_extensions.h"

namespace sfu::media {

/// One media codec of RTP parameters, with the RTX that repairs it.
struct CodecEntry {
  rtp::codec::Codec codec{};
  std::uint8_t payload_type = 0;
  std::uint8_t mapped_payload_type = 0;  // The router's.
  std::optional<std::uint8_t> rtx_payload_type;
  std::uint32_t clock_rate = 0;
  bool nack = false;
  bool pli = false;
  bool fir = false;
};

/// "video/VP8", "audio/opus".
std::string_view mime_type_of(rtp::codec::Codec codec);

/// The codecs of RTP parameters by payload type. Small: a browser speaks a handful at a time, and a
/// consumer mostly one.
class CodecTable {
 public:
  static constexpr std::size_t kMaxCodecs = 16;

  /// Codecs beyond kMaxCodecs and those that the server does not know are left out. Without a
  /// mapping, payload types are the router's already.
  static CodecTable from(const ortc::RtpParameters& parameters,
                         const ortc::RtpMapping* mapping = nullptr);

  const CodecEntry* find(std::uint8_t payload_type) const;
  const CodecEntry* find_by_rtx(std::uint8_t rtx_payload_type) const;
  const CodecEntry* first() const { return entries_.empty() ? nullptr : &entries_.front(); }
  std::size_t size() const { return entries_.size(); }

 private:
  std::vector<CodecEntry> entries_;
};

/// The known header extensions of `parameters`.
rtp::ExtensionMap extension_map(const ortc::RtpParameters& parameters);

}  // namespace sfu::media
