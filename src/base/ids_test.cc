#include "base/ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sfu {
namespace {

/// Fills all with one byte.
class Constant final : public RandomSource {
 public:
  explicit Constant(std::uint8_t byte) : byte_(byte) {}
  void fill(MutableBytes out) override { std::fill(out.begin(), out.end(), byte_); }

 private:
  std::uint8_t byte_;
};

TEST(Uuid, CarriesItsVersionAndVariantWhateverTheRandomness) {
  Constant zeros(0x00), ones(0xFF);
  EXPECT_EQ(Uuid::random(zeros).to_string(), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(Uuid::random(ones).to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(Uuid, ReadsWhatItPrintsInEitherCase) {
  const std::string text = "0f8fad5b-d9cb-469f-a165-70867728950e";
  EXPECT_EQ(Uuid::parse(text)->to_string(), text);
  EXPECT_EQ(Uuid::parse("0F8FAD5B-D9CB-469F-A165-70867728950E"), Uuid::parse(text));
}

TEST(Uuid, RefusesWhatIsNotOne) {
  for (const std::string_view text :
       {"", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950ee",
        "0f8fad5bd-9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950g",
        "{f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b_d9cb-469f-a165-70867728950e",
        "0f8fad5bd9cb469fa16570867728950e"})
    EXPECT_FALSE(Uuid::parse(text)) << text;
}

TEST(UuidOf, IsReadAndHashedLikeItsUuid) {
  const auto id = TransportId::parse("0f8fad5b-d9cb-469f-a165-70867728950e");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_string(), "0f8fad5b-d9cb-469f-a165-70867728950e");
  EXPECT_FALSE(TransportId::parse("no"));
  EXPECT_EQ(std::hash<TransportId>{}(*id), std::hash<TransportId>{}(TransportId{id->uuid}));
}

static_assert(!std::is_convertible_v<TransportId, ProducerId>);

TEST(RandomSource, GivesNumbersInNetworkOrder) {
  class Counting final : public RandomSource {
   public:
    void fill(MutableBytes out) override {
      for (std::uint8_t& byte : out) byte = ++last_;
    }

   private:
    std::uint8_t last_ = 0;
  } random;
  EXPECT_EQ(random.next_u32(), 0x01020304U);
  EXPECT_EQ(random.next_u64(), 0x05060708090A0B0CU);
}

}  // namespace
}  // namespace sfu
