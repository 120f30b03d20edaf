#include <boost/json.hpp>
#include <optional>
#include <string_view>

#include "fuzz/script.h"
#include "ortc/producer_parameters.h"
#include "ortc/router_capabilities.h"
#include "service/schemas.h"

namespace {

using namespace sfu;
using namespace sfu::service;
using fuzz::require;

/// What was accepted. A refusal says what is allowed.
template <class T>
std::optional<T> accepted(const Parsed<T>& parsed) {
  if (parsed) return *parsed;
  require(!parsed.error().reason.empty() && parsed.error().reason.size() < 1024);
  return std::nullopt;
}

void try_all(const json::value& body) {
  if (const auto join = accepted(parse_join_room(body)))
    require(!join->room_id.empty() && join->room_id.size() <= kMaxRoomIdBytes);
  if (const auto create = accepted(parse_create_transport(body)))
    require(create->room_id.size() <= kMaxRoomIdBytes);
  if (const auto connect = accepted(parse_connect_transport(body)))
    require(!connect->fingerprints.empty() && connect->fingerprints.size() <= kMaxFingerprints);
  accepted(parse_set_rtp_capabilities(body));
  if (const auto create = accepted(parse_create_producer(body))) {
    require(json::serialize(create->app_data).size() <= kMaxAppDataBytes);
    const auto completed = ortc::complete_producer_parameters(create->kind, create->parameters,
                                                              ortc::router_capabilities(), "cname");
    require(completed.has_value() || !completed.error().detail.empty());
  }
  accepted(parse_media_type_request(body));
  accepted(parse_consumer_request(body));
  accepted(parse_set_preferred_layers(body));
  accepted(parse_set_consumer_priority(body));
  accepted(parse_direction_request(body));
}

void try_all_of_peers(const json::value& body) {
  if (const auto ready = accepted(parse_ready(body)))
    require(!ready->room_id.empty() && ready->room_id.size() <= kMaxRoomIdBytes);
  accepted(parse_room_request(body));
  accepted(parse_media_state_change(body));
  if (const auto chat = accepted(parse_chat_message(body))) {
    require(!chat->message.empty() && chat->message.size() <= kMaxChatMessageBytes);
    require(trimmed(chat->message) == chat->message);
    require(!chat->type.empty() && chat->type.size() <= kMaxChatFieldBytes);
  }
  if (const auto relay = accepted(parse_relay(body, "offer")))
    require(relay->payload.contains("offer") && !relay->payload.contains("to"));
}

}  // namespace

/// The input is the JSON of a request: each schema takes it or says what is wrong with which field,
/// and what it takes keeps its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  boost::json::error_code code;
  const boost::json::value body =
      boost::json::parse(std::string_view(reinterpret_cast<const char*>(data), size), code);
  if (code) return 0;
  try_all(body);
  try_all_of_peers(body);
  return 0;
}
