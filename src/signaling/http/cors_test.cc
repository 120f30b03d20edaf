#include "signaling/http/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::signaling {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

HttpRequest from(std::string origin, std::string host = "sfu.example:3003") {
  HttpRequest request{"GET", "/", "", {{"Host", std::move(host)}}, "", {}};
  if (!origin.empty()) request.headers.emplace_back("Origin", std::move(origin));
  return request;
}

TEST(CorsPolicy, ASettingIsSplitAtCommas) {
  EXPECT_THAT(CorsPolicy::split("http://a , https://b/,,\t*"),
              ElementsAre("http://a", "https://b", "*"));
  EXPECT_THAT(CorsPolicy::split(" , "), IsEmpty());
}

TEST(CorsPolicy, NamesAListedOriginAndNoOther) {
  const CorsPolicy policy({"https://meet.example", "http://localhost:5173"});
  EXPECT_THAT(policy.headers(from("https://meet.example")),
              ElementsAre(Pair("Vary", "Origin"),
                          Pair("Access-Control-Allow-Origin", "https://meet.example"),
                          Pair("Access-Control-Allow-Credentials", "true")));
  for (const char* other : {"https://evil.example", "https://meet.example.evil",
                            "http://meet.example", "https://meet.example:8443", "null", "", "*"})
    EXPECT_THAT(policy.headers(from(other)), ElementsAre(Pair("Vary", "Origin"))) << other;
}

TEST(CorsPolicy, NamesItsOnlyOriginAlsoToWhoSaysNoneAndNoneOfSeveral) {
  EXPECT_THAT(CorsPolicy({"https://meet.example"}).headers(from("")),
              ElementsAre(Pair("Vary", "Origin"),
                          Pair("Access-Control-Allow-Origin", "https://meet.example"),
                          Pair("Access-Control-Allow-Credentials", "true")));
  EXPECT_THAT(CorsPolicy({"https://a.example", "https://b.example"}).headers(from("")),
              ElementsAre(Pair("Vary", "Origin")));
}

TEST(CorsPolicy, AllowsAnyOriginOnlyWhenAskedForByName) {
  EXPECT_THAT(CorsPolicy({"*"}).headers(from("https://any.example")),
              ElementsAre(Pair("Access-Control-Allow-Origin", "*")));
  EXPECT_THAT(CorsPolicy({}).headers(from("https://any.example")),
              ElementsAre(Pair("Vary", "Origin")));
}

TEST(CorsPolicy, APreflightIsToldMethodsAndTheHeadersThatItAskedFor) {
  HttpRequest request = from("https://meet.example");
  request.headers.emplace_back("Access-Control-Request-Headers", "authorization,content-type");
  const HttpResponse response = CorsPolicy({"*"}).preflight(request);
  EXPECT_EQ(response.status, 204);
  EXPECT_THAT(response.headers, Contains(Pair("Access-Control-Allow-Methods", "GET,HEAD,POST")));
  EXPECT_THAT(response.headers,
              Contains(Pair("Access-Control-Allow-Headers", "authorization,content-type")));
}

TEST(CorsPolicy, AWebSocketIsForListedOriginsTheOwnHostAndClientsWithoutAnOrigin) {
  const CorsPolicy policy({"https://meet.example"});
  EXPECT_TRUE(policy.allows_websocket(from("")));
  EXPECT_TRUE(policy.allows_websocket(from("https://meet.example")));
  EXPECT_TRUE(policy.allows_websocket(from("http://sfu.example:3003")));
  EXPECT_TRUE(policy.allows_websocket(from("https://sfu.example", "sfu.example:443")));
  EXPECT_TRUE(policy.allows_websocket(from("http://sfu.example:80", "SFU.example")));
  EXPECT_FALSE(policy.allows_websocket(from("http://sfu.example:3004")));
  EXPECT_FALSE(policy.allows_websocket(from("http://sfu.example:443", "sfu.example")));
  EXPECT_FALSE(policy.allows_websocket(from("https://evil.example")));
  EXPECT_FALSE(policy.allows_websocket(from("null")));
  EXPECT_FALSE(policy.allows_websocket(from("sfu.example:3003")));
  EXPECT_FALSE(policy.allows_websocket(from("http://", "")));
  EXPECT_TRUE(CorsPolicy({"*"}).allows_websocket(from("https://evil.example")));
}

}  // namespace
}  // namespace sfu::signaling
