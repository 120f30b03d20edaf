#include "dtls/records.h"

#include <gtest/gtest.h>

#include <vector>

namespace sfu::dtls {
namespace {

using ByteVector = std::vector<std::uint8_t>;

ByteVector record(std::uint8_t type, std::uint8_t epoch, const ByteVector& fragment) {
  ByteVector bytes = {type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 5, 0, 0};
  store_be16(bytes, 11, static_cast<std::uint16_t>(fragment.size()));
  bytes.insert(bytes.end(), fragment.begin(), fragment.end());
  return bytes;
}

TEST(TakeRecord, TakesThemOneByOneAndLeavesWhatIsTruncated) {
  ByteVector datagram = record(22, 0, {1, 2, 3});
  const ByteVector second = record(20, 1, {});
  datagram.insert(datagram.end(), second.begin(), second.end());
  datagram.insert(datagram.end(), {22, 0xfe, 0xfd, 0});

  Bytes rest = datagram;
  const auto first_taken = take_record(rest);
  ASSERT_TRUE(first_taken);
  EXPECT_EQ(first_taken->type, ContentType::Handshake);
  EXPECT_EQ(first_taken->epoch, 0);
  EXPECT_EQ(first_taken->fragment.size(), 3u);
  const auto second_taken = take_record(rest);
  ASSERT_TRUE(second_taken);
  EXPECT_EQ(second_taken->type, ContentType::ChangeCipherSpec);
  EXPECT_EQ(second_taken->epoch, 1);
  EXPECT_FALSE(take_record(rest));
  EXPECT_EQ(rest.size(), 4u);
}

TEST(TakeRecord, RefusesUnknownTypesVersionsAndLengths) {
  ByteVector unknown_type = record(24, 0, {1}), below = record(19, 0, {1}),
             tls = record(22, 0, {1}), too_long = record(22, 0, {1});
  tls[1] = 3;
  store_be16(too_long, 11, 2);
  for (const ByteVector& bytes : {unknown_type, below, tls, too_long, ByteVector{}}) {
    Bytes rest = bytes;
    EXPECT_FALSE(take_record(rest));
    EXPECT_EQ(rest.size(), bytes.size());
  }
}

TEST(FatalAlert, IsOneInTheClearAndNoWarning) {
  const auto alert_of = [](const ByteVector& bytes) {
    Bytes rest = bytes;
    return fatal_alert(*take_record(rest));
  };
  EXPECT_EQ(alert_of(record(21, 0, {2, 40})), 40);
  EXPECT_EQ(alert_of(record(21, 0, {1, 0})), std::nullopt);
  EXPECT_EQ(alert_of(record(21, 1, {2, 40})), std::nullopt);
  EXPECT_EQ(alert_of(record(21, 0, {2})), std::nullopt);
  EXPECT_EQ(alert_of(record(22, 0, {2, 40})), std::nullopt);
}

}  // namespace
}  // namespace sfu::dtls
