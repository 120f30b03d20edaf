#include "rtp/packet_view.h"

namespace sfu::rtp {
namespace {

constexpr std::uint16_t kOneByteProfile = 0xBEDE;
constexpr std::uint16_t kTwoByteProfile = 0x1000;  // The low four bits are "appbits".
constexpr std::uint16_t kTwoByteProfileMask = 0xFFF0;
constexpr std::uint8_t kPaddingElement = 0;
constexpr std::uint8_t kReservedOneByteId = 15;

std::optional<ExtensionForm> form_of(std::uint16_t profile) {
  if (profile == kOneByteProfile) return ExtensionForm::OneByte;
  if ((profile & kTwoByteProfileMask) == kTwoByteProfile) return ExtensionForm::TwoByte;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::TooShort: return "shorter than the fixed header";
    case ParseError::WrongVersion: return "version is not 2";
    case ParseError::TruncatedCsrcs: return "contributing sources run past the end";
    case ParseError::TruncatedExtensions: return "extension block runs past the end";
    case ParseError::BadPadding: return "padding is zero or exceeds the payload";
  }
  return "unknown";
}

// One-byte form (RFC 8285 §4.2):      Two-byte form (§4.3):
//
//   0 1 2 3 4 5 6 7                     0                   1
//  +-+-+-+-+-+-+-+-+                    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//  |  ID   | len-1 | value ...         +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  +-+-+-+-+-+-+-+-+                   |      ID       |      len      | value ...
//                                      +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
void HeaderExtensions::Iterator::settle() {
  while (!rest_.empty() && rest_[0] == kPaddingElement) rest_ = rest_.subspan(1);
  if (rest_.empty()) return;

  std::uint8_t id = 0;
  std::size_t prefix = 0;
  std::size_t length = 0;
  bool stops_here = false;
  if (form_ == ExtensionForm::OneByte) {
    id = rest_[0] >> 4;
    prefix = 1;
    length = (rest_[0] & 0x0fu) + 1;
    // §4.2: id 15, and id 0 with a length, end the reading.
    stops_here = id == kReservedOneByteId || id == kPaddingElement;
  } else if (rest_.size() >= 2) {
    id = rest_[0];
    prefix = 2;
    length = rest_[1];
  } else {
    stops_here = true;
  }
  element_size_ = prefix + length;
  if (stops_here || element_size_ > rest_.size()) {
    rest_ = {};
    return;
  }
  current_ = {id, rest_.subspan(prefix, length)};
}

//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                           timestamp                           |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |           synchronization source (SSRC) identifier            |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  |            contributing source (CSRC) identifiers, CC of them |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  |      defined by profile       |      length (32-bit words)    | if X
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |                    header extension elements                  |
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  | payload ...                   | padding ...   | padding size  | if P
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<PacketView, ParseError> PacketView::parse(Bytes datagram) {
  if (datagram.size() < kFixedHeaderSize) return fail(ParseError::TooShort);
  if (datagram[0] >> 6 != 2) return fail(ParseError::WrongVersion);

  const bool has_padding = (datagram[0] & 0x20) != 0;
  const bool has_extension = (datagram[0] & 0x10) != 0;
  const std::size_t csrc_count = datagram[0] & 0x0f;

  std::size_t header_size = kFixedHeaderSize + 4 * csrc_count;
  if (header_size > datagram.size()) return fail(ParseError::TruncatedCsrcs);

  HeaderExtensions extensions;
  if (has_extension) {
    if (header_size + 4 > datagram.size()) return fail(ParseError::TruncatedExtensions);
    const std::uint16_t profile = load_be16(datagram, header_size);
    const std::size_t length = std::size_t{4} * load_be16(datagram, header_size + 2);
    header_size += 4;
    if (header_size + length > datagram.size()) return fail(ParseError::TruncatedExtensions);
    if (const auto form = form_of(profile))
      extensions = HeaderExtensions(datagram.subspan(header_size, length), *form);
    header_size += length;
  }

  std::size_t padding_size = 0;
  if (has_padding) {
    const std::size_t after_header = datagram.size() - header_size;
    padding_size = after_header == 0 ? 0 : datagram.back();
    if (padding_size == 0 || padding_size > after_header) return fail(ParseError::BadPadding);
  }
  return PacketView(datagram, header_size, padding_size, extensions);
}

std::optional<Bytes> PacketView::extension(std::uint8_t id) const {
  for (const HeaderExtension& element : extensions_)
    if (element.id == id) return element.value;
  return std::nullopt;
}

}  // namespace sfu::rtp
