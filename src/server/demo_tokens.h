#pragma once

#include <string>

#include "base/http.h"
#include "base/random.h"
#include "signaling/auth/jwt.h"

namespace sfu::server {

/// Demo mode's door: whoever asks gets a token of their own. Outside demo mode there is none.
class DemoTokens {
 public:
  static constexpr std::chrono::hours kLifetime{12};
  static constexpr std::size_t kMaxName = 64;  // Bytes of UTF-8; a longer name is refused.

  /// `random` outlives it.
  DemoTokens(std::string secret, RandomSource& random)
      : signer_(std::move(secret)), random_(random) {}

  /// POST {"name": "…"} gives {"token", "userId"}.
  HttpResponse handle(const HttpRequest& request, signaling::auth::UnixSeconds now) const;

 private:
  const signaling::auth::TokenSigner signer_;
  RandomSource& random_;
};

}  // namespace sfu::server
