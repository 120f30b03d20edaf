#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>
#include <optional>
#include <string_view>

#include "base/endpoint.h"
#include "base/http.h"

namespace sfu::io {

// Between the library's messages and those of the server (RFC 9110, RFC 9112).

/// All but the body; of a target in absolute form its path and query.
HttpRequest to_request(const boost::beast::http::request<boost::beast::http::string_body>& message,
                       const Endpoint& remote);

/// `common` are the headers that every answer to the request carries. With `head_only` the body is
/// left out, and its length told all the same.
boost::beast::http::response<boost::beast::http::string_body> to_message(HttpResponse response,
                                                                         const HttpHeaders& common,
                                                                         bool keep_alive,
                                                                         bool head_only);

/// `{ error: message }`, as every refusal of the server itself.
HttpResponse json_error(int status, std::string_view message);

/// How the server itself answers a request that could not be read; nothing where the client is
/// gone.
std::optional<HttpResponse> answer_to(const boost::system::error_code& error);

}  // namespace sfu::io
