#include "base/shared_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sfu {
namespace {

TEST(SharedBytes, KeepsItsBytesForTheLastHolder) {
  SharedBytes last;
  {
    std::string source = "frame";
    const SharedBytes first(source);
    source = "other";
    last = first;
    EXPECT_EQ(last.bytes().data(), first.bytes().data());
  }
  EXPECT_EQ(last.text(), "frame");
  EXPECT_EQ(last.size(), 5U);
}

TEST(SharedBytes, IsEmptyByDefaultAndAfterAMove) {
  SharedBytes nothing;
  EXPECT_TRUE(nothing.bytes().empty());
  EXPECT_EQ(nothing.text(), "");
  SharedBytes first("x");
  const SharedBytes second = std::move(first);
  first = nothing;
  EXPECT_EQ(first.size(), 0U);
  EXPECT_EQ(second.text(), "x");
}

TEST(SharedBytes, TakesItselfAndNothing) {
  SharedBytes bytes("x");
  const SharedBytes& alias = bytes;
  bytes = alias;
  EXPECT_EQ(bytes.text(), "x");
  EXPECT_EQ(SharedBytes(Bytes()).size(), 0U);
}

}  // namespace
}  // namespace sfu
