#include "service/refusals.h"

#include <utility>

#include "base/address_range.h"

namespace sfu::service {
namespace {

constexpr Rate kEachOffender{1 / std::chrono::duration<double>(Refusals::kPeriod).count(), 1};
constexpr Rate kAllOffenders{10, 100};

boost::json::object by_code(const std::array<std::uint64_t, kErrorCodes>& counts) {
  boost::json::object object;
  for (const auto& info : error_code_table())
    object[info.text] = counts[static_cast<std::size_t>(info.code)];
  return object;
}

}  // namespace

boost::json::object to_json(const RefusalCounts& counts) {
  boost::json::object doors;
  for (std::size_t i = 0; i < counts.doors.size(); ++i)
    doors[to_string(static_cast<signaling::Refusal>(i))] = counts.doors[i];
  return {{"handshakes", by_code(counts.handshakes)},
          {"requests", by_code(counts.requests)},
          {"doors", std::move(doors)}};
}

Refusals::Refusals(Logger& log, Timestamp now)
    : log_(log), offenders_(kEachOffender, kMaxOffenders), all_(kAllOffenders, now) {}

bool Refusals::may_tell(Timestamp now, std::string offender) {
  if (offenders_.take(now, offender) && all_.take(now)) {
    ++lines_;
    return true;
  }
  ++untold_;
  return false;
}

void Refusals::handshake(Timestamp now, ErrorCode code, const IpAddress& client) {
  ++counts_.handshakes[static_cast<std::size_t>(code)];
  const std::string host = host_of(client).to_string();
  if (!may_tell(now, std::string(to_string(code)) + " " + host)) return;
  log_.info("connection refused",
            {{"code", to_string(code)}, {"client", client.to_string()}, {"untold", untold()}});
}

void Refusals::request(Timestamp now, const Failure& failure, std::string_view event,
                       std::string_view user) {
  constexpr std::size_t kMaxShown = 64;
  ++counts_.requests[static_cast<std::size_t>(failure.code)];
  if (!may_tell(now, std::string(to_string(failure.code)) + " by " + std::string(user))) return;
  log_.info("request refused", {{"event", event.substr(0, kMaxShown)},
                                {"code", to_string(failure.code)},
                                {"detail", failure.detail},
                                {"user", user},
                                {"untold", untold()}});
}

void Refusals::door(Timestamp now, signaling::Refusal refusal, const IpAddress& client,
                    std::string_view what) {
  ++counts_.doors[static_cast<std::size_t>(refusal)];
  const auto text = signaling::to_string(refusal);
  if (!may_tell(now, std::string(text) + " at " + host_of(client).to_string())) return;
  log_.info(
      "turned away",
      {{"refusal", text}, {"client", client.to_string()}, {"what", what}, {"untold", untold()}});
}

}  // namespace sfu::service
