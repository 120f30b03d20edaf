#include <utility>

#include "service/mediasoup_server.h"
#include "service/requests.h"
#include "service/schemas.h"

// set-consumer-priority, request-key-frame.

namespace sfu::service {
namespace {

constexpr const char* kNoSuchConsumer = "there is no such consumer";

/// The requesting participant's own consumer; nobody can name another's.
Consumer* find_own(MediasoupServer& server, const Request& request,
                   const std::optional<ConsumerId>& id) {
  const auto place = server.find(request.connection());
  return place && id ? place->participant.consumers().find(*id) : nullptr;
}

}  // namespace

asio::awaitable<void> set_consumer_priority(MediasoupServer& server, Request& request) {
  const auto body = parse_set_consumer_priority(request.body());
  if (!body) co_return request.fail(body.error());
  if (!find_own(server, request, body->consumer))
    co_return request.fail(ErrorCode::NotFound, kNoSuchConsumer);
  Worker& worker = *server.find(request.connection())->participant.worker();
  core::Command command = core::SetConsumerPriority{*body->consumer, body->priority};
  const auto outcome = co_await worker.request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  Consumer* consumer = find_own(server, request, body->consumer);
  if (!consumer) co_return request.fail(ErrorCode::Closed);
  consumer->priority = body->priority;
  request.succeed();
}

/// Of audio, or of a consumer that is paused, there is nothing to ask for: that succeeds too, as
/// with mediasoup. A consumer that is resumed asks by itself.
asio::awaitable<void> request_key_frame(MediasoupServer& server, Request& request) {
  const auto id = parse_consumer_request(request.body());
  if (!id) co_return request.fail(id.error());
  if (!find_own(server, request, *id)) co_return request.fail(ErrorCode::NotFound, kNoSuchConsumer);
  Worker& worker = *server.find(request.connection())->participant.worker();
  core::Command command = core::RequestKeyFrame{**id};
  const auto outcome = co_await worker.request(std::move(command));
  if (!outcome) co_return request.fail(code_of(outcome.error()));
  request.succeed();
}

}  // namespace sfu::service
