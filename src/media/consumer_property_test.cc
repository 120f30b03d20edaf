#include <gtest/gtest.h>

#include <map>
#include <set>

#include "media/consumer.h"
#include "media/media_for_test.h"
#include "rtp/sequence.h"

namespace sfu::media {
namespace {

using namespace test;

struct Weather {
  const char* name;
  std::uint32_t loss_percent;
  std::uint32_t reorder_percent;
  std::uint32_t duplicate_percent;
  bool viewer_changes_its_mind;
};
std::ostream& operator<<(std::ostream& out, const Weather& row) { return out << row.name; }

/// A VP8 publisher with three temporal layers behind a bad network, and one viewer that notes all
/// that it is sent. Time goes by milliseconds; every choice comes from the seed.
class Call {
 public:
  Call(std::uint64_t seed, const Weather& conditions)
      : weather(conditions), random(seed), room({}, seed), consumer(room.make_consumer()) {
    next_sequence = 60'000 + random.below(5000);  // The wrap comes soon.
    first_sequence = next_sequence;
    picture = static_cast<std::uint16_t>(random.below(0x8000));
    room.producer->set_round_trip_time(std::chrono::milliseconds(40));
  }

  void play(std::int64_t until_ms) {
    for (; ms < until_ms; ++ms) {
      if (ms % 33 == 0 && ms < until_ms - 1500) send_frame();
      deliver();
      if (weather.viewer_changes_its_mind && random.below(1000) < 4) change_mind();
      if (const auto at = consumer->next_timeout(); at && *at <= at_ms(ms))
        consumer->handle_timeout(at_ms(ms));
      answer_feedback();
      for (Sent& packet : room.sink.take()) {
        if (!packet.view().payload().empty()) received_at.emplace(packet.vp8_tag(), ms);
        received.push_back(std::move(packet));
      }
    }
  }

  /// By its unwrapped number: what the publisher knows of a packet.
  struct Known {
    PacketSpec spec;
    std::uint32_t frame = 0;
    std::uint8_t temporal = 0;
    bool key = false;
    bool is_padding = false;
  };
  std::map<std::int64_t, Known> published;
  std::set<std::int64_t> delivered;
  std::vector<Sent> received;
  std::map<std::int64_t, std::int64_t> received_at;  // Milliseconds, by number at the publisher.
  std::vector<std::size_t> resumed_at;               // How many packets the viewer had then.
  std::int64_t first_sequence = 0;

 private:
  void publish(PacketSpec spec, std::uint8_t temporal, bool key) {
    spec.sequence = static_cast<std::uint16_t>(next_sequence);
    published[next_sequence] = {spec, frame, temporal, key, spec.payload.empty()};
    transmit(next_sequence++, false);
  }
  void transmit(std::int64_t number, bool as_rtx) {
    if (random.chance(weather.loss_percent)) return;
    const std::int64_t delay = random.chance(weather.reorder_percent) ? random.below(30) : 0;
    in_flight.insert({ms + 5 + delay, {number, as_rtx}});
    if (random.chance(weather.duplicate_percent))
      in_flight.insert({ms + 5 + random.below(40), {number, as_rtx}});
  }
  void send_frame() {
    const bool key = key_frame_wanted || frame % 200 == 0;
    key_frame_wanted = false;
    if (key) group = 0;
    const std::uint8_t temporal = std::array<std::uint8_t, 4>{0, 2, 1, 2}[group++ % 4];
    if (temporal == 0) ++tl0;
    const std::uint32_t parts = 1 + random.below(key ? 8 : 4);
    for (std::uint32_t part = 0; part < parts; ++part) {
      PacketSpec spec;
      spec.timestamp = 90u * static_cast<std::uint32_t>(ms);
      spec.marker = part + 1 == parts;
      spec.payload = vp8_payload({.starts_frame = part == 0,
                                  .key_frame = key,
                                  .picture_id = picture,
                                  .tl0 = tl0,
                                  .temporal = temporal,
                                  .sync = temporal > 0,
                                  .tag = static_cast<std::uint32_t>(next_sequence)});
      publish(std::move(spec), temporal, key && part == 0);
    }
    picture = (picture + 1) & 0x7fff;
    ++frame;
    if (random.chance(10)) {
      PacketSpec padding;
      padding.timestamp = 90u * static_cast<std::uint32_t>(ms);
      padding.padding = 50;
      publish(std::move(padding), 0, false);
    }
  }
  void deliver() {
    while (!in_flight.empty() && in_flight.begin()->first <= ms) {
      const auto [number, as_rtx] = in_flight.begin()->second;
      in_flight.erase(in_flight.begin());
      const Known& known = published.at(number);
      if (as_rtx && !known.is_padding)
        room.feed_as_rtx(at_ms(ms), known.spec, next_rtx++);
      else
        room.feed(at_ms(ms), known.spec);
      delivered.insert(number);
    }
  }
  void answer_feedback() {
    const auto rtcp = room.rtcp(at_ms(ms));
    if (count_plis(rtcp) > 0 && !random.chance(weather.loss_percent)) key_frame_wanted = true;
    for (const std::uint16_t lost : nacked(rtcp)) {
      const std::int64_t newest = next_sequence - 1;
      transmit(newest + rtp::distance(static_cast<std::uint16_t>(newest), lost), true);
    }
  }
  void change_mind() {
    const std::uint32_t what = random.below(4);
    if (what == 0 && !consumer->paused()) {
      consumer->pause(at_ms(ms));
    } else if (consumer->paused()) {
      consumer->resume(at_ms(ms));
      resumed_at.push_back(received.size());
    } else {
      consumer->set_preferred_layers(at_ms(ms), 0, static_cast<std::uint8_t>(random.below(3)));
    }
  }

