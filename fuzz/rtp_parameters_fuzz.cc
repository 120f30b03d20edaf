#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <string_view>

#include "fuzz/script.h"
#include "ortc/consumer_parameters.h"
#include "ortc/json.h"
#include "ortc/match.h"
#include "ortc/producer_parameters.h"
#include "ortc/router_capabilities.h"

namespace {

using namespace sfu;
using namespace sfu::ortc;

using sfu::fuzz::require;

bool is_routers(std::uint8_t payload_type) {
  const auto& codecs = router_capabilities().codecs;
  return std::any_of(codecs.begin(), codecs.end(), [&](const auto& codec) {
    return codec.preferred_payload_type == payload_type;
  });
}

void require_clean(std::string_view text) {
  require(text.find_first_of("\r\n") == std::string_view::npos);
}

/// What goes to other clients ends up in their SDP.
void require_clean(const json::value& value) {
  if (const auto* text = value.if_string()) require_clean(std::string_view(*text));
  if (const auto* array = value.if_array())
    for (const json::value& element : *array) require_clean(element);
  const auto* object = value.if_object();
  if (!object) return;
  for (const auto& [key, field] : *object) {
    require_clean(std::string_view(key));
    require_clean(field);
  }
}

void require_consumer(const RtpParameters& consumable, const RtpCapabilities& client) {
  const bool with_rtx = consumes_with_rtx(consumable, client);
  const auto consumer = make_consumer_parameters(consumable, client, "0", Ssrc{1},
                                                 with_rtx ? std::optional(Ssrc{2}) : std::nullopt);
  require(consumer.has_value() == can_consume(consumable, client));
  if (!consumer) return;
  require(consumer->encodings.size() == 1 && !is_rtx(consumer->codecs.front().mime_type));
  bool has_rtx = false;
  for (std::size_t i = 0; i < consumer->codecs.size(); ++i) {
    const auto& codec = consumer->codecs[i];
    require(is_routers(codec.payload_type));
    if (i == 1) has_rtx = is_rtx(codec.mime_type);
  }
  require(has_rtx == with_rtx);
  require_clean(to_json(*consumer));
}

void try_as_producer(const RtpParameters& parameters, const RtpCapabilities& client) {
  for (const MediaKind kind : {MediaKind::Audio, MediaKind::Video}) {
    const auto producer =
        complete_producer_parameters(kind, parameters, router_capabilities(), "cname");
    if (!producer) {
      require(!producer.error().detail.empty());
      continue;
    }
    require(!producer->own.encodings.empty());
    require(producer->mapping.codecs.size() == producer->own.codecs.size());
    for (const auto& codec : producer->mapping.codecs)
      require(is_routers(codec.mapped_payload_type));
    require((producer->type == ProducerType::Simulcast) == (producer->own.encodings.size() > 1));
    require_consumer(producer->consumable, router_capabilities());
    require_consumer(producer->consumable, client);
  }
}

/// What was read is written and read again as the same.
template <class T, class Parse>
std::optional<T> read_twice(const json::value& value, Parse parse) {
  const auto once = parse(value);
  if (!once) {
    require(!once.error().field.empty() && !once.error().reason.empty());
    return std::nullopt;
  }
  const json::value written = to_json(*once);
  require_clean(written);
  const auto again = parse(written);
  require(again.has_value() && json::value(to_json(*again)) == written);
  return *once;
}

}  // namespace

/// The input is JSON: read as capabilities, as parameters, or as `{"p": parameters, "c":
/// capabilities}`. Properties: both survive the way through JSON, carry no line break, and what is
/// accepted as a producer has consumers in the router's payload types alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  json::error_code code;
  const json::value body =
      json::parse(std::string_view(reinterpret_cast<const char*>(data), size), code);
  if (code) return 0;
  const json::object* pair = body.if_object();
  const auto part = [&](const char* key) -> const json::value& {
    const json::value* value = pair ? pair->if_contains(key) : nullptr;
    return value ? *value : body;
  };
  const auto capabilities = read_twice<RtpCapabilities>(
      part("c"), [](const json::value& v) { return parse_rtp_capabilities(v); });
  const auto parameters = read_twice<RtpParameters>(
      part("p"), [](const json::value& v) { return parse_rtp_parameters(v); });
  if (parameters) try_as_producer(*parameters, capabilities.value_or(RtpCapabilities{}));
  return 0;
}
