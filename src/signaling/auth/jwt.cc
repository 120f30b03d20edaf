#include "signaling/auth/jwt.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <vector>

#include "crypto/hmac.h"
#include "signaling/base64.h"

namespace sfu::signaling::auth {

namespace {

namespace json = boost::json;

constexpr std::size_t kP256IntegerSize = 32;  // of r and of s (RFC 7518 §3.4)
constexpr std::size_t kMaxDepth = 16;
/// The year 9999: beyond it a date is a mistake, and arithmetic with it would overflow.
constexpr double kMaxDate = 253402300799.0;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using MemoryBio = std::unique_ptr<BIO, Freed<BIO_free>>;

/// RFC 7515 §2: base64url, and no padding.
std::optional<std::string> decode_part(std::string_view part) {
  std::string standard(part);
  for (char& c : standard) {
    if (c == '+' || c == '/' || c == '=') return std::nullopt;
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  return base64_decode(standard);
}

std::optional<json::object> decode_object(std::string_view part) {
  const auto text = decode_part(part);
  if (!text) return std::nullopt;
  json::error_code error;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::value value = json::parse(*text, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

auto mac_of(std::string_view secret, std::string_view text) {
  const Bytes part = as_bytes(text);
  return crypto::hmac_sha256(as_bytes(secret), {&part, 1});
}

/// r and s side by side, as a JWT has them (RFC 7518 §3.4), in the DER form that OpenSSL reads.
std::optional<std::vector<std::uint8_t>> to_der(Bytes signature) {
  if (signature.size() != 2 * kP256IntegerSize) return std::nullopt;
  const EcdsaSignature pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(signature.data(), kP256IntegerSize, nullptr);
  BIGNUM* s = BN_bin2bn(signature.data() + kP256IntegerSize, kP256IntegerSize, nullptr);
  if (ECDSA_SIG_set0(pair.get(), r, s) != 1) return std::nullopt;
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return std::nullopt;
  std::vector<std::uint8_t> out(der, der + size);
  OPENSSL_free(der);
  return out;
}

bool is_signed_by(EVP_PKEY* key, std::string_view text, Bytes signature) {
  const DigestContext context(EVP_MD_CTX_new());
  const bool good = EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                     as_bytes(text).data(), text.size()) == 1;
  ERR_clear_error();
  return good;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Absent: an empty optional inside. Not a string of at most `max` bytes: an error.
Result<std::optional<std::string>, AuthError> text_claim(const json::object& claims,
                                                         std::string_view name, std::size_t max) {
  const json::value* value = claims.if_contains(name);
  if (!value || value->is_null()) return std::optional<std::string>();
  const json::string* text = value->if_string();
  if (!text || text->size() > max) return fail(AuthError::TokenInvalid);
  return std::optional(std::string(*text));
}

/// A NumericDate may have a fraction (RFC 7519 §2).
Result<std::optional<UnixSeconds>, AuthError> date_claim(const json::object& claims,
                                                         std::string_view name) {
  const json::value* value = claims.if_contains(name);
  if (!value) return std::optional<UnixSeconds>();
  if (!value->is_number()) return fail(AuthError::TokenInvalid);
  const double seconds = std::floor(value->to_number<double>());
  if (!(seconds >= 0 && seconds <= kMaxDate)) return fail(AuthError::TokenInvalid);
  return std::optional(UnixSeconds(static_cast<std::int64_t>(seconds)));
}

Result<Identity, AuthError> read_claims(const json::object& claims, UnixSeconds now) {
  const auto expires = date_claim(claims, "exp");
  const auto not_before = date_claim(claims, "nbf");
  if (!expires || !not_before) return fail(AuthError::TokenInvalid);
  auto user_id = text_claim(claims, "userId", kMaxUserIdLength);
  auto email = text_claim(claims, "email", kMaxEmailLength);
  auto name = text_claim(claims, "name", kMaxNameLength);
  if (!user_id || !email || !name) return fail(AuthError::TokenInvalid);
  if (!*user_id || (*user_id)->empty() || std::ranges::any_of(**user_id, is_control))
    return fail(AuthError::TokenInvalid);
  if (*expires && now >= **expires) return fail(AuthError::TokenExpired);
  if (*not_before && now < **not_before) return fail(AuthError::TokenInvalid);
  return Identity{std::move(**user_id), std::move(*email).value_or(""), std::move(*name), *expires};
}

}  // namespace

std::string_view code(AuthError error) {
  switch (error) {
    case AuthError::TokenMissing: return "token_missing";
    case AuthError::TokenInvalid: return "token_invalid";
    case AuthError::TokenExpired: return "token_expired";
  }
  return "token_invalid";
}

void TokenVerifier::KeyDeleter::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

TokenVerifier TokenVerifier::with_secret(std::string secret) {
  return {Algorithm::Hs256, std::move(secret), nullptr};
}

Result<TokenVerifier, std::string> TokenVerifier::with_public_key(const std::string& pem) {
  const MemoryBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PublicKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!key) return fail(std::string("it is no public key in PEM form"));
  if (EVP_PKEY_is_a(key.get(), "RSA")) {
    if (EVP_PKEY_get_bits(key.get()) < 2048)
      return fail(std::string("an RSA key must have 2048 bits or more"));  // RFC 7518 §3.3
    return TokenVerifier(Algorithm::Rs256, "", std::move(key));
  }
  std::array<char, 32> group{};
  if (EVP_PKEY_is_a(key.get(), "EC") &&
      EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) == 1 &&
      std::string_view(group.data()) == "prime256v1")
    return TokenVerifier(Algorithm::Es256, "", std::move(key));
  return fail(std::string("it must be an RSA key or an EC key on P-256"));
}

Result<Identity, AuthError> TokenVerifier::verify(std::string_view token, UnixSeconds now) const {
  if (token.empty()) return fail(AuthError::TokenMissing);
  if (token.size() > kMaxTokenLength) return fail(AuthError::TokenInvalid);
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return fail(AuthError::TokenInvalid);

  const auto header = decode_object(token.substr(0, first));
  const auto signature = decode_part(token.substr(second + 1));
  if (!header || !signature || !names_our_algorithm(*header)) return fail(AuthError::TokenInvalid);
  if (!has_signature(token.substr(0, second), as_bytes(*signature)))
    return fail(AuthError::TokenInvalid);
  const auto claims = decode_object(token.substr(first + 1, second - first - 1));
  if (!claims) return fail(AuthError::TokenInvalid);
  return read_claims(*claims, now);
}

bool TokenVerifier::names_our_algorithm(const json::object& header) const {
  // An extension that must be understood is one that we do not (RFC 7515 §4.1.11).
  if (header.contains("crit")) return false;
  const json::value* named = header.if_contains("alg");
  const json::string* text = named ? named->if_string() : nullptr;
  if (!text) return false;
  switch (algorithm_) {
    case Algorithm::Hs256: return *text == "HS256";
    case Algorithm::Rs256: return *text == "RS256";
    case Algorithm::Es256: return *text == "ES256";
  }
  return false;
}

bool TokenVerifier::has_signature(std::string_view text, Bytes signature) const {
  switch (algorithm_) {
    case Algorithm::Hs256: return crypto::constant_time_equal(signature, mac_of(secret_, text));
    case Algorithm::Rs256: return is_signed_by(key_.get(), text, signature);
    case Algorithm::Es256: {
      const auto der = to_der(signature);
      return der && is_signed_by(key_.get(), text, *der);
    }
  }
  return false;
}

std::string TokenSigner::sign(const Identity& identity, UnixSeconds issued_at) const {
  json::object claims{
      {"userId", identity.user_id}, {"email", identity.email}, {"iat", issued_at.count()}};
  if (identity.name) claims["name"] = *identity.name;
  if (identity.expires_at) claims["exp"] = identity.expires_at->count();
  const std::string text = base64url_encode(as_bytes(R"({"alg":"HS256","typ":"JWT"})")) + "." +
                           base64url_encode(as_bytes(json::serialize(claims)));
  return text + "." + base64url_encode(mac_of(secret_, text));
}

}  // namespace sfu::signaling::auth
