#include "signaling/http/static_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace sfu::signaling {
namespace {

namespace fs = std::filesystem;

class StaticFilesTest : public testing::Test {
 protected:
  StaticFilesTest() {
    root_ = fs::path(testing::TempDir()) / ("static_files_" + std::to_string(getpid()));
    fs::create_directories(root_ / "site" / "assets");
    write("site/index.html", "<p>page</p>");
    write("site/assets/app-1a2b.js", "let a;");
    write("site/.env", "secret");
    write("secret.txt", "secret");
    fs::create_symlink(root_ / "secret.txt", root_ / "site" / "link.txt");
  }
  ~StaticFilesTest() override { fs::remove_all(root_); }

  void write(const std::string& name, std::string_view text) {
    std::ofstream(root_ / name) << text;
  }
  std::optional<HttpResponse> get(std::string path, HttpHeaders headers = {}) const {
    return StaticFiles(root_ / "site")
        .find({"GET", std::move(path), "", std::move(headers), "", {}});
  }
  static std::string header(const HttpResponse& response, std::string_view name) {
    return std::string(find_header(response.headers, name).value_or(""));
  }

  fs::path root_;
};

TEST_F(StaticFilesTest, TheRootIsThePageAndIsAskedForAgainEachTime) {
  for (const char* path : {"/", "/index.html"}) {
    const auto page = get(path);
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(page->body, "<p>page</p>");
    EXPECT_EQ(page->content_type, "text/html; charset=UTF-8");
    EXPECT_EQ(header(*page, "cache-control"), "no-cache");
  }
}

TEST_F(StaticFilesTest, WhatIsNamedByItsContentMayBeKept) {
  const auto script = get("/assets/app-1a2b.js");
  ASSERT_TRUE(script);
  EXPECT_EQ(script->content_type, "text/javascript; charset=UTF-8");
  EXPECT_NE(header(*script, "cache-control").find("immutable"), std::string::npos);
}

TEST_F(StaticFilesTest, ACurrentCopyIsNotSentAgain) {
  const std::string etag = header(*get("/"), "etag");
  ASSERT_FALSE(etag.empty());
  const auto again = get("/", {{"If-None-Match", etag}});
  EXPECT_EQ(again->status, 304);
  EXPECT_TRUE(again->body.empty());
  EXPECT_EQ(get("/", {{"If-None-Match", "\"old\""}})->status, 200);
}

TEST_F(StaticFilesTest, NoPathLeadsOutOfTheDirectory) {
  for (const char* path :
       {"/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt", "/..\\secret.txt", "/.env", "/%2eenv", "/link.txt", "//etc/passwd",
        "/etc/passwd", "/assets", "/assets/", "/index.html%00", "/nothing", "", "index.html"})
    EXPECT_FALSE(get(path)) << path;
}

TEST(StaticFiles, ADirectoryThatIsNotThereHasNoFiles) {
  EXPECT_FALSE(StaticFiles("/nowhere/at/all").find({"GET", "/", "", {}, "", {}}));
}

}  // namespace
}  // namespace sfu::signaling
