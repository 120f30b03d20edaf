#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

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
  std::string mime_type;
  bool nack = false;
  bool pli = false;
  bool fir = false;
};

/// The codecs of RTP parameters by payload type. Small: a browser speaks a handful at a time.
class CodecTable {
 public:
  static constexpr std::size_t kMaxCodecs = 16;

  /// Codecs beyond kMaxCodecs and those that the server does not know are left out. Without a
  /// mapping, payload types are the router's already.
  static CodecTable from(const ortc::RtpParameters& parameters,
                         const ortc::RtpMapping* mapping = nullptr);

  const CodecEntry* find(std::uint8_t payload_type) const;
  const CodecEntry* find_by_rtx(std::uint8_t rtx_payload_type) const;
  const CodecEntry* first() const { return count_ > 0 ? &entries_[0] : nullptr; }
  std::size_t size() const { return count_; }

 private:
  std::array<CodecEntry, kMaxCodecs> entries_;
  std::size_t count_ = 0;
};

/// The known header extensions of `parameters`.
rtp::ExtensionMap extension_map(const ortc::RtpParameters& parameters);

}  // namespace sfu::media
