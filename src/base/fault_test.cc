#include "base/fault.h"

#include <gtest/gtest.h>

namespace sfu {
namespace {

TEST(FaultNote, KeepsTheFirstThingThatDidNotHoldUntilItIsTaken) {
  FaultNote note;
  EXPECT_TRUE(SFU_EXPECT(note, 1 + 1 == 2));
  EXPECT_FALSE(note.is_set());
  EXPECT_FALSE(SFU_EXPECT(note, 1 + 1 == 3));
  EXPECT_FALSE(SFU_EXPECT(note, false));
  EXPECT_TRUE(note.is_set());
  EXPECT_STREQ(note.take(), "1 + 1 == 3");
  EXPECT_EQ(note.take(), nullptr);
}

}  // namespace
}  // namespace sfu
