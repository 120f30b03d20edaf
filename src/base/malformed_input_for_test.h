#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "base/result.h"

namespace sfu {

/// A row of a parser's table of what it refuses.
template <class Error>
struct MalformedInput {
  const char* name;
  std::vector<std::uint8_t> bytes;
  Error expected;

  friend std::ostream& operator<<(std::ostream& out, const MalformedInput& row) {
    return out << row.name;
  }
};

/// What a row's test is called.
template <class Error>
std::string name_of_row(const testing::TestParamInfo<MalformedInput<Error>>& row) {
  return row.param.name;
}

template <class Parsed, class Error>
void expect_refused(const Result<Parsed, Error>& parsed, Error expected) {
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error(), expected) << to_string(parsed.error());
}

}  // namespace sfu
