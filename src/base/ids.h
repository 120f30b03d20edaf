#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/units.h"

namespace sfu {

/// A random identifier (RFC 9562 §5.4, version 4), as clients see it in ids.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  static Uuid random(RandomSource& random);
  static std::optional<Uuid> parse(std::string_view text);
  std::string to_string() const;  // "0f8fad5b-d9cb-469f-a165-70867728950e"

  friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// Ids of different things do not mix; each is made by the service and travels in commands.
template <class Tag>
struct UuidOf {
  Uuid uuid;

  static UuidOf random(RandomSource& source) { return {Uuid::random(source)}; }
  static std::optional<UuidOf> parse(std::string_view text) {
    const auto parsed = Uuid::parse(text);
    return parsed ? std::optional(UuidOf{*parsed}) : std::nullopt;
  }
  std::string to_string() const { return uuid.to_string(); }

  friend constexpr auto operator<=>(const UuidOf&, const UuidOf&) = default;
};

using RouterId = UuidOf<struct RouterIdTag>;
using TransportId = UuidOf<struct TransportIdTag>;
using ProducerId = UuidOf<struct ProducerIdTag>;
using ConsumerId = UuidOf<struct ConsumerIdTag>;

/// The way of one producer's packets from its worker to another one. The service gives it; both
/// ends find it by its slot, and by the generation know it from those that had the slot before.
struct PipeId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend constexpr auto operator<=>(const PipeId&, const PipeId&) = default;
};

}  // namespace sfu

template <class Tag>
struct std::hash<sfu::UuidOf<Tag>> {
  std::size_t operator()(const sfu::UuidOf<Tag>& id) const {
    std::uint64_t low;  // All of it is random: any part is a hash.
    std::memcpy(&low, id.uuid.bytes.data() + 8, sizeof low);
    return low;
  }
};
