#include "signaling/auth/jwt.h"

#include <gtest/gtest.h>

#include "crypto/hmac.h"
#include "signaling/base64.h"

namespace sfu::signaling::auth {
namespace {

constexpr const char* kSecret = "a secret of sixteen bytes and more";

// Signed with Python's hmac and with the openssl program:
// {"userId":"u-1","email":"ada@example.org","name":"Ada","exp":2000000000,"nbf":1000000000}
constexpr std::string_view kHs256 =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiJ1LTEiLCJlbWFpbCI6ImFkYUBleGFtcGxlLm9"
    "yZyIsIm5hbWUiOiJBZGEiLCJleHAiOjIwMDAwMDAwMDAsIm5iZiI6MTAwMDAwMDAwMH0.N461tN5nGGEpkXiKlIf"
    "WUdvgCUNQFiPFakQJ6KZ_msM";
constexpr std::string_view kRs256 =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiJ1LTEiLCJlbWFpbCI6ImFkYUBleGFtcGxlLm9"
    "yZyIsIm5hbWUiOiJBZGEiLCJleHAiOjIwMDAwMDAwMDAsIm5iZiI6MTAwMDAwMDAwMH0.jhd91-x3b0ZfJPrPBnJ"
    "_DlORxOh4b2sYo0XXgcRtCd-tPWe4CE7uVHmQIOYJecfcUCBQoXBC7zLC0_mDz7NYwLuzayePGAodmN8Sk1do7Ld"
    "oTjnArwWHzv0XjXCfstPkRBv2vAmu6z-Vr0uK30X0YisiCUzwxgpJw6ZCiceOYJHSxXpeA2FJo5OOfqMXb5KNZ7N"
    "6kME-q-tSEZ11wyFQvQ9CxoSwsLD3lJgNNkhDb1pRRp9GCoHo85DcXmtNmWY9GaUETjrhb_51mndJYyiIYSrYOsU"
    "p8m09yeBFNxUQb3O3YaXgpVRsVlQ_8feCECy0UTOTWd5azNozmW3B0qVbCw";
constexpr std::string_view kEs256 =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VySWQiOiJ1LTEiLCJlbWFpbCI6ImFkYUBleGFtcGxlLm9"
    "yZyIsIm5hbWUiOiJBZGEiLCJleHAiOjIwMDAwMDAwMDAsIm5iZiI6MTAwMDAwMDAwMH0.QIuEJliLxU0l5KvIOhA"
    "XefL-nMI0MftC_2XomHH-a5JsmO0yDMGyV5SLOMB5xwqwHawqAR4G5eZcy7AyXaS12A";
constexpr const char* kRsaKey = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtTUxAlEc6dXhQepQODpj
x7UqRM3TAKiD366nwm2/JtQueHz01aOU5SyRbPO57sZtWjkq7NuYMa0+EVRd3xNm
i3XoXEVrlmnYZiI7l4aOsB3NZkXyU4mBiVxAZYVdwlEx18JBos9+fQbrDJj/KDJS
aA0v9xe2D0VAVf+7zH3HVc9O970WmrLrhbX2AJcXLOn7PcvG36462w2bUMg9C+xq
xfZy3yr9j+e/FyohAkMa3Od1h3fosgid8vQxF4PefbmpmPDycIe2hFMFhCdt/vBi
RRcfay1/JfUBv8q1/oVZcoYf/bkKs+lIcV/SI4GKN1PDRXNqk6w0Y7QdO3YnNI9A
OwIDAQAB
-----END PUBLIC KEY-----
)";
constexpr const char* kP256Key = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7NCBsOnUEGHWlHW46I538lDAfwWz
i4m3dd56lxKE1+vC4Y+k3yv86XQPJyxw69KpjMYj6pJcnjGQTjg0XS4feA==
-----END PUBLIC KEY-----
)";
constexpr const char* kP384Key = R"(-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE8Wc4VG1K2bSebaVs6KwEPPK7L8O1V5MU
ylj/ftS0fTQk2j2SadBtWH8uRp3peic5Ke1DlcYxvlwbCnmXx1YvRPMU/V6PLE80
ma6D40V8LMyTABawTof+gDeQVXTBL9Be
-----END PUBLIC KEY-----
)";
constexpr const char* kShortRsaKey = R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCgt0lqyhoe+9xwtNXM2oSiBfHM
ldIbTGtsb6DbEuY1/YzhpmeSjV5I8hCt2Ppw22umH3dGLXvuStAl1zu+ku7GU8bc
ksdJFT7SSjSn+hXDXZZsXBUqPryyfu+hLFvphryglx7sZ0qkQ1DqMfSVRdqBwSQp
+PjLYkFMieyUk6whPwIDAQAB
-----END PUBLIC KEY-----
)";

