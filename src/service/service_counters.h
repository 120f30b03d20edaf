#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "base/duration_histogram.h"
#include "service/error_codes.h"
#include "service/requests.h"

namespace sfu::service {

/// What the service has done since it started. Labels come from tables of the program alone: nobody
/// outside can make more of them.
class ServiceCounters {
 public:
  /// What an event that is in no table is counted as.
  static constexpr std::string_view kUnknownEvent = "unknown";

  /// `info` is null for an unknown event, `failure` for a success.
  void note_request(const RequestInfo* info, TimeDelta duration, const Failure* failure) {
    const std::string_view event = info ? info->event : kUnknownEvent;
    requests_[event].add(duration);
    if (failure) ++failures_[{event, failure->code}];
  }
  void note_refused_connection(ErrorCode code) { ++refused_connections_[code]; }

  const std::map<std::string_view, DurationHistogram>& requests() const { return requests_; }
  using Failures = std::map<std::pair<std::string_view, ErrorCode>, std::uint64_t>;
  const Failures& failures() const { return failures_; }
  const std::map<ErrorCode, std::uint64_t>& refused_connections() const {
    return refused_connections_;
  }

 private:
  std::map<std::string_view, DurationHistogram> requests_;
  Failures failures_;
  std::map<ErrorCode, std::uint64_t> refused_connections_;
};

}  // namespace sfu::service
