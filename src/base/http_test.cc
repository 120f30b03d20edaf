#include "base/http.h"

#include <gtest/gtest.h>

namespace sfu {
namespace {

TEST(Http, DecodesFormsAndLeavesMalformedEscapesAsTheyAre) {
  for (const auto& [text, decoded] :
       std::initializer_list<std::pair<std::string_view, std::string_view>>{{"", ""},
                                                                            {"a+b", "a b"},
                                                                            {"%41%7a", "Az"},
                                                                            {"%2B", "+"},
                                                                            {"%", "%"},
                                                                            {"%4", "%4"},
                                                                            {"%4g", "%4g"},
                                                                            {"%g1", "%g1"},
                                                                            {"%%41", "%A"},
                                                                            {"x%41", "xA"}})
    EXPECT_EQ(decode_form(text), decoded) << text;
  EXPECT_EQ(decode_form("%00"), std::string(1, '\0'));
}

TEST(Http, FindsTheFirstParameterOfAName) {
  EXPECT_EQ(form_parameter("a=1&b=2&a=3", "a"), "1");
  EXPECT_EQ(form_parameter("a=1&b=2", "b"), "2");
  EXPECT_EQ(form_parameter("aa=1&a", "a"), "");
  EXPECT_EQ(form_parameter("a=x=y", "a"), "x=y");
  EXPECT_EQ(form_parameter("%61=1", "a"), "1");
  EXPECT_EQ(form_parameter("&&a=1&", "a"), "1");
  EXPECT_EQ(form_parameter("b=a", "a"), std::nullopt);
  EXPECT_EQ(form_parameter("", "a"), std::nullopt);
}

TEST(Http, FindsHeadersInAnyCase) {
  const HttpHeaders headers = {{"Content-Type", "text/plain"}, {"content-type", "second"}};
  EXPECT_EQ(find_header(headers, "CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(find_header(headers, "Content"), std::nullopt);
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("[", "{")) << "only letters have a case";
}

}  // namespace
}  // namespace sfu
