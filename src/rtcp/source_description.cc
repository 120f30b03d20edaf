#include "rtcp/source_description.h"

#include <algorithm>

namespace sfu::rtcp {
namespace {

constexpr std::size_t kSsrcSize = 4;
constexpr std::size_t kItemHeaderSize = 2;
constexpr std::uint8_t kEndOfItems = 0;

/// How far a chunk's items reach; the zeros that end and align it follow.
struct ChunkExtent {
  std::size_t items_size;
  std::size_t chunk_size;
};

std::optional<ChunkExtent> measure_chunk(Bytes rest) {
  std::size_t at = kSsrcSize;
  while (at < rest.size() && rest[at] != kEndOfItems) {
    if (at + kItemHeaderSize > rest.size()) return std::nullopt;
    at += kItemHeaderSize + rest[at + 1];
  }
  // At least one zero ends the items, and more fill the word.
  const std::size_t chunk_size = (at / 4 + 1) * 4;
  if (chunk_size > rest.size()) return std::nullopt;
  return ChunkExtent{at - kSsrcSize, chunk_size};
}

}  // namespace

SdesItem SdesItems::Iterator::operator*() const {
  return {static_cast<SdesType>(rest_[0]), as_text(rest_.subspan(kItemHeaderSize, rest_[1]))};
}

SdesItems::Iterator& SdesItems::Iterator::operator++() {
  rest_ = rest_.subspan(kItemHeaderSize + rest_[1]);
  return *this;
}

std::optional<std::string_view> SdesItems::find(SdesType type) const {
  for (const SdesItem item : *this)
    if (item.type == type) return item.text;
  return std::nullopt;
}

SdesChunk SourceDescription::Iterator::operator*() const {
  return {Ssrc{load_be32(rest_, 0)},
          SdesItems(rest_.subspan(kSsrcSize, measure_chunk(rest_)->items_size))};
}

SourceDescription::Iterator& SourceDescription::Iterator::operator++() {
  rest_ = rest_.subspan(measure_chunk(rest_)->chunk_size);
  return *this;
}

//  Each chunk, as many as the header's count:
//
//  +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
//  |                             SSRC                              |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |     type      |    length     | text ...      | type ...      |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  | ... text      |       0, once at least, to the word's end     |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
Result<SourceDescription, ParseError> SourceDescription::parse(const PacketView& packet) {
  if (packet.type != PacketType::SourceDescription) return fail(ParseError::WrongType);
  std::size_t size = 0;
  for (std::size_t i = 0; i < packet.count; ++i) {
    const auto extent = measure_chunk(packet.body.subspan(size));
    if (!extent) return fail(ParseError::TruncatedBody);
    size += extent->chunk_size;
  }
  return SourceDescription(packet.body.first(size));
}

bool append_source_description(CompoundBuilder& builder, Ssrc ssrc,
                               std::initializer_list<SdesItem> items) {
  std::size_t items_size = 0;
  for (const SdesItem& item : items) {
    if (item.text.size() > kMaxSdesText || static_cast<std::uint8_t>(item.type) == kEndOfItems)
      return false;
    items_size += kItemHeaderSize + item.text.size();
  }
  const MutableBytes body =
      builder.open(PacketType::SourceDescription, 1, ((kSsrcSize + items_size) / 4 + 1) * 4);
  if (body.empty()) return false;
  store_be32(body, 0, ssrc.value);
  std::size_t at = kSsrcSize;
  for (const SdesItem& item : items) {
    body[at] = static_cast<std::uint8_t>(item.type);
    body[at + 1] = static_cast<std::uint8_t>(item.text.size());
    const Bytes text = as_bytes(item.text);
    std::copy(text.begin(), text.end(), body.subspan(at + kItemHeaderSize).begin());
    at += kItemHeaderSize + item.text.size();
  }
  std::ranges::fill(body.subspan(at), kEndOfItems);
  return true;
}

}  // namespace sfu::rtcp