  const Weather weather;
  TestRandom random;
  Room room;
  std::unique_ptr<Consumer> consumer;
  std::multimap<std::int64_t, std::pair<std::int64_t, bool>> in_flight;
  std::int64_t ms = 0;
  std::int64_t next_sequence = 0;
  std::uint16_t next_rtx = 1;
  std::uint16_t picture = 0;
  std::uint8_t tl0 = 0;
  std::uint32_t frame = 0;
  std::uint32_t group = 0;
  bool key_frame_wanted = false;
};

class ConsumerInAnyWeather : public testing::TestWithParam<Weather> {};

TEST_P(ConsumerInAnyWeather, SendsOneContinuousStream) {
  std::size_t total = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    Call call(seed, GetParam());
    call.play(20'000);
    ASSERT_FALSE(call.received.empty());
    total += call.received.size();

    // By number, as a viewer puts them in order.
    std::map<std::uint64_t, const Sent*> stream;
    for (const Sent& packet : call.received)
      ASSERT_TRUE(stream.emplace(packet.index, &packet).second) << "sent twice";

    const std::uint64_t first = stream.begin()->first, last = stream.rbegin()->first;
    const std::size_t holes = last - first + 1 - stream.size();
    std::size_t never_came = 0;
    for (const auto& [number, known] : call.published)
      if (!call.delivered.contains(number)) ++never_came;
    // A pause may leave numbers of packets behind that were still on their way.
    if (GetParam().loss_percent == 0 &&
        (GetParam().reorder_percent == 0 || !GetParam().viewer_changes_its_mind)) {
      ASSERT_EQ(holes, 0u);
    }
    if (!GetParam().viewer_changes_its_mind) {
      ASSERT_LE(holes, never_came);
    }

    const Sent* before = nullptr;
    const Call::Known* known_before = nullptr;
    std::uint64_t index_before = 0;
    for (const auto& [index, packet] : stream) {
      if (packet->view().payload().empty()) continue;
      const Call::Known& known = call.published.at(packet->vp8_tag());
      if (before) {
        ASSERT_LT(before->vp8_tag(), packet->vp8_tag()) << "out of order at " << index;
        const bool same_frame = known.frame == known_before->frame;
        const std::uint32_t apart = packet->view().timestamp() - before->view().timestamp();
        ASSERT_EQ(apart == 0, same_frame);
        ASSERT_LT(apart, 20'000u * 90);
        const int pictures = (*packet->vp8()->picture_id - *before->vp8()->picture_id) & 0x7fff;
        if (same_frame) {
          ASSERT_EQ(pictures, 0) << index;
        } else if (index == index_before + 1) {
          ASSERT_EQ(pictures, 1) << index << ": tag " << packet->vp8_tag() << " after "
                                 << before->vp8_tag();
        } else {
          ASSERT_GE(pictures, 1) << index;
          ASSERT_LE(pictures, 400) << index;
        }
        const int groups = static_cast<std::uint8_t>(*packet->vp8()->tl0_picture_index -
                                                     *before->vp8()->tl0_picture_index);
        ASSERT_LE(groups, 100);
      } else {
        ASSERT_TRUE(known.key);
      }
      before = packet;
      known_before = &known;
      index_before = index;
    }
    for (const std::size_t count : call.resumed_at) {
      if (count == call.received.size()) continue;
      const Sent& next = call.received[count];
      ASSERT_FALSE(next.view().payload().empty());
      ASSERT_TRUE(call.published.at(next.vp8_tag()).key) << next.index;
    }
  }
  EXPECT_GT(total, 5'000u);
}

INSTANTIATE_TEST_SUITE_P(Table, ConsumerInAnyWeather,
                         testing::Values(Weather{"fair", 0, 0, 0, false},
                                         Weather{"fickle_viewer", 0, 0, 0, true},
                                         Weather{"reordering", 0, 20, 5, false},
                                         Weather{"reordering_and_fickle", 0, 20, 5, true},
                                         Weather{"loss", 5, 10, 2, false},
                                         Weather{"loss_and_fickle", 5, 10, 2, true},
                                         Weather{"storm", 25, 20, 10, true}),
                         [](const auto& row) { return row.param.name; });

/// A viewer that stays as it is, when it must have its first picture, and for how long its picture
/// may stand still: a frame of the base layer leaves every 132 ms.
struct SteadyWeather {
  Weather weather;
  std::int64_t first_ms;
  std::int64_t longest_ms;
};
std::ostream& operator<<(std::ostream& out, const SteadyWeather& row) { return out << row.weather; }

/// When the viewer could show the frames of the base layer, in their order: each is whole by then,
/// as are all before it since the last key frame.
std::vector<std::int64_t> shown_at(const Call& call) {
  struct Frame {
    bool key = false;
    bool whole = true;
    std::int64_t ready = 0;
  };
  std::map<std::uint32_t, Frame> frames;
  for (const auto& [number, known] : call.published) {
    if (known.is_padding || known.temporal != 0) continue;
    Frame& frame = frames[known.frame];
    frame.key = frame.key || known.key;
    const auto received = call.received_at.find(number);
    if (received == call.received_at.end())
      frame.whole = false;
    else
      frame.ready = std::max(frame.ready, received->second);
  }
  std::vector<std::int64_t> shown;
  bool decodes = false;
  for (const auto& [number, frame] : frames) {
    decodes = frame.whole && (decodes || frame.key);
    if (decodes) shown.push_back(shown.empty() ? frame.ready : std::max(shown.back(), frame.ready));
  }
  return shown;
}

class ConsumerInSteadyWeather : public testing::TestWithParam<SteadyWeather> {};

TEST_P(ConsumerInSteadyWeather, StandsStillNoLongerThanItsBound) {
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    SCOPED_TRACE(seed);
    Call call(seed, GetParam().weather);
    call.play(20'000);
    const auto shown = shown_at(call);
    ASSERT_GT(shown.size(), 100u);
    EXPECT_LT(shown.front(), GetParam().first_ms);
    EXPECT_GT(shown.back(), 18'500 - GetParam().longest_ms);
    std::int64_t longest = 0;
    for (std::size_t i = 1; i < shown.size(); ++i)
      longest = std::max(longest, shown[i] - shown[i - 1]);
    EXPECT_LE(longest, GetParam().longest_ms);
  }
}

// The base layer is every fourth frame, 33 ms each.
INSTANTIATE_TEST_SUITE_P(Table, ConsumerInSteadyWeather,
                         testing::Values(SteadyWeather{{"fair", 0, 0, 0, false}, 50, 140},
                                         SteadyWeather{{"reordering", 0, 20, 5, false}, 50, 180},
                                         SteadyWeather{{"loss", 5, 10, 2, false}, 100, 250},
                                         SteadyWeather{{"storm", 25, 20, 10, false}, 2000, 500}),
                         [](const auto& row) { return row.param.weather.name; });

}  // namespace
}  // namespace sfu::media
