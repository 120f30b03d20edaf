#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

struct evp_pkey_st;

namespace sfu::signaling::auth {

/// Seconds since 1970 (RFC 7519 §2, NumericDate).
using UnixSeconds = std::chrono::seconds;

enum class AuthError : std::uint8_t { TokenMissing, TokenInvalid, TokenExpired };
/// The code that the client sees: token_missing, token_invalid, token_expired.
std::string_view code(AuthError error);

/// Who holds a token.
struct Identity {
  std::string user_id;
  std::string email;  // empty where the token has none
  std::optional<std::string> name;
  std::optional<UnixSeconds> expires_at;
};

inline constexpr std::size_t kMaxTokenLength = 8192;
inline constexpr std::size_t kMaxUserIdLength = 128;
inline constexpr std::size_t kMaxEmailLength = 320;
inline constexpr std::size_t kMaxNameLength = 256;

/// Judges JSON Web Tokens (RFC 7519) by one key and the one algorithm that fits it, so neither
/// "none" nor a confusion of algorithms (RFC 8725 §2.1) gets through.
class TokenVerifier {
 public:
  /// HS256 with a shared secret.
  static TokenVerifier with_secret(std::string secret);
  /// RS256 for an RSA key, ES256 for one on P-256; otherwise what is wrong with the PEM text.
  static Result<TokenVerifier, std::string> with_public_key(const std::string& pem);

  /// The signature is judged first, so a forged token never learns that it is expired. Expired from
  /// the second `exp` on (RFC 7519 §4.1.4); before `nbf` invalid.
  Result<Identity, AuthError> verify(std::string_view token, UnixSeconds now) const;

 private:
  enum class Algorithm : std::uint8_t { Hs256, Rs256, Es256 };
  struct KeyDeleter {
    void operator()(evp_pkey_st* key) const;
  };
  using PublicKey = std::unique_ptr<evp_pkey_st, KeyDeleter>;

  TokenVerifier(Algorithm algorithm, std::string secret, PublicKey key)
      : algorithm_(algorithm), secret_(std::move(secret)), key_(std::move(key)) {}

  bool names_our_algorithm(const boost::json::object& header) const;
  bool has_signature(std::string_view text, Bytes signature) const;

  Algorithm algorithm_;
  std::string secret_;
  PublicKey key_;
};

/// Makes HS256 tokens, for the demo mode and for tests.
class TokenSigner {
 public:
  explicit TokenSigner(std::string secret) : secret_(std::move(secret)) {}
  std::string sign(const Identity& identity, UnixSeconds issued_at) const;

 private:
  std::string secret_;
};

}  // namespace sfu::signaling::auth
