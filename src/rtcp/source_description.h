#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "rtcp/packet.h"

namespace sfu::rtcp {

/// Item types that we use; others are handed out by number.
enum class SdesType : std::uint8_t {
  Cname = 1,                 // RFC 3550 §6.5.1
  RtpStreamId = 12,          // RFC 8852
  RepairedRtpStreamId = 13,  // RFC 8852
  Mid = 15,                  // RFC 9143
};

inline constexpr std::size_t kMaxSdesText = 255;

struct SdesItem {
  SdesType type{};
  std::string_view text;
};

/// A chunk's items (RFC 3550 §6.5), already validated.
class SdesItems {
 public:
  class Iterator {
   public:
    Iterator() = default;
    explicit Iterator(Bytes rest) : rest_(rest) {}
    SdesItem operator*() const;
    Iterator& operator++();
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    Bytes rest_;
  };

  SdesItems() = default;
  explicit SdesItems(Bytes items) : items_(items) {}  // Without the terminating zero.
  Iterator begin() const { return Iterator(items_); }
  Iterator end() const { return {}; }
  std::optional<std::string_view> find(SdesType type) const;

 private:
  Bytes items_;
};

struct SdesChunk {
  Ssrc ssrc;
  SdesItems items;
};

/// RFC 3550 §6.5: for each source, what it says of itself.
class SourceDescription {
 public:
  class Iterator {
   public:
    Iterator() = default;
    explicit Iterator(Bytes rest) : rest_(rest) {}
    SdesChunk operator*() const;
    Iterator& operator++();
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    Bytes rest_;
  };

  static Result<SourceDescription, ParseError> parse(const PacketView& packet);

  Iterator begin() const { return Iterator(chunks_); }
  Iterator end() const { return {}; }

 private:
  explicit SourceDescription(Bytes chunks) : chunks_(chunks) {}
  Bytes chunks_;
};

/// One packet of one chunk. Each text is at most kMaxSdesText bytes; a longer one makes it refuse.
bool append_source_description(CompoundBuilder& builder, Ssrc ssrc,
                               std::initializer_list<SdesItem> items);

}  // namespace sfu::rtcp
