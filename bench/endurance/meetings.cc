#include "endurance/meetings.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <chrono>

#include "io/clock.h"
#include "signaling/auth/jwt.h"

namespace sfu::endurance {
namespace {

using namespace std::chrono_literals;

constexpr int kNapMs = 4;
constexpr TimeDelta kObservation = 20ms;
constexpr TimeDelta kProgress = 10s;
/// Without a turn of this loop for so long, what it sees says nothing of the server.
constexpr TimeDelta kOwnAbsence = 400ms;
/// Until what came meanwhile is read and asked for again.
constexpr TimeDelta kAfterOwnAbsence = 1s;
constexpr TimeDelta kEntrance = 200ms;     // Between two people at the beginning.
constexpr TimeDelta kLongestWait = 15s;    // Of somebody who joins or comes back.
constexpr TimeDelta kLongestRestart = 5s;  // From the server's being up to everybody's being in.
constexpr TimeDelta kGhost = 2s;           // From somebody's leaving until nobody sees it.
constexpr TimeDelta kQuietEnd = 50s;       // No fault begins in it.
constexpr TimeDelta kFarewell = 1s;
constexpr TimeDelta kDeparted = 3s;

Timestamp now() { return io::monotonic_now(); }

TimeDelta seconds(double count) {
  return std::chrono::duration_cast<TimeDelta>(std::chrono::duration<double>(count));
}

std::string in_milliseconds(TimeDelta span) { return std::to_string(span.count() / 1000) + " ms"; }

}  // namespace

Meetings::Meetings(const Options& options, World& world, ServerProcess& server)
    : options_(options),
      world_(world),
      server_(server),
      continuity_([this](const std::string& what) { world_.journal.fail(what); }),
      plan_(options.seed, options.people, seconds(options.interval_s)),
      next_fault_(plan_.next()),
      begun_at_(now()),
      seats_(options.people) {}

void Meetings::seat_somebody(Timestamp time, std::size_t seat) {
  Seat& one = seats_[seat];
  const std::string id = "p" + std::to_string(seat) + "-" + std::to_string(one.people_before++);
  const signaling::auth::TokenSigner signer(options_.secret);
  const auto issued = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::microseconds(io::wall_clock_us()));
  one.person = std::make_unique<Person>(
      world_,
      Person::Identity{
          id,
          signer.sign({.user_id = id, .email = id + "@soak.invalid", .name = {}, .expires_at = {}},
                      issued),
          "room-" + std::to_string(room_of(seat))},
      options_.seed * 1000 + totals_.people++);
  one.reported = false;
  one.person->come(time);
}

void Meetings::run() {
  const Timestamp end = begun_at_ + seconds(options_.minutes * 60);
  const Timestamp last_fault = end - kQuietEnd;
  std::size_t seated = 0;
  for (Timestamp time = now(); time < end; time = now()) {
    world_.journal.set_now(time);
    if (seated < seats_.size() && time >= begun_at_ + kEntrance * static_cast<int>(seated))
      seat_somebody(time, seated++);
    if (seated == seats_.size() && next_fault_at_ == Timestamp{} && settled() == seats_.size()) {
      world_.journal.note("everybody is in; faults begin");
      next_fault_at_ = time + 5s;
    }
    if (next_fault_at_ != Timestamp{} && time >= next_fault_at_ && time < last_fault) {
      inject(time, next_fault_);
      next_fault_ = plan_.next();
      next_fault_at_ = time + next_fault_.after;
    }
    tick(time);
    ::poll(nullptr, 0, kNapMs);
  }
  leave_all(now());
  totals_.seconds = std::chrono::duration<double>(now() - begun_at_).count();
}

