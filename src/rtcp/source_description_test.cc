#include "rtcp/source_description.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "rtcp/round_trip_for_test.h"

namespace sfu::rtcp {
namespace {

using Buffer = std::vector<std::uint8_t>;

TEST(SourceDescription, WritingReadsBackTheSameForEachAlignment) {
  for (std::size_t size = 0; size <= 8; ++size) {
    const std::string cname(size, 'c');
    RoundTrip trip;
    ASSERT_TRUE(append_source_description(
        trip.builder(), Ssrc{0x11223344},
        {{SdesType::Cname, cname}, {SdesType::Mid, "0"}, {SdesType::RtpStreamId, "hi"}}));
    EXPECT_EQ(trip.bytes().size() % 4, 0u);
    const auto parsed = SourceDescription::parse(trip.packet());
    ASSERT_TRUE(parsed.has_value());
    int chunks = 0;
    for (const SdesChunk chunk : *parsed) {
      ++chunks;
      EXPECT_EQ(chunk.ssrc, Ssrc{0x11223344});
      EXPECT_EQ(chunk.items.find(SdesType::Cname), cname);
      EXPECT_EQ(chunk.items.find(SdesType::Mid), "0");
      EXPECT_EQ(chunk.items.find(SdesType::RtpStreamId), "hi");
      EXPECT_EQ(chunk.items.find(SdesType::RepairedRtpStreamId), std::nullopt);
    }
    EXPECT_EQ(chunks, 1);
  }
}

TEST(SourceDescription, LongestTextFitsAndALongerOneIsRefused) {
  RoundTrip trip;
  EXPECT_FALSE(append_source_description(trip.builder(), Ssrc{1},
                                         {{SdesType::Cname, std::string(256, 'x')}}));
  EXPECT_TRUE(trip.builder().empty());
  EXPECT_TRUE(append_source_description(trip.builder(), Ssrc{1},
                                        {{SdesType::Cname, std::string(255, 'x')}}));
  EXPECT_EQ(
      (*(*SourceDescription::parse(trip.packet())).begin()).items.find(SdesType::Cname)->size(),
      255u);
}

TEST(SourceDescription, SeveralChunksAreReadOneAfterTheOther) {
  const Buffer body = {0, 0, 0, 1, 1, 2, 'a', 'b', 0, 0, 0, 0,  //
                       0, 0, 0, 2, 1, 1, 'c', 0,                //
                       0, 0, 0, 3, 0, 0, 0,   0};
  const auto parsed = SourceDescription::parse({PacketType::SourceDescription, 3, body});
  ASSERT_TRUE(parsed.has_value());
  std::vector<std::pair<std::uint32_t, std::string>> seen;
  for (const SdesChunk chunk : *parsed)
    seen.emplace_back(chunk.ssrc.value, chunk.items.find(SdesType::Cname).value_or("-"));
  EXPECT_EQ(seen,
            (std::vector<std::pair<std::uint32_t, std::string>>{{1, "ab"}, {2, "c"}, {3, "-"}}));
}

struct Malformed {
  const char* name;
  std::uint8_t count;
  Buffer body;
};
std::ostream& operator<<(std::ostream& out, const Malformed& row) { return out << row.name; }

const Malformed kMalformed[] = {
    {"chunk_missing", 1, {}},
    {"ssrc_cut", 1, {0, 0, 0}},
    {"no_end_of_items", 1, {0, 0, 0, 1}},
    {"item_fills_the_word_and_no_end_follows", 1, {0, 0, 0, 1, 1, 2, 'a', 'b'}},
    {"item_longer_than_the_body", 1, {0, 0, 0, 1, 1, 200, 'a', 0}},
    {"item_length_missing", 1, {0, 0, 0, 1, 2, 1, 'a', 1}},
    {"second_chunk_missing", 2, {0, 0, 0, 1, 0, 0, 0, 0}},
};

class MalformedSdes : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSdes, IsTruncated) {
  const auto parsed =
      SourceDescription::parse({PacketType::SourceDescription, GetParam().count, GetParam().body});
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error(), ParseError::TruncatedBody);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedSdes, testing::ValuesIn(kMalformed),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace sfu::rtcp
