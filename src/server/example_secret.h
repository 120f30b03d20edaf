#pragma once

#include <string_view>

namespace sfu::server {

/// Whether a secret is one that documentation shows, and so everybody knows: nothing but the words
/// of such examples, however joined ("your-super-secret-jwt-key-change-this-in-production").
bool is_example_secret(std::string_view secret);

}  // namespace sfu::server
