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

/// The text between `at` and the next column, without the marks of code.
std::string column(const std::string& text, std::size_t at) {
  std::string found = text.substr(at, text.find(" |", at) - at);
  std::erase(found, '`');
  return found;
}

TEST(Documents, ListEverySettingByBothItsNamesWithItsDefault) {
  const auto text = document("settings.md");
  for (const auto& setting : setting_table()) {
    const std::string names =
        "| `" + std::string(setting.name) + "` | `" + command_line_name(setting.name) + "` | ";
    const auto row = text.find(names);
    ASSERT_NE(row, text.npos) << names;
    EXPECT_EQ(column(text, row + names.size()), setting.default_value) << setting.name;
  }
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
