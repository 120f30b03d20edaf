#include "rtcp/transport_feedback.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <map>
#include <random>
#include <vector>

#include "base/malformed_input_for_test.h"
#include "rtcp/round_trip_for_test.h"

namespace sfu::rtcp {
namespace {

using Buffer = std::vector<std::uint8_t>;
using namespace std::chrono_literals;

constexpr TimeDelta kEpochWrap = kReferenceTimeUnit * (1 << 24);
constexpr TimeDelta kHalfUnit = kArrivalDeltaUnit / 2;

std::vector<PacketStatus> statuses(const TransportFeedback& feedback) {
  std::vector<PacketStatus> all;
  feedback.for_each([&](const PacketStatus& status) { all.push_back(status); });
  return all;
}

Timestamp at(TimeDelta since_zero) { return Timestamp(since_zero); }

/// Body with these statuses' chunks and deltas behind the fixed part.
Buffer body(std::uint16_t count, Buffer rest, std::uint16_t base = 10,
            std::uint32_t reference = 1) {
  Buffer bytes = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 77};
  store_be16(bytes, 8, base);
  store_be16(bytes, 10, count);
  store_be24(bytes, 12, reference);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

Result<TransportFeedback, ParseError> parse(const Buffer& bytes) {
  return TransportFeedback::parse({PacketType::TransportLayerFeedback, kTransportCcFormat, bytes});
}

TEST(TransportFeedback, RunLengthChunkRepeatsItsSymbol) {
  const Buffer bytes = body(3, {0x20, 0x03, 4, 8, 0});
  const auto parsed = parse(bytes);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->sender(), Ssrc{1});
  EXPECT_EQ(parsed->media(), Ssrc{2});
  EXPECT_EQ(parsed->feedback_number(), 77);
  EXPECT_EQ(statuses(*parsed),
            (std::vector<PacketStatus>{{10, true, 65ms}, {11, true, 67ms}, {12, true, 67ms}}));
}

TEST(TransportFeedback, VectorsOfOneAndTwoBitsFollowEachOther) {
  // 14 symbols of one bit: 1 0 1 then zeros; then two bits: large, small, not received.
  const Buffer bytes = body(17, {0xA8, 0x00, 0xE4, 0x00, 1, 2, 0xFF, 0xFC, 3}, 65530);
  const auto parsed = parse(bytes);
  ASSERT_TRUE(parsed.has_value());
  const auto all = statuses(*parsed);
  ASSERT_EQ(all.size(), 17u);
  EXPECT_EQ(all[0], (PacketStatus{65530, true, 64250us}));
  EXPECT_EQ(all[1], (PacketStatus{65531, false, {}}));
  EXPECT_EQ(all[2], (PacketStatus{65532, true, 64750us}));
  EXPECT_EQ(all[13], (PacketStatus{7, false, {}}));
  EXPECT_EQ(all[14], (PacketStatus{8, true, 63750us})) << "arrived before the one before it";
  EXPECT_EQ(all[15], (PacketStatus{9, true, 64500us}));
  EXPECT_EQ(all[16], (PacketStatus{10, false, {}}));
}

TEST(TransportFeedback, ReferenceTimeIsSigned) {
  EXPECT_EQ(parse(body(1, {0x00, 0x01}, 0, 0xFFFFFF))->reference_time(), -64ms);
  EXPECT_EQ(parse(body(1, {0x00, 0x01}, 0, 0x7FFFFF))->reference_time(), 64ms * 0x7FFFFF);
}

using Malformed = MalformedInput<ParseError>;

const Malformed kMalformed[] = {
    {"empty", {}, ParseError::TruncatedBody},
    {"fixed_part_cut", Buffer(15), ParseError::TruncatedBody},
    {"no_statuses", body(0, {}), ParseError::BadValue},
    {"chunk_missing", body(1, {}), ParseError::TruncatedBody},
    {"chunk_cut", body(1, {0x20}), ParseError::TruncatedBody},
    {"second_chunk_missing", body(15, {0x80, 0x00}), ParseError::TruncatedBody},
    {"run_of_nothing", body(1, {0x20, 0x00, 0x20, 0x01, 1}), ParseError::BadValue},
    {"reserved_symbol_in_run", body(1, {0x60, 0x01, 1, 2}), ParseError::BadValue},
    {"reserved_symbol_in_vector", body(2, {0xCC, 0x00, 1, 2}), ParseError::BadValue},
    {"small_delta_missing", body(2, {0x20, 0x02, 1}), ParseError::TruncatedBody},
    {"large_delta_cut", body(1, {0x40, 0x01, 1}), ParseError::TruncatedBody},
    {"huge_run_of_deltas", body(65535, {0x3F, 0xFF, 0x3F, 0xFF}), ParseError::TruncatedBody},
};

class MalformedFeedback : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedFeedback, IsRefusedWithItsReason) {
  expect_refused(parse(GetParam().bytes), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Table, MalformedFeedback, testing::ValuesIn(kMalformed),
                         name_of_row<ParseError>);

TEST(TransportFeedback, SymbolsBeyondTheCountDoNotMatter) {
  EXPECT_TRUE(parse(body(1, {0xDC, 0x00, 1})).has_value()) << "a reserved one in the rest";
  EXPECT_TRUE(parse(body(1, {0x3F, 0xFF, 1})).has_value()) << "a longer run";
}

/// What building and parsing again tells of `arrivals`.
void expect_round_trip(const std::vector<Arrival>& arrivals, std::int64_t base,
                       std::size_t packet_size) {
  std::map<std::int64_t, Timestamp> reported;
  std::int64_t next = base;
  std::span<const Arrival> rest = arrivals;
  for (std::uint8_t number = 0; !rest.empty(); ++number) {
    Buffer buffer(packet_size);
    CompoundBuilder builder(buffer);
    const std::size_t taken =
        append_transport_feedback(builder, {Ssrc{1}, Ssrc{2}, number, next}, rest);
    ASSERT_GT(taken, 0u);
    const auto compound = Compound::parse(builder.bytes());
    ASSERT_TRUE(compound.has_value());
    const auto parsed = TransportFeedback::parse(*compound->begin());
    ASSERT_TRUE(parsed.has_value()) << to_string(parsed.error());
    EXPECT_EQ(parsed->feedback_number(), number);
    parsed->for_each([&](const PacketStatus& status) {
      ASSERT_EQ(status.sequence_number, static_cast<std::uint16_t>(next));
      if (status.received) reported[next] = at(status.arrival);
      ++next;
    });
    ASSERT_EQ(next, rest[taken - 1].sequence_number + 1);
    rest = rest.subspan(taken);
  }
  ASSERT_EQ(reported.size(), arrivals.size());
  for (const Arrival& arrival : arrivals) {
    const TimeDelta off = (reported.at(arrival.sequence_number) - arrival.time) % kEpochWrap;
    ASSERT_LE(std::chrono::abs(off), kHalfUnit) << arrival.sequence_number;
  }
}

TEST(BuildFeedback, ASteadyStreamIsOneRun) {
  std::vector<Arrival> arrivals;
  for (int i = 0; i < 100; ++i) arrivals.push_back({i, at(1ms * i)});
  RoundTrip trip;
  EXPECT_EQ(append_transport_feedback(trip.builder(), {Ssrc{1}, Ssrc{2}, 0, 0}, arrivals), 100u);
  EXPECT_EQ(trip.bytes().size(), 4u + 16 + 2 + 100 + 2);
  expect_round_trip(arrivals, 0, 1200);
}

TEST(BuildFeedback, LossBeforeAndBetweenIsReported) {
  expect_round_trip({{65540, at(5s)}, {65541, at(5s + 1ms)}, {65600, at(5s + 2ms)}}, 65530, 1200);
}

TEST(BuildFeedback, ReorderedArrivalsHaveNegativeDeltas) {
  expect_round_trip({{1, at(100ms)}, {2, at(10ms)}, {3, at(100ms)}}, 1, 1200);
}

TEST(BuildFeedback, APauseBeyondADeltaStartsAnotherPacket) {
  const std::vector<Arrival> arrivals{{1, at(0s)}, {2, at(8s)}, {3, at(17s)}};
  RoundTrip trip;
  EXPECT_EQ(append_transport_feedback(trip.builder(), {Ssrc{1}, Ssrc{2}, 0, 1}, arrivals), 2u);
  expect_round_trip(arrivals, 1, 1200);
}

TEST(BuildFeedback, ABaseTooFarBackIsMovedForward) {
  RoundTrip trip;
  const std::vector<Arrival> arrivals{{100'000, at(1s)}};
  ASSERT_EQ(append_transport_feedback(trip.builder(), {Ssrc{1}, Ssrc{2}, 0, 0}, arrivals), 1u);
  const auto parsed = TransportFeedback::parse(trip.packet());
  EXPECT_EQ(parsed->status_count(), 8192);
  EXPECT_EQ(parsed->base_sequence_number(), static_cast<std::uint16_t>(100'000 - 8191));
  EXPECT_TRUE(statuses(*parsed).back().received);
}

TEST(BuildFeedback, TheCountOfStatusesIsBounded) {
  const std::vector<Arrival> arrivals{{0, at(1s)}, {65534, at(1s)}, {65535, at(1s)}};
  RoundTrip trip;
  EXPECT_EQ(append_transport_feedback(trip.builder(), {Ssrc{1}, Ssrc{2}, 0, 0}, arrivals), 2u);
  EXPECT_EQ(TransportFeedback::parse(trip.packet())->status_count(), 65535);
}

TEST(BuildFeedback, WithoutRoomForOneIsNothing) {
  const std::vector<Arrival> arrivals{{0, at(1s)}};
  std::array<std::uint8_t, 23> small{};
  CompoundBuilder builder(small);
  EXPECT_EQ(append_transport_feedback(builder, {}, arrivals), 0u);
  EXPECT_TRUE(builder.empty());
  std::array<std::uint8_t, 24> enough{};
  CompoundBuilder larger(enough);
  EXPECT_EQ(append_transport_feedback(larger, {}, arrivals), 1u);
  EXPECT_EQ(append_transport_feedback(larger, {}, {}), 0u);
}

TEST(BuildFeedback, RandomArrivalsSurviveTheWay) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const auto loss = random() % 100;
    const auto large = random() % 100;
    std::vector<Arrival> arrivals;
    std::int64_t number = static_cast<std::int64_t>(random() % 100'000) - 50'000;
    const std::int64_t base = number;
    Timestamp time = at(TimeDelta(random()));
    for (int i = 0; i < 400; ++i, ++number) {
      if (random() % 100 < loss) continue;
      time += random() % 100 < large ? TimeDelta(static_cast<int>(random() % 400'000) - 200'000)
                                     : TimeDelta(random() % 2000);
      arrivals.push_back({number, time});
    }
    SCOPED_TRACE(seed);
    expect_round_trip(arrivals, base, 24 + random() % 1200);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace sfu::rtcp
