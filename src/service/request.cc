#include "service/request.h"

#include <utility>

#include "service/schemas.h"

namespace sfu::service {
namespace {

constexpr std::string_view kUnknownEvent = "Unknown event";

json::object describe(const Failure& failure) {
  json::object object{{"code", to_string(failure.code)}};
  if (!failure.detail.empty()) object["detail"] = failure.detail;
  return object;
}

}  // namespace

Request::Request(signaling::socketio::Server& signaling, ConnectionId connection,
                 QueuedRequest queued)
    : signaling_(signaling),
      connection_(connection),
      queued_(std::move(queued)),
      info_(find_request(queued_.event)),
      wants_acknowledgement_(queued_.ack.has_value()) {
  move_to(connection);  // It may have waited on another one.
}

void Request::move_to(ConnectionId connection) {
  connection_ = connection;
  if (queued_.ack) queued_.ack->move_to(connection);
}

void Request::succeed(json::object fields) {
  if (std::exchange(answered_, true)) return;
  if (queued_.ack) {
    fields["ok"] = true;
    signaling_.acknowledge(*std::move(queued_.ack), fields);
  } else if (info_ && !info_->reply_event.empty()) {
    signaling_.emit(connection_, info_->reply_event, fields);
  }
}

void Request::fail(ErrorCode code, std::string detail) {
  if (std::exchange(answered_, true)) return;
  failure_ = Failure{code, std::move(detail)};
  const std::string_view message = info_ ? info_->failure : kUnknownEvent;
  if (!queued_.ack) return emit_failure(message);
  json::object error = describe(*failure_);
  error["message"] = message;
  signaling_.acknowledge(*std::move(queued_.ack),
                         json::object{{"ok", false}, {"error", std::move(error)}});
}

void Request::fail(const ortc::InvalidField& field) {
  fail(ErrorCode::InvalidRequest, field.to_string());
}

void Request::emit_failure(std::string_view message) {
  if (info_ && info_->handle == resume_consumer) {
    const auto* body = queued_.body.if_object();
    const json::value* id = body ? body->if_contains("consumerId") : nullptr;
    signaling_.emit(connection_, "consumer-error",
                    json::object{{"consumerId", id && id->is_string() ? *id : json::value()},
                                 {"error", message}});
  }
  json::object error = describe(*failure_);
  error["message"] = message;
  error["event"] = queued_.event;
  signaling_.emit(connection_, "error", error);
}

}  // namespace sfu::service
