#include "io/http_messages.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "io/clock.h"

namespace sfu::io {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

namespace {

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

/// RFC 9110 §5.6.7, for the Date header.
std::string http_date() {
  const std::time_t now = static_cast<std::time_t>(wall_clock_us() / 1'000'000);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

HttpRequest to_request(const http::request<http::string_body>& message, const Endpoint& remote) {
  HttpRequest request;
  request.method = view(message.method_string());
  std::string_view target = view(message.target());
  if (const auto scheme = target.find("://"); scheme != std::string_view::npos && target[0] != '/')
    target.remove_prefix(std::min(target.find('/', scheme + 3), target.size()));
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (request.path.empty()) request.path = "/";
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  for (const auto& field : message)
    request.headers.emplace_back(view(field.name_string()), view(field.value()));
  request.remote = remote;
  return request;
}

http::response<http::string_body> to_message(HttpResponse response, const HttpHeaders& common,
                                             bool keep_alive, bool head_only) {
  http::response<http::string_body> message(static_cast<http::status>(response.status), 11);
  message.set(http::field::date, http_date());
  for (const auto& [name, value] : common) message.insert(name, value);
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.keep_alive(keep_alive);
  if (has_no_body(response.status)) return message;
  if (!response.content_type.empty()) message.set(http::field::content_type, response.content_type);
  message.content_length(response.body.size());
  if (!head_only) message.body() = std::move(response.body);
  return message;
}

HttpResponse json_error(int status, std::string_view message) {
  return {status, "application/json", "{\"error\":\"" + std::string(message) + "\"}", {}};
}

std::optional<HttpResponse> answer_to(const error_code& error) {
  if (error == http::error::body_limit) return json_error(413, "Payload too large");
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return json_error(431, "Request header too large");
  if (error == http::error::end_of_stream || error == http::error::partial_message)
    return std::nullopt;
  if (error.category() == make_error_code(http::error::bad_method).category())
    return json_error(400, "Bad request");
  return std::nullopt;
}

}  // namespace sfu::io
