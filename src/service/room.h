#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "media/room_levels.h"
#include "service/consumer_registry.h"
#include "service/participant.h"
#include "service/pipes.h"
#include "service/worker.h"
#include "signaling/socketio/server.h"

namespace sfu::service {

/// One meeting: its participants, and what they are told of each other. Every change here is made
/// at once and whole, between two waits of the coroutines that ask for it: nobody sees half of it.
/// It may sit on several workers, each of which then has a router of the same id.
class Room {
 public:
  /// The references outlive the room.
  Room(std::string id, RouterId router, signaling::socketio::Server& signaling,
       ConsumerRegistry& consumers, Pipes& pipes);

  const std::string& id() const { return id_; }
  RouterId router() const { return router_; }

  /// Those that have been asked for the room's router.
  const std::vector<Worker*>& workers() const { return workers_; }
  bool is_on(const Worker& worker) const;
  void add_worker(Worker& worker) { workers_.push_back(&worker); }
  void remove_worker(const Worker& worker) { std::erase(workers_, &worker); }

  Participant* find(const std::string& user_id) const;
  Participant& add(std::unique_ptr<Participant> participant);
  /// Ends all that is of `participant` and tells the others, who hear `participant-left` once.
  void remove(Participant& participant);

  /// The first transport is there: the others hear `participant-joined`, the participant gets
  /// `existing-participants`. Does nothing a second time, but for a participant that starts anew,
  /// which gets the latter once more.
  void announce(Participant& participant);

  /// Puts a new transport in the place of the one that there may be, with all that was on that one.
  void place_transport(Participant& participant, Direction direction, TransportId id);

  /// Tells each viewer `consumer-producer-closed` and `consumer-closed`, and everybody but the
  /// owner `producer-closed`. False where there is none of this type.
  bool close_producer(Participant& owner, MediaType type);
  /// Sets the producer's state and tells everybody else. The producer is there.
  void set_producer_paused(Participant& owner, MediaType type, bool paused);

  /// How loud it is, and who speaks.
  media::RoomLevels& levels() { return levels_; }
  /// `{ participantId }` of who speaks, null where nobody does: the payload of `active-speaker`.
  boost::json::value describe_speaker() const;

  /// Of what is old a moment later: who is away for that moment is not told afterwards.
  void emit_volatile_to_all(std::string_view event, const boost::json::value& payload) const;
  void emit_to_all(std::string_view event, const boost::json::value& payload) const;
  /// The announced ones but `except`, as `existing-participants` lists them.
  boost::json::array describe_others(const Participant& except) const;

  void emit(const Participant& to, std::string_view event, const boost::json::value& payload) const;
  void emit_to_others(const Participant& except, std::string_view event,
                      const boost::json::value& payload) const;

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [user_id, participant] : participants_) visit(*participant);
  }
  std::size_t size() const { return participants_.size(); }

  struct Totals {
    std::size_t transports = 0;
    std::size_t producers = 0;
    std::size_t consumers = 0;
  };
  Totals totals() const;

 private:
  /// So many that what all are told need not leave at once.
  static constexpr std::size_t kCrowd = 50;

  signaling::socketio::Encoded announcement(std::string_view event,
                                            const boost::json::value& payload) const;
  void close_transport(Participant& participant, Direction direction, bool tell_participant);

  const std::string id_;
  const RouterId router_;
  std::vector<Worker*> workers_;
  signaling::socketio::Server& signaling_;
  ConsumerRegistry& consumers_;
  Pipes& pipes_;
  media::RoomLevels levels_;
  std::map<std::string, std::unique_ptr<Participant>> participants_;  // By user id.
};

}  // namespace sfu::service
