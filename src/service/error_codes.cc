#include "service/error_codes.h"

#include <array>
#include <cstddef>

namespace sfu::service {
namespace {

constexpr std::array kTable = {
    ErrorCodeInfo{ErrorCode::TokenMissing, "token_missing",
                  "The handshake carries no token in auth.token."},
    ErrorCodeInfo{ErrorCode::TokenInvalid, "token_invalid",
                  "The token is malformed, not yet valid, or not signed as this server expects."},
    ErrorCodeInfo{ErrorCode::TokenExpired, "token_expired", "The token was good until its exp."},
    ErrorCodeInfo{ErrorCode::RateLimited, "rate_limited",
                  "Too many events or connections came in too short a time; wait and try again."},
    ErrorCodeInfo{ErrorCode::ServerFull, "server_full",
                  "The server has as many connections as it takes."},
    ErrorCodeInfo{
        ErrorCode::ShuttingDown, "shutting_down",
        "The server is about to stop: it opens no new rooms, and lets nobody in who needs one."},
    ErrorCodeInfo{
        ErrorCode::TooDeep, "too_deep",
        "The event's JSON is nested deeper than MAX_JSON_DEPTH, which detail names, and was not "
        "read."},
    ErrorCodeInfo{ErrorCode::InvalidRequest, "invalid_request",
                  "A field is missing, or is not what it must be; detail names it."},
    ErrorCodeInfo{ErrorCode::UnknownEvent, "unknown_event",
                  "The server has no event of this name."},
    ErrorCodeInfo{
        ErrorCode::NotInRoom, "not_in_room",
        "The request needs a room that this connection has not joined, or somebody who is in "
        "it."},
    ErrorCodeInfo{ErrorCode::NoTransport, "no_transport",
                  "The request needs a transport that has not been created."},
    ErrorCodeInfo{ErrorCode::AlreadyConnected, "already_connected",
                  "The transport has been connected before."},
    ErrorCodeInfo{ErrorCode::NotFound, "not_found", "The named producer or consumer is not there."},
    ErrorCodeInfo{ErrorCode::Unsupported, "unsupported",
                  "The parameters are sound, but ask for what this server does not speak."},
    ErrorCodeInfo{ErrorCode::SsrcTaken, "ssrc_taken",
                  "Another producer of the transport has this SSRC, or this MID and RID."},
    ErrorCodeInfo{ErrorCode::LimitReached, "limit_reached",
                  "One more would be more than the server allows."},
    ErrorCodeInfo{
        ErrorCode::Closed, "closed",
        "What the request was about was closed while it was carried out; nothing of it remains."},
    ErrorCodeInfo{ErrorCode::InternalError, "internal_error",
                  "A fault of the server; its log says more."},
};

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (kTable[i].code != static_cast<ErrorCode>(i)) return false;
  return kTable.back().code == ErrorCode::InternalError;
}
static_assert(is_in_order(), "the table is indexed by its codes");

}  // namespace

std::span<const ErrorCodeInfo> error_code_table() { return kTable; }

std::string_view to_string(ErrorCode code) { return kTable[static_cast<std::size_t>(code)].text; }

ErrorCode code_of(core::CommandError error) {
  switch (error) {
    case core::CommandError::NotFound: return ErrorCode::Closed;
    case core::CommandError::AlreadyExists: return ErrorCode::InternalError;
    case core::CommandError::AlreadyConnected: return ErrorCode::AlreadyConnected;
    case core::CommandError::Unsupported: return ErrorCode::Unsupported;
    case core::CommandError::SsrcTaken: return ErrorCode::SsrcTaken;
    case core::CommandError::LimitReached: return ErrorCode::LimitReached;
  }
  return ErrorCode::InternalError;
}

}  // namespace sfu::service
