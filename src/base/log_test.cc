#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"

namespace sfu {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

template <class F>
std::string written_by(F&& f) {
  testing::internal::CaptureStderr();
  f();
  return testing::internal::GetCapturedStderr();
}

TEST(LogValue, StandsBareOnlyWhereItIsPlain) {
  for (const auto& [value, line] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"plain", "plain"},
           {"192.0.2.1:80", "192.0.2.1:80"},
           {"", "\"\""},
           {"two words", "\"two words\""},
           {"a=b", "\"a=b\""},
           {"say \"hi\"", R"("say \"hi\"")"},
           {"back\\slash", R"("back\\slash")"},
           {"line\nbreak\r\t", R"("line\nbreak\r\t")"},
           {std::string_view("\0\x1b", 2), R"("\u0000\u001b")"},
           {"\x7f", R"("\u007f")"},
           {"\xC3\xA9", "\"\xC3\xA9\""}})
    EXPECT_EQ(log_value(value), line);
}

TEST(Logger, WritesOneLineOfTimeLevelComponentMessageAndFields) {
  const std::string line = written_by([] {
    Logger("media", LogLevel::Info).info("call ended", {{"room", "a b"}, {"peers", 3}});
  });
  EXPECT_THAT(line,
              MatchesRegex("[0-9-]+T[0-9:.]+Z info media: call ended room=\"a b\" peers=3\n"));
}

TEST(Logger, CannotBeMadeToForgeASecondLine) {
  const std::string line = written_by([] {
    Logger("media", LogLevel::Info).info("joined", {{"name", "x\n2026-01-01T00:00:00Z error"}});
  });
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Logger, IsSilentBelowItsLevel) {
  EXPECT_THAT(written_by([] {
                Logger logger("media", LogLevel::Warn);
                logger.debug("one");
                logger.info("two");
              }),
              testing::IsEmpty());
  EXPECT_THAT(written_by([] { Logger("media", LogLevel::Warn).error("three"); }),
              HasSubstr("error media: three"));
  EXPECT_THAT(written_by([] { Logger("media", LogLevel::None).error("four"); }),
              testing::IsEmpty());
}

TEST(Logger, DoesNotReadFormatsInMessages) {
  EXPECT_THAT(written_by([] { Logger("media", LogLevel::Info).info("{} %n {0}"); }),
              HasSubstr("media: {} %n {0}\n"));
}

TEST(CheckDeathTest, SaysWhatDidNotHoldAndWhere) {
  EXPECT_DEATH(SFU_CHECK(1 + 1 == 3), "log_test.cc:[0-9]+: broken invariant: 1 \\+ 1 == 3");
  SFU_CHECK(true);
}

}  // namespace
}  // namespace sfu
