#include "load/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfu::load {
namespace {

std::optional<Options> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "sfu-load");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  int status = 0;
  return parse_options(static_cast<int>(arguments.size()), arguments.data(), status);
}

struct Load {
  const char* name;
  int rooms, publishers, viewers;
  double forwarded_each_second;
};

class LoadByName : public testing::TestWithParam<Load> {};

TEST_P(LoadByName, ForwardsAsManyPacketsAsItsDefinitionSays) {
  const auto options = parse({"--load", GetParam().name});
  ASSERT_TRUE(options);
  const LoadShape& shape = options->shape;
  EXPECT_EQ(shape.rooms, GetParam().rooms);
  EXPECT_EQ(shape.publishers, GetParam().publishers);
  EXPECT_EQ(shape.viewers, GetParam().viewers);
  EXPECT_DOUBLE_EQ(shape.rooms * shape.publishers * shape.viewers * shape.packets_each_second(),
                   GetParam().forwarded_each_second);
}

INSTANTIATE_TEST_SUITE_P(All, LoadByName,
                         testing::Values(Load{"A", 1, 12, 50, 108'000},
                                         Load{"B", 1, 3, 200, 108'000},
                                         Load{"C", 1, 1, 100, 18'000}, Load{"D", 1, 1, 50, 20'000},
                                         Load{"E", 100, 1, 1, 18'000},
                                         Load{"F", 1, 10, 50, 25'000}),
                         [](const auto& load) { return std::string(load.param.name); });

TEST(Options, OffersOneProfileUnlessAskedForAll) {
  EXPECT_EQ(parse({})->profiles, std::vector{crypto::SrtpProfile::AeadAes128Gcm});
  EXPECT_EQ(parse({"--profile", "all"})->profiles.size(), 3u);
}

TEST(Options, ChangeALoadThatIsNamed) {
  const auto options = parse({"--load", "A", "--viewers", "7", "--audio", "--spacing", "even"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->shape.publishers, 12);
  EXPECT_EQ(options->shape.viewers, 7);
  EXPECT_TRUE(options->shape.even);
  EXPECT_TRUE(options->shape.tracks(1).audio);
}

TEST(Options, SpreadTheStormOverTenSeconds) {
  EXPECT_EQ(parse({"--load", "storm"})->shape.ramp_s, 10);
  EXPECT_DOUBLE_EQ(parse({"--load", "A"})->shape.ramp_s, 0.62);
}

TEST(Options, SendKeyFramesOfSixTimesThePacketsAndEvenStreamsNone) {
  EXPECT_EQ(parse({"--load", "A"})->shape.tracks(1).video.at(0).packets_in_key_frame, 36);
  EXPECT_EQ(parse({"--load", "D"})->shape.tracks(1).video.at(0).packets_in_key_frame, 10);
}

TEST(Options, SimulcastHasThreeLayersTheSmallestFirst) {
  const auto layers = parse({"--simulcast"})->shape.tracks(1).video;
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[0].packets_in_frame, 1);
  EXPECT_EQ(layers[2].packets_in_frame, 6);
}

TEST(Options, RefuseWhatMakesNoSense) {
  EXPECT_FALSE(parse({"--load", "Z"}));
  EXPECT_FALSE(parse({"--no-video"}));
  EXPECT_FALSE(parse({"--packet-size", "9000"}));
  EXPECT_FALSE(parse({"--rooms", "0"}));
  EXPECT_FALSE(parse({"--duration", "0"}));
  EXPECT_FALSE(parse({"--audio-spread", "-1"}));
}

}  // namespace
}  // namespace sfu::load
