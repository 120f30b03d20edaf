#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/settings.h"
#include "service/error_codes.h"

namespace sfu::server {
namespace {

using testing::HasSubstr;

std::string document(const std::string& name) {
  std::ifstream file(std::filesystem::path(SFU_DOCS_DIRECTORY) / name);
  EXPECT_TRUE(file) << name;
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Documents, ListEverySettingByBothItsNames) {
  const auto text = document("settings.md");
  for (const auto& setting : setting_table())
    EXPECT_THAT(text, HasSubstr("| `" + std::string(setting.name) + "` | `" +
                                command_line_name(setting.name) + "` |"));
  EXPECT_THAT(text, HasSubstr("`--demo`"));
}

TEST(Documents, ListEveryErrorCodeWithItsMeaning) {
  const auto text = document("api.md");
  for (const auto& error : service::error_code_table())
    EXPECT_THAT(text, HasSubstr("| `" + std::string(error.text) + "` | " +
                                std::string(error.meaning) + " |"));
}

}  // namespace
}  // namespace sfu::server
