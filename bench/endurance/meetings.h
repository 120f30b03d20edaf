#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "endurance/continuity.h"
#include "endurance/fault_plan.h"
#include "endurance/options.h"
#include "endurance/person.h"
#include "endurance/server_process.h"

namespace sfu::endurance {

/// People in rooms, what befalls them by a plan, and whether everybody's media goes on.
class Meetings {
 public:
  Meetings(const Options& options, World& world, ServerProcess& server);

  /// Returns when the time is over and everybody has left.
  void run();

  struct Totals {
    double seconds = 0;
    std::uint64_t frames = 0;
    std::uint64_t people = 0;  // Who have been there.
    std::array<std::uint64_t, kFaultKinds> injected{};
    std::array<std::uint64_t, kFaultKinds> skipped{};  // Whom they would have met was not settled.
    std::uint64_t own_absences = 0;
    TimeDelta longest_own_absence{};
    std::vector<TimeDelta> restarts;  // From the server's being up until everybody was settled.
  };
  const Totals& totals() const { return totals_; }
  const Continuity& continuity() const { return continuity_; }

 private:
  struct Running {
    PlannedFault plan;
    std::uint32_t number = 0;  // Of Continuity.
    Timestamp ends;
  };
  struct Seat {
    std::unique_ptr<Person> person;  // None between one who went and the next.
    std::optional<Running> fault;
    Timestamp fault_ended;  // The latest one.
    std::uint32_t people_before = 0;
    bool reported = false;  // That it waits for too long.
  };
  struct Ghost {
    std::string name;
    std::size_t room = 0;
    Timestamp gone_by;
  };

  void tick(Timestamp now);
  void watch_own_time(Timestamp now);
  void seat_somebody(Timestamp now, std::size_t seat);
  std::size_t room_of(std::size_t seat) const { return seat % options_.rooms; }
  void inject(Timestamp now, const PlannedFault& plan);
  bool inject_into_server(Timestamp now, const PlannedFault& plan);
  bool inject_into_person(Timestamp now, const PlannedFault& plan);
  void begin(Timestamp now, Person& person, const PlannedFault& plan);
  void end(Timestamp now, std::size_t seat);
  void end_server_fault(Timestamp now);
  void dismiss(Timestamp now, std::size_t seat);
  void observe(Timestamp now);
  void look_for_ghosts(Timestamp now);
  void look_for_waiting(Timestamp now);
  void watch_restart(Timestamp now);
  void show_progress(Timestamp now);
  std::size_t settled() const;
  void leave_all(Timestamp now);

  const Options& options_;
  World& world_;
  ServerProcess& server_;
  Continuity continuity_;
  FaultPlan plan_;
  PlannedFault next_fault_;
  Timestamp begun_at_;
  Timestamp next_fault_at_;
  Timestamp next_observation_;
  Timestamp next_progress_;
  std::optional<Timestamp> last_tick_;
  std::vector<Seat> seats_;
  std::optional<Running> server_fault_;
  std::optional<Timestamp> restarted_at_;
  std::deque<Ghost> ghosts_;
  std::list<std::pair<Timestamp, std::unique_ptr<Person>>> departed_;
  TimeDelta worst_tick_{};  // Since the last progress line.
  Totals totals_;
};

}  // namespace sfu::endurance
