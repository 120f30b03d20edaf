#include "server/example_secret.h"

#include <array>
#include <cctype>
#include <string>
#include <vector>

namespace sfu::server {
namespace {

/// Letters and digits only, small: "Your-Secret_Key!" is "yoursecretkey".
std::string plain(std::string_view text) {
  std::string result;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)))
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

bool is_example_secret(std::string_view secret) {
  static constexpr auto kWords = std::to_array<std::string_view>(
      {"your",   "my",     "the",   "a",       "super",    "very",        "secret",     "secure",
       "jwt",    "key",    "token", "access",  "password", "signing",     "change",     "replace",
       "this",   "me",     "it",    "in",      "for",      "production",  "prod",       "dev",
       "local",  "test",   "with",  "to",      "strong",   "random",      "long",       "string",
       "here",   "please", "demo",  "example", "default",  "development", "at",         "least",
       "admin",  "auth",   "256",   "bit",     "bytes",    "32",          "16",         "64",
       "of",     "and",    "value", "some",    "private",  "meetlite",    "characters", "123",
       "123456", "server", "is",    "must",    "be",       "not",         "use",        "or"});
  const auto text = plain(secret);
  std::vector<bool> reachable(text.size() + 1, false);  // From the start, by whole words.
  reachable[0] = true;
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const auto word : kWords)
      if (reachable[i] && std::string_view(text).substr(i).starts_with(word))
        reachable[i + word.size()] = true;
  return reachable[text.size()];
}

}  // namespace sfu::server
