#include "server/dotenv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfu::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Values = std::map<std::string, std::string>;

struct Case {
  const char* text;
  Values values;
};

TEST(Dotenv, ReadsEachWayOfWritingAValue) {
  const Case cases[] = {
      {"A=1", {{"A", "1"}}},
      {"A=1\nB=2\n", {{"A", "1"}, {"B", "2"}}},
      {"A=1\r\nB=2\r\n", {{"A", "1"}, {"B", "2"}}},
      {"  A = 1  ", {{"A", "1"}}},
      {"export A=1", {{"A", "1"}}},
      {"export\tA=1", {{"A", "1"}}},
      {"exported=1", {{"exported", "1"}}},
      {"# A=1\n\n   # B=2\n", {}},
      {"A=", {{"A", ""}}},
      {"A=1 # a comment", {{"A", "1"}}},
      {"A=1#2", {{"A", "1#2"}}},
      {"A=# all comment", {{"A", ""}}},
      {"A='1 # 2' # 3", {{"A", "1 # 2"}}},
      {"A='a\\n\"b\"'", {{"A", "a\\n\"b\""}}},
      {R"(A="a\nb\t\"c\"\\")", {{"A", "a\nb\t\"c\"\\"}}},
      {"A=\"one\r\ntwo\"\nB=2", {{"A", "one\ntwo"}, {"B", "2"}}},
      {"A=it's fine", {{"A", "it's fine"}}},
      {"A=b=c", {{"A", "b=c"}}},
      {"A=1\nA=2", {{"A", "2"}}},
      {"\xef\xbb\xbf"
       "A=1",
       {{"A", "1"}}},
  };
  for (const auto& [text, values] : cases) {
    SCOPED_TRACE(text);
    const auto dotenv = parse_dotenv(text);
    EXPECT_EQ(dotenv.values, values);
    EXPECT_THAT(dotenv.ignored_lines, IsEmpty());
    EXPECT_THAT(dotenv.unclosed_quotes_of, IsEmpty());
  }
}

TEST(Dotenv, TellsTheNumbersOfLinesThatAreNoKeyAndValue) {
  const auto dotenv = parse_dotenv("A='x\ny'\nhello\nB C=1\n=2\nD=4\n");
  EXPECT_THAT(dotenv.ignored_lines, ElementsAre(3U, 4U, 5U));
  EXPECT_THAT(dotenv.values, ElementsAre(Pair("A", "x\ny"), Pair("D", "4")));
}

TEST(Dotenv, GivesNoValueToAKeyWhoseQuoteNeverEnds) {
  const auto dotenv = parse_dotenv("A=\"half\nB=2\nnonsense\n");
  EXPECT_THAT(dotenv.unclosed_quotes_of, ElementsAre("A"));
  EXPECT_THAT(dotenv.values, ElementsAre(Pair("B", "2")));
  EXPECT_THAT(dotenv.ignored_lines, ElementsAre(3U));
}

}  // namespace
}  // namespace sfu::server
