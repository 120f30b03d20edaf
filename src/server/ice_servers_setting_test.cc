#include "server/ice_servers_setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::server {
namespace {

using service::IceServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<IceServer> accepted(std::string_view text) {
  auto servers = parse_ice_servers(text);
  if (servers) return *servers;
  ADD_FAILURE() << text << " was refused: " << servers.error();
  return {};
}

TEST(IceServersSetting, IsAListOfUrlsSplitAtCommas) {
  EXPECT_THAT(accepted("stun:stun.example.org, turn:192.0.2.1:3478?transport=tcp"),
              ElementsAre(IceServer{{"stun:stun.example.org"}, "", ""},
                          IceServer{{"turn:192.0.2.1:3478?transport=tcp"}, "", ""}));
}

TEST(IceServersSetting, IsAJsonListLikeTheOneThatBrowsersTake) {
  EXPECT_THAT(
      accepted(R"(["stuns:a.example", {"urls": "turn:b.example"},
                {"urls": ["turn:c.example:1", "turns:[2001:db8::1]:65535?transport=udp"],
                 "username": "me", "credential": "word", "credentialType": "password"}, {"urls": "stun:[::1]"}])"),
      ElementsAre(
          IceServer{{"stuns:a.example"}, "", ""}, IceServer{{"turn:b.example"}, "", ""},
          IceServer{{"turn:c.example:1", "turns:[2001:db8::1]:65535?transport=udp"}, "me", "word"},
          IceServer{{"stun:[::1]"}, "", ""}));
  EXPECT_THAT(accepted("[]"), ElementsAre());
}

TEST(IceServersSetting, RefusesUrlsThatBrowsersRefuse) {
  for (const char* url :
       {"stun.example.org", "http://example.org", "stun:", "stun://example.org", "turn:a b",
        "turn:a:0", "turn:a:65536", "turn:a:", "turn:a:1:2", "turn:user@a", "turn:[2001:db8::1",
        "turn:[a]", "turn:[::1]3478", "stun:a?transport=udp", "turn:a?transport=tls", "turn:a?",
        "TURN:a", "", "stun:a,,stun:b"}) {
    SCOPED_TRACE(url);
    EXPECT_FALSE(parse_ice_servers(url));
    EXPECT_FALSE(parse_ice_servers("[\"" + std::string(url) + "\"]"));
  }
}

TEST(IceServersSetting, SaysWhichPartIsWrongAndNeverACredential) {
  struct Row {
    const char* text;
    const char* says;
  };
  const Row rows[] = {
      {R"({"urls": "stun:a"})", " must be URLs split at commas, or a JSON list"},
      {R"([)", " must be URLs split at commas, or a JSON list"},
      {R"([1])", "[0] must be like stun:"},
      {R"(["stun:a", {}])", "[1] has no urls"},
      {R"([{"urls": []}])", "[0].urls must have 1 to 16 elements"},
      {R"([{"urls": ["stun:a", 2]}])", "[0].urls[1] must be like stun:"},
      {R"([{"urls": "turn:a", "username": "me"}])",
       "[0] must have both username and credential, or neither"},
      {R"([{"urls": "turn:a", "credential": "s3cret"}])",
       "[0] must have both username and credential, or neither"},
      {R"([{"urls": "turn:a", "username": 1, "credential": "s3cret"}])",
       "[0].username must be a text of 1 to 512 bytes"},
      {R"([{"urls": "turn:me:s3cret@a"}])", "[0].urls must be like stun:"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const auto servers = parse_ice_servers(row.text);
    ASSERT_FALSE(servers);
    EXPECT_THAT(servers.error(), HasSubstr(row.says));
    EXPECT_THAT(servers.error(), Not(HasSubstr("s3cret")));
  }
}

TEST(IceServersSetting, HasAtMostSixteenServers) {
  std::string list = "stun:a";
  for (std::size_t i = 1; i < kMaxIceServers; ++i) list += ",stun:a";
  EXPECT_EQ(accepted(list).size(), kMaxIceServers);
  EXPECT_FALSE(parse_ice_servers(list + ",stun:a"));
}

}  // namespace
}  // namespace sfu::server
