#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/endpoint.h"
#include "base/keyed_buckets.h"
#include "base/log.h"
#include "base/token_bucket.h"
#include "base/units.h"
#include "service/error_codes.h"
#include "signaling/refusal.h"

namespace sfu::service {

inline constexpr std::size_t kErrorCodes = static_cast<std::size_t>(ErrorCode::InternalError) + 1;

/// What has been refused since the start.
struct RefusalCounts {
  std::array<std::uint64_t, kErrorCodes> handshakes{};  // By ErrorCode.
  std::array<std::uint64_t, kErrorCodes> requests{};    // By ErrorCode; events are requests too.
  std::array<std::uint64_t, signaling::kRefusals> doors{};  // By signaling::Refusal.
};
/// `{ handshakes: { code: n }, requests: { code: n }, doors: { kind: n } }`, all names, also of
/// zeroes.
boost::json::object to_json(const RefusalCounts& counts);

/// Counts what is refused, and tells the log of it: at most one line for each offender and reason
/// in ten seconds, and no flood of lines whoever offends.
class Refusals {
 public:
  static constexpr TimeDelta kPeriod = std::chrono::seconds(10);
  static constexpr std::size_t kMaxOffenders = 4096;

  /// `log` must outlive it.
  Refusals(Logger& log, Timestamp now);

  /// A client was not let in.
  void handshake(Timestamp now, ErrorCode code, const IpAddress& client);
  void request(Timestamp now, const Failure& failure, std::string_view event,
               std::string_view user);
  /// Something was turned away before there was anybody to answer.
  void door(Timestamp now, signaling::Refusal refusal, const IpAddress& client,
            std::string_view what);

  const RefusalCounts& counts() const { return counts_; }
  std::uint64_t lines() const { return lines_; }

 private:
  /// Whether the log may have a line of this offender.
  bool may_tell(Timestamp now, std::string offender);
  /// How many were refused without a line since the last one.
  std::uint64_t untold() { return std::exchange(untold_, 0); }

  Logger& log_;
  RefusalCounts counts_;
  KeyedBuckets<std::string> offenders_;
  TokenBucket all_;
  std::uint64_t lines_ = 0;
  std::uint64_t untold_ = 0;
};

}  // namespace sfu::service