constexpr UnixSeconds kNow{1'500'000'000};

std::string signed_token(std::string_view header, std::string_view claims,
                         std::string_view secret = kSecret) {
  const std::string text =
      base64url_encode(as_bytes(header)) + "." + base64url_encode(as_bytes(claims));
  const Bytes part = as_bytes(text);
  return text + "." + base64url_encode(crypto::hmac_sha256(as_bytes(secret), {&part, 1}));
}
std::string with_claims(std::string_view claims) {
  return signed_token(R"({"alg":"HS256","typ":"JWT"})", claims);
}

std::string judge(std::string_view token, UnixSeconds now = kNow) {
  const auto identity = TokenVerifier::with_secret(kSecret).verify(token, now);
  return identity ? "user " + identity->user_id : std::string(code(identity.error()));
}

TEST(TokenVerifier, TakesATokenOfEachAlgorithmWithTheKeyThatFits) {
  const auto rsa = TokenVerifier::with_public_key(kRsaKey);
  const auto p256 = TokenVerifier::with_public_key(kP256Key);
  ASSERT_TRUE(rsa && p256);
  for (const auto& identity : {TokenVerifier::with_secret(kSecret).verify(kHs256, kNow),
                               rsa->verify(kRs256, kNow), p256->verify(kEs256, kNow)}) {
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->user_id, "u-1");
    EXPECT_EQ(identity->email, "ada@example.org");
    EXPECT_EQ(identity->name, "Ada");
    EXPECT_EQ(identity->expires_at, UnixSeconds(2'000'000'000));
  }
}

TEST(TokenVerifier, RefusesATokenOfAnotherAlgorithmThanItsKeys) {
  const auto rsa = TokenVerifier::with_public_key(kRsaKey);
  const auto p256 = TokenVerifier::with_public_key(kP256Key);
  for (const auto token : {kHs256, kEs256})
    EXPECT_EQ(rsa->verify(token, kNow).error(), AuthError::TokenInvalid);
  for (const auto token : {kHs256, kRs256})
    EXPECT_EQ(p256->verify(token, kNow).error(), AuthError::TokenInvalid);
  EXPECT_EQ(judge(kRs256), "token_invalid");
  EXPECT_EQ(judge(kEs256), "token_invalid");
}

TEST(TokenVerifier, RefusesThePublicKeyUsedAsASharedSecret) {
  const auto rsa = TokenVerifier::with_public_key(kRsaKey);
  const std::string forged =
      signed_token(R"({"alg":"HS256","typ":"JWT"})", R"({"userId":"u-1"})", kRsaKey);
  EXPECT_EQ(rsa->verify(forged, kNow).error(), AuthError::TokenInvalid);
}

TEST(TokenVerifier, TakesOnlyKeysThatFitItsAlgorithms) {
  EXPECT_FALSE(TokenVerifier::with_public_key(""));
  EXPECT_FALSE(TokenVerifier::with_public_key("no key"));
  EXPECT_FALSE(TokenVerifier::with_public_key(kP384Key));
  EXPECT_FALSE(TokenVerifier::with_public_key(kShortRsaKey));
}

TEST(TokenVerifier, RefusesEveryChangeOfOneCharacter) {
  const TokenVerifier secret = TokenVerifier::with_secret(kSecret);
  const auto p256 = TokenVerifier::with_public_key(kP256Key);
  for (const auto& [verifier, token] : {std::pair{&secret, kHs256}, std::pair{&*p256, kEs256}}) {
    for (std::size_t i = 0; i + 1 < token.size(); ++i) {
      std::string changed(token);
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(verifier->verify(changed, kNow)) << "at " << i;
    }
  }
}

TEST(TokenVerifier, RefusesEveryShorterToken) {
  for (std::size_t size = 1; size < kHs256.size(); ++size)
    EXPECT_EQ(judge(kHs256.substr(0, size)), "token_invalid") << size;
}

struct Judged {
  const char* name;
  std::string token;
  std::string verdict;
};
class TokenTable : public testing::TestWithParam<Judged> {};

TEST_P(TokenTable, IsJudgedAsExpected) { EXPECT_EQ(judge(GetParam().token), GetParam().verdict); }

constexpr const char* kHs = R"({"alg":"HS256"})";
constexpr const char* kUser = R"({"userId":"u"})";

INSTANTIATE_TEST_SUITE_P(
    Tokens, TokenTable,
    testing::Values(
        Judged{"Good", std::string(kHs256), "user u-1"},
        Judged{"OnlyUserId", with_claims(kUser), "user u"},
        Judged{"LongestUserId", with_claims(R"({"userId":")" + std::string(128, 'u') + "\"}"),
               "user " + std::string(128, 'u')},
        Judged{"FractionOfASecond", with_claims(R"({"userId":"u","exp":1500000001.5})"), "user u"},
        Judged{"NullName", with_claims(R"({"userId":"u","name":null})"), "user u"},
        Judged{"Missing", "", "token_missing"}, Judged{"NoDots", "token", "token_invalid"},
        Judged{"OnlyDots", "..", "token_invalid"},
        Judged{"FourParts", std::string(kHs256) + ".", "token_invalid"},
        Judged{"AlgNone", "eyJhbGciOiJub25lIn0." + base64url_encode(as_bytes(kUser)) + ".",
               "token_invalid"},
        Judged{"AlgNoneSigned", signed_token(R"({"alg":"none"})", kUser), "token_invalid"},
        Judged{"AlgHs512", signed_token(R"({"alg":"HS512"})", kUser), "token_invalid"},
        Judged{"AlgInSmall", signed_token(R"({"alg":"hs256"})", kUser), "token_invalid"},
        Judged{"AlgAsNumber", signed_token(R"({"alg":256})", kUser), "token_invalid"},
        Judged{"NoAlg", signed_token(R"({"typ":"JWT"})", kUser), "token_invalid"},
        Judged{"HeaderAsArray", signed_token(R"(["HS256"])", kUser), "token_invalid"},
        Judged{"HeaderNoJson", signed_token("HS256", kUser), "token_invalid"},
        Judged{"Critical", signed_token(R"({"alg":"HS256","crit":["b64"]})", kUser),
               "token_invalid"},
        Judged{"OtherSecret", signed_token(kHs, kUser, "another"), "token_invalid"},
        Judged{"EmptySecret", signed_token(kHs, kUser, ""), "token_invalid"},
        Judged{"Padded", std::string(kHs256) + "=", "token_invalid"},
        Judged{"StandardBase64", std::string(kHs256.substr(0, kHs256.size() - 4)) + "/msM",
               "token_invalid"},
        Judged{"ClaimsNoJson", with_claims("{"), "token_invalid"},
        Judged{"ClaimsAsText", with_claims("\"u\""), "token_invalid"},
        Judged{"ClaimsDeep", with_claims(std::string(5000, '[')), "token_invalid"},
        Judged{"Huge", with_claims(R"({"userId":"u","x":")" + std::string(20'000, 'x') + "\"}"),
               "token_invalid"},
        Judged{"NoUserId", with_claims(R"({"email":"a@b"})"), "token_invalid"},
        Judged{"EmptyUserId", with_claims(R"({"userId":""})"), "token_invalid"},
        Judged{"NumberAsUserId", with_claims(R"({"userId":7})"), "token_invalid"},
        Judged{"NullUserId", with_claims(R"({"userId":null})"), "token_invalid"},
        Judged{"LongUserId", with_claims(R"({"userId":")" + std::string(129, 'u') + "\"}"),
               "token_invalid"},
        Judged{"ControlInUserId", with_claims(R"({"userId":"a\nb"})"), "token_invalid"},
        Judged{"NulInUserId", with_claims(R"({"userId":"a\u0000b"})"), "token_invalid"},
        Judged{"BadUtf8UserId", with_claims("{\"userId\":\"\xff\"}"), "token_invalid"},
        Judged{"NumberAsEmail", with_claims(R"({"userId":"u","email":7})"), "token_invalid"},
        Judged{"ObjectAsName", with_claims(R"({"userId":"u","name":{}})"), "token_invalid"},
        Judged{"Expired", with_claims(R"({"userId":"u","exp":1499999999})"), "token_expired"},
        Judged{"ExpiresNow", with_claims(R"({"userId":"u","exp":1500000000})"), "token_expired"},
        Judged{"ExpiredAtZero", with_claims(R"({"userId":"u","exp":0})"), "token_expired"},
        Judged{"ExpiredAndForged", signed_token(kHs, R"({"userId":"u","exp":1})", "another"),
               "token_invalid"},
        Judged{"ExpAsText", with_claims(R"({"userId":"u","exp":"2000000000"})"), "token_invalid"},
        Judged{"ExpAsNull", with_claims(R"({"userId":"u","exp":null})"), "token_invalid"},
        Judged{"ExpNegative", with_claims(R"({"userId":"u","exp":-1})"), "token_invalid"},
        Judged{"ExpBeyondTime", with_claims(R"({"userId":"u","exp":1e300})"), "token_invalid"},
        Judged{"ExpBeyond64Bits", with_claims(R"({"userId":"u","exp":99999999999999999999})"),
               "token_invalid"},
        Judged{"NotYet", with_claims(R"({"userId":"u","nbf":1500000001})"), "token_invalid"},
        Judged{"FromNow", with_claims(R"({"userId":"u","nbf":1500000000})"), "user u"},
        Judged{"NbfAsText", with_claims(R"({"userId":"u","nbf":"1"})"), "token_invalid"}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(TokenSigner, MakesTokensThatTheVerifierTakesUntilTheyExpire) {
  const Identity ada{"u-1", "ada@example.org", "Ada \"Countess\" Lovelace",
                     kNow + std::chrono::hours(1)};
  const std::string token = TokenSigner(kSecret).sign(ada, kNow);
  const auto read = TokenVerifier::with_secret(kSecret).verify(token, kNow);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->user_id, ada.user_id);
  EXPECT_EQ(read->email, ada.email);
  EXPECT_EQ(read->name, ada.name);
  EXPECT_EQ(judge(token, kNow + std::chrono::minutes(59)), "user u-1");
  EXPECT_EQ(judge(token, kNow + std::chrono::hours(1)), "token_expired");
}

}  // namespace
}  // namespace sfu::signaling::auth