void Meetings::tick(Timestamp time) {
  watch_own_time(time);
  for (std::size_t seat = 0; seat < seats_.size(); ++seat) {
    Seat& one = seats_[seat];
    if (one.person) one.person->step(time);
    if (one.fault && time >= one.fault->ends) end(time, seat);
  }
  if (server_fault_ && time >= server_fault_->ends) end_server_fault(time);
  while (!departed_.empty() && departed_.front().first <= time) departed_.pop_front();
  if (time < next_observation_) return;
  next_observation_ = time + kObservation;
  observe(time);
  look_for_ghosts(time);
  look_for_waiting(time);
  watch_restart(time);
  if (time >= next_progress_) show_progress(time);
}

/// A machine that is busy with other things keeps this process from reading and sending.
void Meetings::watch_own_time(Timestamp time) {
  const TimeDelta absent = last_tick_ ? time - *last_tick_ : TimeDelta(0);
  worst_tick_ = std::max(worst_tick_, absent);
  if (absent > kOwnAbsence) {
    ++totals_.own_absences;
    totals_.longest_own_absence = std::max(totals_.longest_own_absence, absent);
    continuity_.excuse_own_absence(*last_tick_, time + kAfterOwnAbsence);
    world_.journal.note("this process itself did not run for " + in_milliseconds(absent));
  }
  last_tick_ = time;
}

// --- faults ---

void Meetings::inject(Timestamp time, const PlannedFault& plan) {
  if (!options_.only.empty() && options_.only != to_string(plan.kind)) return;
  const bool is_of_server =
      plan.kind == FaultKind::ServerStalled || plan.kind == FaultKind::ServerKilled;
  const bool begun = is_of_server ? inject_into_server(time, plan) : inject_into_person(time, plan);
  ++(begun ? totals_.injected : totals_.skipped)[static_cast<std::size_t>(plan.kind)];
}

bool Meetings::inject_into_server(Timestamp time, const PlannedFault& plan) {
  // In the last third one process lives on, so that its memory can be judged.
  const bool late = time - begun_at_ > seconds(options_.minutes * 40);
  if (server_fault_ || restarted_at_ || (late && plan.kind == FaultKind::ServerKilled))
    return false;
  const bool kills = plan.kind == FaultKind::ServerKilled;
  if (kills) ++world_.server_number;
  if (!server_.signal(kills ? SIGKILL : SIGSTOP)) return false;
  const std::uint32_t number = continuity_.begin_fault(time, plan.kind, {});
  world_.journal.note("fault " + std::to_string(number) + ": " + std::string(to_string(plan.kind)) +
                      (kills ? "" : " for " + in_milliseconds(plan.duration)));
  server_fault_ = {plan, number, time + (kills ? TimeDelta(500ms) : plan.duration)};
  return true;
}

void Meetings::end_server_fault(Timestamp time) {
  if (server_fault_->plan.kind == FaultKind::ServerStalled) {
    server_.signal(SIGCONT);
  } else if (!server_.is_up()) {
    server_fault_->ends = time + 50ms;
    return;
  } else {
    restarted_at_ = time;
    world_.journal.note("the server is up again");
  }
  continuity_.end_fault(time, server_fault_->number);
  server_fault_.reset();
}

bool Meetings::inject_into_person(Timestamp time, const PlannedFault& plan) {
  Seat& seat = seats_[plan.person];
  if (!seat.person || !seat.person->settled() || seat.fault) return false;
  const std::string& name = seat.person->identity().user_id;
  const std::uint32_t number = continuity_.begin_fault(time, plan.kind, name);
  world_.journal.note(
      "fault " + std::to_string(number) + ": " + std::string(to_string(plan.kind)) + ", " + name +
      (plan.duration > TimeDelta(0) ? ", " + in_milliseconds(plan.duration) : std::string()));
  seat.fault = {plan, number, time + plan.duration};
  begin(time, *seat.person, plan);
  if (plan.kind == FaultKind::TabClosed || plan.kind == FaultKind::Left) dismiss(time, plan.person);
  if (plan.kind == FaultKind::VanishForLong)
    ghosts_.push_back({name, room_of(plan.person), time + world_.grace + kGhost});
  return true;
}

