#include "tests/scenario/scenario.h"

// Which simulcast layer a viewer gets.

namespace sfu::sim {
namespace {

struct Simulcast {
  explicit Simulcast(std::uint64_t seed) : conference(seed) {
    conference.network().default_link = {.delay = 20ms};
    const RouterId room = conference.open_room();
    publisher = &conference.join(room, kThreeLayers);
    viewer = &conference.join(room, kNothing);
    conference.run_for(3s);
  }
  StreamReceiver& video() { return Conference::video(*viewer, *publisher); }
  ConsumerId consumer() { return Conference::viewed(*viewer, *publisher, MediaKind::Video).id; }
  void set_active(std::uint8_t layer, bool active) {
    Conference::video_sender(*publisher, layer).set_active(active, conference.now());
  }
  /// The spatial layers that the service was told of, -1 for none.
  std::vector<int> told() {
    std::vector<int> layers;
    for (const auto& event : conference.events())
      if (const auto* changed = std::get_if<core::ConsumerLayersChanged>(&event))
        layers.push_back(changed->layers ? changed->layers->spatial_layer : -1);
    return layers;
  }

  Conference conference;
  Member* publisher = nullptr;
  Member* viewer = nullptr;
};

TEST(Layers, TheHighestThatArrivesIsForwarded) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SEEDED(seed);
    Simulcast call(seed);
    EXPECT_EQ(call.video().last_stream(), 2);
    EXPECT_EQ(call.video().plis(), 0u);
    EXPECT_EQ(call.told().back(), 2);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Layers, NoneIsToldOfASenderThatRestsForTwoSecondsAndTheHighestOnceItSendsAgain) {
  Simulcast call(1);
  for (std::uint8_t layer = 0; layer < 3; ++layer) call.set_active(layer, false);
  call.conference.run_for(1900ms);
  EXPECT_EQ(call.told().back(), 2);
  call.conference.run_for(1s);
  EXPECT_EQ(call.told().back(), -1);
  const std::size_t told = call.told().size();
  call.conference.run_for(20s);
  EXPECT_EQ(call.told().size(), told) << "once";
  for (std::uint8_t layer = 0; layer < 3; ++layer) call.set_active(layer, true);
  call.conference.run_for(2s);
  EXPECT_EQ(call.told().back(), 2);
  EXPECT_THAT(call.conference.complaints(), IsEmpty());
}

TEST(Layers, OneThatFallsSilentIsLeftWithinASecondAndTakenBack) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Simulcast call(seed);
    reset_gaps(call.conference);
    call.set_active(2, false);
    call.conference.run_for(2s);
    EXPECT_EQ(call.video().last_stream(), 1);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 900ms);
    EXPECT_EQ(call.video().plis(), 0u);
    call.set_active(1, false);
    call.conference.run_for(2s);
    EXPECT_EQ(call.video().last_stream(), 0);
    reset_gaps(call.conference);

    call.set_active(2, true);
    call.conference.run_for(1s);
    EXPECT_EQ(call.video().last_stream(), 2);
    call.set_active(1, true);
    call.conference.run_for(1s);
    EXPECT_EQ(call.video().last_stream(), 2);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 200ms)
        << "what is forwarded goes on until the better layer's key frame";
    EXPECT_EQ(call.video().missing(), 0u);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Layers, AllSilentAndBackAgainStartsAtAKeyFrame) {
  Simulcast call(4);
  for (std::uint8_t layer = 0; layer < 3; ++layer) call.set_active(layer, false);
  call.conference.run_for(4s);
  for (std::uint8_t layer = 0; layer < 3; ++layer) call.set_active(layer, true);
  call.conference.run_for(1s);
  reset_gaps(call.conference);
  call.conference.run_for(2s);
  EXPECT_LT(call.video().longest_gap(call.conference.now()), 200ms);
  EXPECT_EQ(call.video().last_stream(), 2);
  EXPECT_THAT(call.conference.complaints(), IsEmpty());
}

