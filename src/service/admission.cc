#include <utility>

#include "base/address_range.h"
#include "service/mediasoup_server.h"

// Who is let in, for how long, and how much they may do: handshakes, tokens and rates.

namespace sfu::service {
namespace {

using signaling::socketio::ConnectRefusal;
using signaling::socketio::Handshake;

constexpr std::string_view kAuthenticationFailed = "Authentication failed";

ErrorCode code_of(signaling::auth::AuthError error) {
  switch (error) {
    case signaling::auth::AuthError::TokenMissing: return ErrorCode::TokenMissing;
    case signaling::auth::AuthError::TokenInvalid: return ErrorCode::TokenInvalid;
    case signaling::auth::AuthError::TokenExpired: return ErrorCode::TokenExpired;
  }
  return ErrorCode::TokenInvalid;
}

bool is_join(std::string_view event) { return event == "join-room" || event == "ready"; }

}  // namespace

Result<void, ConnectRefusal> MediasoupServer::on_connect(ConnectionId id,
                                                         const Handshake& handshake) {
  auto identity = admit(handshake);
  if (!identity) {
    counters_.note_refused_connection(identity.error());
    refusals_.handshake(options_.clock(), identity.error(), handshake.request.client);
    const auto code = to_string(identity.error());
    return sfu::fail(
        ConnectRefusal{std::string(kAuthenticationFailed), json::object{{"code", code}}});
  }
  log_.debug("connected", {{"connection", id.value},
                           {"user", identity->user_id},
                           {"client", handshake.request.client.to_string()}});
  if (signaling::socketio::may_know_recovery(handshake.request.header("user-agent")))
    signaling_.make_recoverable(id, identity->user_id);
  if (options_.disconnect_expired && identity->expires_at) expiry_.add(id, *identity->expires_at);
  connections_.emplace(id, Connection{.identity = std::move(*identity),
                                      .buckets = EventBuckets(options_.rates, options_.clock())});
  tell_of_drain(id);
  return {};
}

/// A good token opens the door also where many bad ones came from the same address before: an
/// office behind one address cannot be locked out by one who sits in it.
Result<signaling::auth::Identity, ErrorCode> MediasoupServer::admit(const Handshake& handshake) {
  const Timestamp now = options_.clock();
  const IpAddress host = host_of(handshake.request.client);
  if (connections_.size() >= options_.max_connections) return sfu::fail(ErrorCode::ServerFull);
  if (!connects_.take(now, host)) return sfu::fail(ErrorCode::RateLimited);
  auto identity = verify(handshake.auth);
  if (!identity && !failed_logins_.take(now, host)) return sfu::fail(ErrorCode::RateLimited);
  if (identity && has_no_place_for(handshake)) return sfu::fail(ErrorCode::ShuttingDown);
  return identity;
}

Result<signaling::auth::Identity, ErrorCode> MediasoupServer::verify(
    const json::value& auth) const {
  const json::object* object = auth.if_object();
  const json::value* token = object ? object->if_contains("token") : nullptr;
  if (!token || token->is_null()) return sfu::fail(ErrorCode::TokenMissing);
  if (!token->is_string()) return sfu::fail(ErrorCode::TokenInvalid);
  ErrorCode why = ErrorCode::TokenInvalid;
  for (const auto& verifier : options_.token_verifiers) {
    auto identity = verifier.verify(token->get_string(), options_.unix_time());
    if (identity) return std::move(*identity);
    if (identity.error() != signaling::auth::AuthError::TokenInvalid)
      why = code_of(identity.error());
  }
  return sfu::fail(why);
}

void MediasoupServer::disconnect_expired() {
  while (const auto id = expiry_.pop_expired(options_.unix_time())) {
    const auto* who = identity(*id);
    if (!who) continue;
    const auto code = to_string(ErrorCode::TokenExpired);
    refusals_.request(options_.clock(), {ErrorCode::TokenExpired, "in the middle of a connection"},
                      "connect", who->user_id);
    signaling_.emit(
        *id, "error",
        json::object{{"message", kAuthenticationFailed}, {"code", code}, {"event", "connect"}});
    signaling_.disconnect(*id);
  }
}

void MediasoupServer::forget_expiry(ConnectionId id) {
  const auto* who = identity(id);
  if (who && who->expires_at) expiry_.remove(id, *who->expires_at);
}

void MediasoupServer::note_refusal(signaling::Refusal refusal, const IpAddress& client,
                                   std::string_view what) {
  refusals_.door(options_.clock(), refusal, client, what);
}

/// What the rates of the connection and of its user have against it.
std::optional<Failure> MediasoupServer::rate_refusal(const Request& request) {
  const auto found = connections_.find(request.connection());
  if (found == connections_.end()) return std::nullopt;  // It is about to hear nothing of it.
  const Timestamp now = options_.clock();
  EventBuckets& buckets = found->second.buckets;
  const std::string& user = found->second.identity.user_id;
  if (request.info()->reaches_peers && !peer_bytes_.has_any(now, user))
    return Failure{ErrorCode::RateLimited, "too much to be sent to others"};
  if (event_class(request.event()) != EventClass::Heavy) return std::nullopt;
  const auto may_join = [&] { return !is_join(request.event()) || joins_.take(now, user); };
  if (buckets.take_heavy(now) && may_join()) return std::nullopt;
  return Failure{ErrorCode::RateLimited, "too many requests of this kind"};
}

void MediasoupServer::charge_peer_bytes(const Request& request, std::uint64_t bytes) {
  const auto found = connections_.find(request.connection());
  if (found == connections_.end()) return;
  peer_bytes_.charge(options_.clock(), found->second.identity.user_id, static_cast<double>(bytes));
}

/// After the answer: what failed is counted, and what was refused for its shape costs nothing.
void MediasoupServer::settle(const Request& request) {
  if (!request.failure()) return;
  const auto found = connections_.find(request.connection());
  const bool is_known = found != connections_.end();
  const std::string_view user = is_known ? found->second.identity.user_id : std::string_view();
  refusals_.request(options_.clock(), *request.failure(), request.event(), user);
  const bool was_taken = event_class(request.event()) == EventClass::Heavy;
  if (!is_known || !was_taken || request.failure()->code != ErrorCode::InvalidRequest) return;
  if (request.verdict()) return;  // It was refused before anything was taken.
  found->second.buckets.give_back_heavy();
  if (is_join(request.event())) joins_.give_back(found->second.identity.user_id);
}

}  // namespace sfu::service