void Meetings::begin(Timestamp time, Person& person, const PlannedFault& plan) {
  crypto::SeededRandom random(plan.seed);
  const double share = 0.3 + 0.7 * (random.next_u32() / 4294967296.0);
  switch (plan.kind) {
    case FaultKind::SocketReset: return person.lose_signaling(time, Person::Ending::Reset);
    case FaultKind::SocketSilent: return person.lose_signaling(time, Person::Ending::Silent);
    case FaultKind::Vanish: return person.freeze(time, false);
    case FaultKind::VanishForLong: return person.freeze(time, true);
    case FaultKind::TabClosed: return person.close_tab();
    case FaultKind::Left: return person.leave();
    case FaultKind::IceRestart: return person.restart_ice(time);
    case FaultKind::PortChanged: return person.change_ports();
    case FaultKind::NatRebind: return person.rebind_ports();
    case FaultKind::LossToServer: return person.set_loss(share, 0);
    case FaultKind::LossFromServer: return person.set_loss(0, share);
    case FaultKind::NetworkOut: return person.set_loss(1, 1);
    case FaultKind::StopsReading: return person.stop_reading(true);
    case FaultKind::Garbage: {
      person.send_garbage(random);
      std::array<std::uint8_t, 900> noise;
      random.fill(noise);
      return server_.send_noise(noise);
    }
    case FaultKind::TransportSwitched: return person.switch_protocol();
    case FaultKind::Paused:
      return person.set_paused(time, plan.seed % 2 == 0 ? "audio" : "video", true);
    case FaultKind::ScreenShared: return person.share_screen(time, true);
    case FaultKind::ServerStalled:
    case FaultKind::ServerKilled: return;
  }
}

void Meetings::end(Timestamp time, std::size_t number) {
  Seat& seat = seats_[number];
  const Running fault = *seat.fault;
  seat.fault.reset();
  seat.fault_ended = time;
  continuity_.end_fault(time, fault.number);
  switch (fault.plan.kind) {
    case FaultKind::Vanish:
    case FaultKind::VanishForLong: return seat.person->thaw(time);
    case FaultKind::TabClosed:
    case FaultKind::Left: return seat_somebody(time, number);
    case FaultKind::LossToServer:
    case FaultKind::LossFromServer:
    case FaultKind::NetworkOut: return seat.person->set_loss(0, 0);
    case FaultKind::StopsReading: return seat.person->stop_reading(false);
    case FaultKind::Garbage: {
      crypto::SeededRandom random(fault.plan.seed + 1);
      return seat.person->send_garbage(random);
    }
    case FaultKind::Paused:
      return seat.person->set_paused(time, fault.plan.seed % 2 == 0 ? "audio" : "video", false);
    case FaultKind::ScreenShared: return seat.person->share_screen(time, false);
    default: return;
  }
}

/// It has gone by itself; its seat is free until the fault's end.
void Meetings::dismiss(Timestamp time, std::size_t number) {
  Seat& seat = seats_[number];
  const std::string name = seat.person->identity().user_id;
  continuity_.forget(name);
  ghosts_.push_back({name, room_of(number), time + kGhost});
  seat.person->finish();
  totals_.frames += seat.person->frames_decoded();
  departed_.emplace_back(time + kDeparted, std::move(seat.person));
}

// --- what must hold ---

void Meetings::observe(Timestamp time) {
  for (std::size_t viewer = 0; viewer < seats_.size(); ++viewer)
    for (std::size_t publisher = room_of(viewer); publisher < seats_.size();
         publisher += options_.rooms) {
      const Person* const sees = seats_[viewer].person.get();
      const Person* const seen = seats_[publisher].person.get();
      if (!sees || !seen || sees == seen) continue;
      for (const std::string& media : Person::all_media()) {
        const bool expected = sees->settled() && seen->publishes(media);
        const std::string& name = seen->identity().user_id;
        continuity_.observe(time, {sees->identity().user_id, name, media}, expected,
                            expected ? sees->frames_from(name, media) : 0);
      }
    }
  continuity_.tidy(time);
}

