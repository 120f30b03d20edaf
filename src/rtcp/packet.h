#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/units.h"

namespace sfu::rtcp {

enum class PacketType : std::uint8_t {
  SenderReport = 200,
  ReceiverReport = 201,
  SourceDescription = 202,
  Goodbye = 203,
  ApplicationDefined = 204,
  TransportLayerFeedback = 205,   // RFC 4585
  PayloadSpecificFeedback = 206,  // RFC 4585
  ExtendedReport = 207,           // RFC 3611
};

/// Feedback message types (the field of five bits that is a count elsewhere).
inline constexpr std::uint8_t kNackFormat = 1;          // RFC 4585 §6.2.1
inline constexpr std::uint8_t kTransportCcFormat = 15;  // draft-holmer-rmcat-transport-wide-cc
inline constexpr std::uint8_t kPliFormat = 1;           // RFC 4585 §6.3.1
inline constexpr std::uint8_t kFirFormat = 4;           // RFC 5104 §4.3.1

inline constexpr std::size_t kHeaderSize = 4;

enum class ParseError : std::uint8_t {
  TooShort,
  WrongVersion,
  NotRtcp,         // A packet type outside 192 to 223 (RFC 5761 §4).
  LengthMismatch,  // A length field points past the end.
  BadPadding,      // Zero, or more than the body.
  WrongType,       // Not of the type that was asked for.
  TruncatedBody,   // The counts of the packet ask for more than it holds.
  BadValue,        // A field contradicts the rest of the packet.
};

std::string_view to_string(ParseError error);

/// One packet of a compound, borrowed from it.
struct PacketView {
  PacketType type{};
  std::uint8_t count = 0;  // Reports, chunks or sources; the format where it is feedback.
  Bytes body;              // What follows the common header, without padding.
};

/// A validated compound packet (RFC 3550 §6.1, A.2) or a reduced-size one (RFC 5506): any order of
/// packets is taken. It borrows the datagram. Packet types that we do not know stay in it.
class Compound {
 public:
  class Iterator {
   public:
    using value_type = PacketView;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;

    Iterator() = default;
    explicit Iterator(Bytes rest) : rest_(rest) {}

    PacketView operator*() const;
    Iterator& operator++();
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    Bytes rest_;
  };

  static Result<Compound, ParseError> parse(Bytes datagram);

  Iterator begin() const { return Iterator(datagram_); }
  Iterator end() const { return {}; }

 private:
  explicit Compound(Bytes datagram) : datagram_(datagram) {}
  Bytes datagram_;
};

/// Told from RTP by the second byte (RFC 5761 §4): RTCP has a packet type of 192 to 223 there.
bool looks_like_rtcp(Bytes datagram);

/// Elements of one fixed size, decoded when they are read. It borrows the packet. An Element has
/// kWireSize and a static read(Bytes).
template <class Element>
class WireList {
 public:
  class Iterator {
   public:
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::forward_iterator_tag;

    Iterator() = default;
    explicit Iterator(Bytes rest) : rest_(rest) {}
    Element operator*() const { return Element::read(rest_.first(Element::kWireSize)); }
    Iterator& operator++() {
      rest_ = rest_.subspan(Element::kWireSize);
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) {
      return a.rest_.size() == b.rest_.size();
    }

   private:
    Bytes rest_;
  };

  WireList() = default;
  /// `bytes` holds a whole number of elements.
  explicit WireList(Bytes bytes) : bytes_(bytes) {}

  std::size_t size() const { return bytes_.size() / Element::kWireSize; }
  bool empty() const { return bytes_.empty(); }
  Element operator[](std::size_t index) const {
    return Element::read(bytes_.subspan(index * Element::kWireSize, Element::kWireSize));
  }
  Iterator begin() const { return Iterator(bytes_); }
  Iterator end() const { return {}; }

 private:
  Bytes bytes_;
};

/// Collects packets into a compound in a buffer of the caller's; the append() of each packet type
/// adds one, or says no and leaves all as it was where it does not fit. Allocates nothing.
class CompoundBuilder {
 public:
  explicit CompoundBuilder(MutableBytes buffer) : buffer_(buffer) {}

  /// What has been written.
  Bytes bytes() const { return buffer_.first(size_); }
  std::size_t size() const { return size_; }
  std::size_t room() const { return buffer_.size() - size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }

  /// For the packet types: writes the common header of a packet with `body_size` bytes of body, a
  /// multiple of 4, and returns the body, unset. Empty where it does not fit, or body_size is 0.
  MutableBytes open(PacketType type, std::uint8_t count, std::size_t body_size);

 private:
  MutableBytes buffer_;
  std::size_t size_ = 0;
};

}  // namespace sfu::rtcp
