#include "server/demo_tokens.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "crypto/random.h"

namespace sfu::server {
namespace {

using namespace std::chrono_literals;

constexpr signaling::auth::UnixSeconds kNow{1'800'000'000};

HttpRequest post(std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.body = std::move(body);
  return request;
}

struct Doors {
  crypto::SeededRandom random{1};
  DemoTokens tokens{"a secret of this process alone", random};
};

TEST(DemoTokens, GiveEachWhoAsksAnIdentityThatTheServerAccepts) {
  Doors doors;
  const auto first = doors.tokens.handle(post(R"({"name":"Ada"})"), kNow);
  const auto second = doors.tokens.handle(post(R"({"name":"Ada"})"), kNow);
  ASSERT_EQ(first.status, 200) << first.body;
  const auto body = boost::json::parse(first.body);
  const auto verifier =
      signaling::auth::TokenVerifier::with_secret("a secret of this process alone");
  const auto identity = verifier.verify(body.at("token").as_string(), kNow + 1s);
  ASSERT_TRUE(identity.has_value());
  EXPECT_EQ(identity->name, "Ada");
  EXPECT_EQ(identity->user_id, body.at("userId").as_string());
  EXPECT_NE(body.at("userId"), boost::json::parse(second.body).at("userId"));
  EXPECT_FALSE(verifier.verify(body.at("token").as_string(), kNow + DemoTokens::kLifetime));
}

TEST(DemoTokens, RefuseWhatIsNoName) {
  Doors doors;
  const std::string bodies[] = {"",
                                "[]",
                                "{",
                                R"({"name":7})",
                                R"({"name":""})",
                                R"({"name":"a\nb"})",
                                R"({"name":")" + std::string(65, 'a') + R"("})"};
  for (const std::string& body : bodies)
    EXPECT_EQ(doors.tokens.handle(post(body), kNow).status, 400) << body;
}

}  // namespace
}  // namespace sfu::server