TEST(Layers, ThePreferredIsTheMost) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Simulcast call(seed);
    reset_gaps(call.conference);
    for (const std::uint8_t layer : std::initializer_list<std::uint8_t>{0, 1, 2, 0, 2, 1, 0}) {
      const auto reply =
          call.conference.request(core::SetPreferredLayers{call.consumer(), layer, {}});
      ASSERT_TRUE(reply);
      EXPECT_EQ(std::get<core::PreferredLayers>(*reply).spatial_layer, layer);
      call.conference.run_for(1200ms);
      EXPECT_EQ(call.video().last_stream(), layer);
      EXPECT_EQ(call.told().back(), layer);
    }
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 200ms);
    EXPECT_EQ(call.video().missing(), 0u);
    EXPECT_EQ(call.video().plis(), 0u);
    EXPECT_LT(call.video().worst_timestamp(), 6ms) << "aligned by sender reports";
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Layers, TimestampsAreAlignedBySenderReportsNotByArrival) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Simulcast call(seed);
    call.conference.network().default_link = {.delay = 20ms, .jitter = 45ms};
    call.video().reset_gap(call.conference.now());
    for (const std::uint8_t layer : std::initializer_list<std::uint8_t>{0, 2, 1, 0, 1, 2}) {
      EXPECT_TRUE(call.conference.request(core::SetPreferredLayers{call.consumer(), layer, {}}));
      call.conference.run_for(1500ms);
      EXPECT_EQ(call.video().last_stream(), layer);
    }
    EXPECT_LT(call.video().worst_timestamp(), 6ms);
  }
}

TEST(Layers, PreferenceAboveWhatThereIsIsClamped) {
  Simulcast call(1);
  const auto reply = call.conference.request(core::SetPreferredLayers{call.consumer(), 7, 7});
  ASSERT_TRUE(reply);
  EXPECT_EQ(std::get<core::PreferredLayers>(*reply).spatial_layer, 2);
}

TEST(Layers, EachViewerHasItsOwn) {
  Simulcast call(2);
  Member& second = call.conference.join(call.publisher->router, kNothing);
  call.conference.run_for(1s);
  EXPECT_TRUE(call.conference.request(core::SetPreferredLayers{call.consumer(), 0, {}}));
  call.conference.run_for(1s);
  EXPECT_EQ(call.video().last_stream(), 0);
  EXPECT_EQ(Conference::video(second, *call.publisher).last_stream(), 2);
}

TEST(Layers, SwitchesUnderLossKeepOneStream) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SEEDED(seed);
    Simulcast call(seed);
    call.conference.network().default_link = {.delay = 30ms, .jitter = 10ms, .loss = 0.03};
    std::mt19937_64 random(seed);
    for (int i = 0; i < 12; ++i) {
      EXPECT_TRUE(call.conference.request(
          core::SetPreferredLayers{call.consumer(), static_cast<std::uint8_t>(random() % 3), {}}));
      call.conference.run_for(std::chrono::milliseconds(200 + random() % 900));
    }
    call.conference.run_for(1s);
    reset_gaps(call.conference);
    call.conference.run_for(3s);
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 600ms);
    EXPECT_LT(call.video().worst_timestamp(), 60ms);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

TEST(Layers, NetworkFlapOfTheTopLayerNeverStopsThePicture) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SEEDED(seed);
    Simulcast call(seed);
    reset_gaps(call.conference);
    for (int i = 0; i < 5; ++i) {
      call.set_active(2, false);
      call.conference.run_for(1700ms);
      call.set_active(2, true);
      call.conference.run_for(900ms);
      EXPECT_EQ(call.video().last_stream(), 2);
    }
    EXPECT_LT(call.video().longest_gap(call.conference.now()), 900ms);
    EXPECT_THAT(call.conference.complaints(), IsEmpty());
  }
}

}  // namespace
}  // namespace sfu::sim
