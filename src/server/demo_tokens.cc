#include "server/demo_tokens.h"

#include <boost/json.hpp>
#include <optional>

#include "base/ids.h"

namespace sfu::server {
namespace {

namespace json = boost::json;

HttpResponse refuse(std::string_view what) {
  return {400, "application/json", json::serialize(json::object{{"error", what}}), {}};
}

bool has_control_character(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

}  // namespace

HttpResponse DemoTokens::handle(const HttpRequest& request,
                                signaling::auth::UnixSeconds now) const {
  boost::system::error_code error;
  const json::value body = json::parse(request.body, error);
  if (error || !body.is_object()) return refuse("the body must be a JSON object {\"name\": text}");
  const json::value* name = body.get_object().if_contains("name");
  if (!name || !name->is_string()) return refuse("name must be a text");
  const std::string_view text = name->get_string();
  if (text.empty() || text.size() > kMaxName || has_control_character(text))
    return refuse("name must have 1 to 64 bytes without control characters");

  const std::string user_id = "guest-" + Uuid::random(random_).to_string().substr(0, 13);
  const std::string token = signer_.sign({.user_id = user_id,
                                          .email = user_id + "@demo.invalid",
                                          .name = std::string(text),
                                          .expires_at = now + kLifetime},
                                         now);
  return {200,
          "application/json",
          json::serialize(json::object{{"token", token}, {"userId", user_id}}),
          {{"Cache-Control", "no-store"}}};
}

}  // namespace sfu::server
