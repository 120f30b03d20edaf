#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sim/conference.h"

namespace sfu::sim {

using namespace std::chrono_literals;
using core::CommandError;
using ortc::MediaKind;
using testing::IsEmpty;

using Member = Conference::Member;
using Publishing = Conference::Publishing;
using Manner = Conference::Manner;

inline constexpr Publishing kNothing{.audio = false, .video = false};
inline constexpr Publishing kVideoOnly{.audio = false, .video = true};
inline constexpr Publishing kThreeLayers{.audio = false, .video = true, .simulcast_layers = 3};

/// Names the seed of whatever fails in the loop's body.
#define SEEDED(seed) SCOPED_TRACE("seed " + std::to_string(seed))

inline Link to_and_fro(TimeDelta delay, TimeDelta jitter = {}, double loss = 0.0) {
  return {.delay = delay, .jitter = jitter, .loss = loss};
}

inline void cut(Conference& conference, const Member& member, bool to_server, bool from_server) {
  Link dead = conference.network().default_link;
  dead.loss = 1.0;
  const Link& whole = conference.network().default_link;
  const IpAddress& client = member.browser->address();
  const IpAddress& server = conference.server_address();
  conference.network().set_link(client, server, to_server ? dead : whole);
  conference.network().set_link(server, client, from_server ? dead : whole);
}

/// Forgets the gaps so far, of everybody.
inline void reset_gaps(Conference& conference) {
  for (auto& member : conference.members())
    for (StreamReceiver& receiver : member->browser->receivers())
      receiver.reset_gap(conference.now());
}

/// Each video or audio stream of each viewer has shown its first frame, and none later than so.
inline void expect_all_flow(Conference& conference, TimeDelta longest_gap) {
  for (auto& member : conference.members()) {
    for (StreamReceiver& receiver : member->browser->receivers()) {
      SCOPED_TRACE(member->name + (receiver.options().is_video ? " sees ssrc " : " hears ssrc ") +
                   std::to_string(receiver.options().ssrc.value));
      EXPECT_GT(receiver.frames_decoded(), 0u);
      EXPECT_LT(receiver.longest_gap(conference.now()), longest_gap);
    }
  }
}

/// Fifty viewers who join a running publisher at once, spread over so many workers, cost it one key
/// frame in half a second, and all see it soon.
inline void expect_one_key_frame_serves_many(Conference& conference, std::size_t workers) {
  conference.network().default_link = {.delay = 20ms, .jitter = 10ms, .loss = 0.01};
  const RouterId room = conference.open_room();
  Member& publisher = conference.join(room, kVideoOnly);
  conference.run_for(1500ms);
  const StreamSender& sender = Conference::video_sender(publisher);
  const auto before = sender.key_frames_sent();
  const Timestamp start = conference.now();
  for (std::size_t i = 0; i < 50; ++i) conference.join(room, kNothing, {.worker = i % workers});
  auto counted = before;
  for (int half = 0; half < 6; ++half) {
    conference.run_for(500ms);
    EXPECT_LE(sender.key_frames_sent() - counted, 1u + (half == 0)) << half;
    counted = sender.key_frames_sent();
  }
  EXPECT_LE(counted - before, 6u);
  for (const auto& member : conference.members()) {
    if (member.get() == &publisher) continue;
    const StreamReceiver& video = Conference::video(*member, publisher);
    ASSERT_TRUE(video.first_frame_at()) << member->name;
    EXPECT_LT(*video.first_frame_at() - start, 1500ms) << member->name;
  }
  EXPECT_THAT(conference.complaints(), IsEmpty());
}

}  // namespace sfu::sim
