#include "load/stamp.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <vector>

namespace sfu::load {
namespace {

constexpr std::size_t kAt = 10;

Stamp example() {
  return {.run = 7,
          .publisher = 3,
          .frame = 100'000,
          .packet = 654'321,
          .part = 5,
          .parts = 36,
          .rtp_timestamp = 0xfedcba98,
          .encoding = 2,
          .is_audio = false,
          .is_key_frame = true,
          .sent_at = Nanoseconds(123'456'789'012'345)};
}

std::vector<std::uint8_t> stamped(std::size_t size) {
  std::vector<std::uint8_t> body(size);
  std::iota(body.begin(), body.end(), std::uint8_t{1});
  write_stamp(example(), kAt, body);
  return body;
}

TEST(Stamp, ReadsAsItWasWrittenAtEverySize) {
  for (std::size_t size = kAt + kStampSize; size < kAt + kStampSize + 40; ++size)
    EXPECT_EQ(read_stamp(stamped(size), kAt), example()) << size;
}

TEST(Stamp, IsRefusedWhenAnyByteOfTheBodyHasChanged) {
  const auto body = stamped(143);
  for (std::size_t at = 0; at < body.size(); ++at) {
    auto changed = body;
    changed[at] ^= 0x40;
    EXPECT_FALSE(read_stamp(changed, kAt)) << at;
  }
}

TEST(Stamp, IsRefusedWhenBytesHaveChangedPlaces) {
  auto body = stamped(200);
  for (std::size_t i = 0; i < 8; ++i) std::swap(body[100 + i], body[140 + i]);
  EXPECT_FALSE(read_stamp(body, kAt));
}

TEST(Stamp, IsRefusedWhenTheBodyIsCutOrLonger) {
  auto body = stamped(200);
  body.push_back(0);
  EXPECT_FALSE(read_stamp(body, kAt));
  EXPECT_FALSE(read_stamp(Bytes(body).first(199), kAt));
  EXPECT_FALSE(read_stamp(Bytes(body).first(kAt + kStampSize - 1), kAt));
  EXPECT_TRUE(read_stamp(Bytes(body).first(200), kAt));
}

}  // namespace
}  // namespace sfu::load