void Meetings::look_for_ghosts(Timestamp time) {
  for (;;) {
    const auto due =
        std::ranges::find_if(ghosts_, [&](const Ghost& ghost) { return ghost.gone_by <= time; });
    if (due == ghosts_.end()) return;
    const Ghost ghost = std::move(*due);
    ghosts_.erase(due);
    if (server_fault_ || restarted_at_) continue;
    for (std::size_t seat = ghost.room; seat < seats_.size(); seat += options_.rooms) {
      const Person* const person = seats_[seat].person.get();
      // Who is busy with a fault may not have heard yet.
      if (person && person->settled() && !seats_[seat].fault && !person->waiting_since() &&
          person->sees(ghost.name))
        world_.journal.fail(person->identity().user_id + " still has consumers of " + ghost.name +
                            ", who should be gone for " + in_milliseconds(kGhost));
    }
  }
}

/// Whom a fault of its own keeps away has the whole time from that fault's end on.
void Meetings::look_for_waiting(Timestamp time) {
  for (Seat& seat : seats_) {
    auto since = seat.person ? seat.person->waiting_since() : std::nullopt;
    if (since) since = std::max(*since, seat.fault ? time : seat.fault_ended);
    if (!since || time - *since < kLongestWait || server_fault_) {
      seat.reported = seat.reported && since.has_value();
      continue;
    }
    if (std::exchange(seat.reported, true)) continue;
    world_.journal.fail(seat.person->identity().user_id +
                        " has been trying to join or to come back for " +
                        in_milliseconds(time - *since));
  }
}

/// Everybody whom no other fault keeps away is back in time.
void Meetings::watch_restart(Timestamp time) {
  if (!restarted_at_) return;
  std::string missing;
  for (const Seat& seat : seats_)
    if (seat.person && !seat.fault && !seat.person->settled())
      missing += " " + seat.person->identity().user_id;
  const TimeDelta since = time - *restarted_at_;
  if (!missing.empty() && since < kLongestRestart) return;
  if (missing.empty() && since < 500ms) return;  // They may not know of it yet.
  if (missing.empty()) {
    totals_.restarts.push_back(since);
    world_.journal.note("everybody is back, " + in_milliseconds(since) +
                        " after the server was up");
  } else {
    world_.journal.fail("not back " + in_milliseconds(since) +
                        " after the server was up:" + missing);
  }
  restarted_at_.reset();
}

// --- the rest ---

std::size_t Meetings::settled() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      seats_, [](const Seat& seat) { return seat.person && seat.person->settled(); }));
}

void Meetings::show_progress(Timestamp time) {
  next_progress_ = time + kProgress;
  std::uint64_t faults = 0;
  std::uint64_t skipped = 0;
  for (const auto count : totals_.injected) faults += count;
  for (const auto count : totals_.skipped) skipped += count;
  world_.journal.note("progress: " + std::to_string(settled()) + " of " +
                      std::to_string(seats_.size()) + " settled, " +
                      std::to_string(continuity_.expected_streams()) + " streams, " +
                      std::to_string(faults) + " faults (" + std::to_string(skipped) +
                      " met nobody), " + std::to_string(world_.journal.failures().size()) +
                      " failures, own longest pause " + in_milliseconds(worst_tick_));
  worst_tick_ = TimeDelta(0);
}

void Meetings::leave_all(Timestamp time) {
  if (settled() != seats_.size())
    world_.journal.fail("at the end only " + std::to_string(settled()) + " of " +
                        std::to_string(seats_.size()) + " are settled");
  // All faults are over: what they were is known.
  continuity_.tidy(time + 1h);
  for (Seat& seat : seats_) {
    if (!seat.person) continue;
    seat.person->finish();
    totals_.frames += seat.person->frames_decoded();
    seat.person->leave();
  }
  while (now() < time + kFarewell) ::poll(nullptr, 0, kNapMs);
}

}  // namespace sfu::endurance
