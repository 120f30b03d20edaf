#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/units.h"

namespace sfu::rtp {

inline constexpr std::size_t kFixedHeaderSize = 12;
inline constexpr std::size_t kMaxCsrcs = 15;  // RFC 3550 §5.1: four bits of count.

enum class ParseError : std::uint8_t {
  TooShort,
  WrongVersion,
  TruncatedCsrcs,
  TruncatedExtensions,
  BadPadding,
};

std::string_view to_string(ParseError error);

/// How the elements of a header-extension block are laid out (RFC 8285 §4).
enum class ExtensionForm : std::uint8_t { OneByte, TwoByte };

struct HeaderExtension {
  std::uint8_t id;
  Bytes value;
};

/// The elements of one header-extension block, in the order of the wire. Padding is skipped;
/// reading ends at the one-byte form's reserved id 15 (RFC 8285 §4.2) and at an element that does
/// not fit.
class HeaderExtensions {
 public:
  class Iterator {
   public:
    using value_type = HeaderExtension;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;

    Iterator() = default;
    Iterator(Bytes rest, ExtensionForm form) : rest_(rest), form_(form) { settle(); }

    const HeaderExtension& operator*() const { return current_; }
    const HeaderExtension* operator->() const { return &current_; }
    Iterator& operator++() {
      rest_ = rest_.subspan(element_size_);
      settle();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    /// Of iterators over one block.
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    void settle();  // Finds the element at or after the start of rest_, or empties rest_.

    Bytes rest_;
    ExtensionForm form_ = ExtensionForm::OneByte;
    std::size_t element_size_ = 0;
    HeaderExtension current_{};
  };

  HeaderExtensions() = default;
  HeaderExtensions(Bytes block, ExtensionForm form) : block_(block), form_(form) {}

  Iterator begin() const { return {block_, form_}; }
  Iterator end() const { return {}; }
  ExtensionForm form() const { return form_; }
  Bytes block() const { return block_; }

 private:
  Bytes block_;
  ExtensionForm form_ = ExtensionForm::OneByte;
};

/// A validated view of one RTP packet (RFC 3550 §5.1). It borrows the datagram: keep the buffer
/// alive and unchanged for as long as the view is used.
class PacketView {
 public:
  /// Allocates nothing. A packet whose payload is padding alone is valid.
  static Result<PacketView, ParseError> parse(Bytes datagram);

  bool marker() const { return (datagram_[1] & 0x80) != 0; }
  std::uint8_t payload_type() const { return datagram_[1] & 0x7f; }
  std::uint16_t sequence_number() const { return load_be16(datagram_, 2); }
  std::uint32_t timestamp() const { return load_be32(datagram_, 4); }
  Ssrc ssrc() const { return Ssrc{load_be32(datagram_, 8)}; }

  std::size_t csrc_count() const { return datagram_[0] & 0x0f; }
  /// `index` is below csrc_count().
  Ssrc csrc(std::size_t index) const {
    return Ssrc{load_be32(datagram_, kFixedHeaderSize + 4 * index)};
  }

  /// Everything before the payload: fixed header, CSRCs, extension block.
  std::size_t header_size() const { return header_size_; }
  /// Bytes of padding at the end, the count itself included; 0 without padding.
  std::size_t padding_size() const { return padding_size_; }
  /// Without padding.
  Bytes payload() const {
    return datagram_.subspan(header_size_, datagram_.size() - header_size_ - padding_size_);
  }
  Bytes datagram() const { return datagram_; }

  /// None where there is no block or its profile is not one of RFC 8285.
  const HeaderExtensions& extensions() const { return extensions_; }
  /// The value of the first element with this id, if present; it may be empty in the two-byte form.
  std::optional<Bytes> extension(std::uint8_t id) const;

 private:
  PacketView(Bytes datagram, std::size_t header_size, std::size_t padding_size,
             HeaderExtensions extensions)
      : datagram_(datagram),
        header_size_(header_size),
        padding_size_(padding_size),
        extensions_(extensions) {}

  Bytes datagram_;
  std::size_t header_size_;
  std::size_t padding_size_;
  HeaderExtensions extensions_;
};

}  // namespace sfu::rtp
