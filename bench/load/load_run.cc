#include "load/load_run.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>

#include "io/clock.h"
#include "signaling/auth/jwt.h"

namespace sfu::load {
namespace {

namespace json = boost::json;

constexpr TimeDelta kLookInterval = std::chrono::milliseconds(20);
constexpr TimeDelta kProgressInterval = std::chrono::seconds(1);
/// After a window: what was sent in it has come once nothing of it came for so long,
constexpr TimeDelta kDrain = std::chrono::milliseconds(300);
/// and otherwise never will.
constexpr TimeDelta kLongestDrain = std::chrono::seconds(3);
constexpr TimeDelta kSettleAfterStep = std::chrono::milliseconds(500);
constexpr TimeDelta kFarewell = std::chrono::milliseconds(200);
constexpr std::size_t kFailuresShown = 8;
/// Of what is sent in a step so much has to come in its time, or a queue is growing.
constexpr double kKeepsUp = 0.97;
/// A core that is so busy is not the server's limit but this tool's.
constexpr double kSaturated = 0.97;

Timestamp now() { return to_timestamp(monotonic_now()); }

TimeDelta seconds(double count) {
  return std::chrono::duration_cast<TimeDelta>(std::chrono::duration<double>(count));
}

Nanoseconds own_cpu() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return Nanoseconds(std::chrono::seconds(time.tv_sec)) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

ServerUsage difference(const ServerUsage& later, const ServerUsage& earlier) {
  return {.cpu = later.cpu - earlier.cpu,
          .user = later.user - earlier.user,
          .system = later.system - earlier.system,
          .softirq = later.softirq - earlier.softirq,
          .resident_bytes = later.resident_bytes};
}

}  // namespace

LoadRun::LoadRun(const Options& options, RunContext& context)
    : options_(options), context_(context), probe_(options.server_pid, options.server_core) {}

Result<void, std::string> LoadRun::run() {
  began_at_ = now();
  context_.realtime_offset = monotonic_minus_realtime();
  results_.memory_before = probe_.read().resident_bytes;
  if (auto invited = invite(); !invited) return invited;
  const bool joined = join();
  results_.memory_joined = probe_.read().resident_bytes;
  if (joined) {
    pump(seconds(options_.warmup_s));
    if (options_.max_rate) {
      search_highest_rate();
    } else {
      results_.window = measure(options_.duration_s);
    }
    results_.memory_end = probe_.read().resident_bytes;
  }
  collect();
  leave();
  return {};
}

// --- who takes part ---

Result<Participant::Identity, std::string> LoadRun::identify(const std::string& name,
                                                             const std::string& room) {
  if (!options_.secret.empty()) {
    const signaling::auth::TokenSigner signer(options_.secret);
    const std::string id = "load-" + std::to_string(context_.run) + "-" + name;
    const auto issued = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::microseconds(io::wall_clock_us()));
    return Participant::Identity{
        id,
        signer.sign({.user_id = id, .email = id + "@load.invalid", .name = {}, .expires_at = {}},
                    issued),
        room};
  }
  const auto answer =
      post_json(context_.server, "/demo/token", json::serialize(json::object{{"name", name}}));
  if (!answer) return fail("no --secret, and no demo mode either: " + answer.error());
  boost::system::error_code error;
  const json::value value = json::parse(*answer, error);
  const json::object* const object = error ? nullptr : value.if_object();
  const json::value* const id = object ? object->if_contains("userId") : nullptr;
  const json::value* const token = object ? object->if_contains("token") : nullptr;
  if (!id || !token || !id->is_string() || !token->is_string())
    return fail("the demo token has no userId or no token: " + *answer);
  return Participant::Identity{std::string(id->get_string()), std::string(token->get_string()),
                               room};
}

/// Publishers come first.
Result<void, std::string> LoadRun::invite() {
  const LoadShape& shape = options_.shape;
  const Publisher::Tracks tracks = shape.tracks(options_.seed);
  const auto room_name = [&](int room) {
    return "load-" + std::to_string(context_.run) + "-" + std::to_string(room);
  };
  for (int i = 0; i < shape.rooms * shape.publishers; ++i) {
    auto identity = identify("p" + std::to_string(i), room_name(i / shape.publishers));
    if (!identity) return fail(identity.error());
    const auto number = static_cast<std::uint32_t>(i);
    context_.publishers[identity->user_id] = number;
    auto publisher =
        std::make_unique<Publisher>(context_, static_cast<std::uint32_t>(participants_.size()),
                                    std::move(*identity), number, tracks);
    publishers_.push_back(publisher.get());
    participants_.push_back(std::move(publisher));
  }
  const std::size_t tracks_each = (shape.video ? 1u : 0u) + (shape.audio ? 1u : 0u);
  for (int i = 0; i < shape.rooms * shape.viewers; ++i) {
    auto identity = identify("v" + std::to_string(i), room_name(i / shape.viewers));
    if (!identity) return fail(identity.error());
    auto viewer = std::make_unique<Viewer>(
        context_, static_cast<std::uint32_t>(participants_.size()), std::move(*identity),
        static_cast<std::size_t>(shape.publishers) * tracks_each);
    viewers_.push_back(viewer.get());
    participants_.push_back(std::move(viewer));
  }
  results_.participants = participants_.size();
  return {};
}

bool LoadRun::everybody_settled() {
  return started_ == participants_.size() &&
         std::ranges::all_of(participants_, [](const auto& participant) {
           return participant->settled() || !participant->failure().empty();
         });
}

bool LoadRun::join() {
  first_start_ = now();
  pump(seconds(options_.join_timeout_s + options_.shape.ramp_s),
       [this] { return everybody_settled(); });
  results_.joined = static_cast<std::size_t>(std::ranges::count_if(
      participants_, [](const auto& participant) { return participant->settled(); }));
  nap_ = TimeDelta(options_.poll_interval_us);
  return results_.joined == participants_.size();
}

// --- the loop ---

void LoadRun::pump(TimeDelta span, const Done& done) {
  const Timestamp until = now() + span;
  for (;;) {
    const Timestamp time = now();
    handle_due_timeouts(time);
    if (time >= until) return;
    if (time >= next_look_) {
      next_look_ = time + kLookInterval;
      start_due(time);
      if (time >= next_progress_) show_progress(time);
      if (done && done()) return;
    }
    const Timestamp next =
        std::min({until, next_look_, deadlines_.next().value_or(Timestamp::max())});
    for (const Poller::Ready& ready : context_.poller.wait(next - now(), nap_)) handle_ready(ready);
  }
}

void LoadRun::start_due(Timestamp time) {
  const std::size_t count = participants_.size();
  while (started_ < count) {
    const double share = static_cast<double>(started_) / static_cast<double>(count);
    if (time < first_start_ + seconds(options_.shape.ramp_s * share)) return;
    participants_[started_]->start(time);
    deadlines_.set(static_cast<std::uint32_t>(started_), participants_[started_]->next_timeout());
    ++started_;
  }
}

void LoadRun::handle_due_timeouts(Timestamp time) {
  while (const auto slot = deadlines_.pop_due(time)) {
    participants_[*slot]->handle_timeout(now());
    deadlines_.set(*slot, participants_[*slot]->next_timeout());
  }
}

/// Between two sockets that are read, publishers send what is due: their packets leave on time also
/// where much has come.
void LoadRun::handle_ready(const Poller::Ready& ready) {
  const Timestamp time = now();
  Participant& participant = *participants_[ready.slot];
  if (ready.kind == Poller::Kind::Media) {
    participant.handle_media(time);
  } else {
    participant.handle_signaling(time);
  }
  deadlines_.set(ready.slot, participant.next_timeout());
  handle_due_timeouts(time);
}

// --- measuring ---

std::uint64_t LoadRun::packets_in_window() const {
  std::uint64_t sum = 0;
  for_each_consumer(
      [&](const Viewer::Consumer& consumer) { sum += consumer.verifier.counters().in_window; });
  return sum;
}

/// By the publishers' own numbers: what a viewer has to get of a stream from its first packet on.
/// Of layers nobody but the server knows which ones it sends; there, what is missing among its
/// sequence numbers counts.
std::uint64_t LoadRun::expected_in_window() const {
  std::uint64_t sum = 0;
  for_each_consumer([&](const Viewer::Consumer& consumer) {
    const StreamVerifier& verifier = consumer.verifier;
    const Publisher& publisher = *publishers_[verifier.options().publisher];
    const auto sent = publisher.sent_in_window(verifier.options().is_audio);
    if (!sent) {
      sum += verifier.counters().in_window + verifier.counters().never_came + verifier.missing();
      return;
    }
    const std::uint32_t first = std::max(sent->first, verifier.first_packet().value_or(0));
    if (sent->end > first) sum += sent->end - first;
  });
  return sum;
}

std::uint64_t LoadRun::own_overflows() const {
  std::uint64_t sum = 0;
  for (const auto& participant : participants_)
    if (participant->transport()) sum += participant->transport()->socket().overflows();
  return sum;
}

WindowResult LoadRun::measure(double length) {
  Metrics& metrics = context_.metrics;
  metrics.latency.clear();
  metrics.delta_latency.clear();
  metrics.read_delay.clear();
  const std::uint64_t received_before = packets_in_window();
  const std::uint64_t verified_before = metrics.verified;
  const std::uint64_t overflows_before = own_overflows();
  const Nanoseconds own_before = own_cpu();
  const ServerUsage usage_before = probe_.read();

  const Nanoseconds start = monotonic_now();
  context_.window = {start, Nanoseconds::max()};
  for (Publisher* publisher : publishers_) publisher->mark_window(true);
  pump(seconds(length));
  const Nanoseconds end = monotonic_now();
  context_.window.end = end;
  for (Publisher* publisher : publishers_) publisher->mark_window(false);

  WindowResult result;
  result.used = difference(probe_.read(), usage_before);
  result.own_cpu = own_cpu() - own_before;
  result.verified = metrics.verified - verified_before;
  result.seconds = std::chrono::duration<double>(end - start).count();
  result.received = drain() - received_before;
  // Of layers the expectation is made of all that was received so far.
  result.expected = expected_in_window() - (context_.has_layers ? received_before : 0);
  result.lost = result.expected > result.received ? result.expected - result.received : 0;
  result.own_overflows = own_overflows() - overflows_before;
  return result;
}

std::uint64_t LoadRun::drain() {
  const Timestamp begun_at = now();
  std::uint64_t before = packets_in_window();
  for (;;) {
    pump(kDrain);
    const std::uint64_t after = packets_in_window();
    if (after == before || now() - begun_at > kLongestDrain) return after;
    before = after;
  }
}

void LoadRun::search_highest_rate() {
  double speed = 1;
  bool tried_again = false;
  // Latency is told of the last step that was good.
  const auto best = std::make_unique<Metrics>(context_.metrics);
  for (;;) {
    for (Publisher* publisher : publishers_) publisher->set_speed(now(), speed);
    pump(kSettleAfterStep);
    WindowResult step = measure(options_.step_s);
    step.speed = speed;
    results_.steps.push_back(step);
    if (step.own_load() > kSaturated) {
      results_.limit = "this tool's core was full";
      break;
    }
    const bool keeps_up =
        static_cast<double>(step.verified) >= kKeepsUp * static_cast<double>(step.expected);
    if (step.lost == 0 && keeps_up) {
      results_.window = step;
      *best = context_.metrics;
      speed *= options_.step_factor;
      tried_again = false;
    } else if (!tried_again) {
      tried_again = true;  // One loss may be the machine's.
    } else {
      results_.limit = step.own_overflows != 0 ? "this tool's sockets had no more room"
                       : step.lost != 0        ? "packets were lost, twice"
                                               : "packets came later and later, twice";
      break;
    }
  }
  context_.metrics.latency = best->latency;
  context_.metrics.delta_latency = best->delta_latency;
  context_.metrics.read_delay = best->read_delay;
}

// --- the end ---

void LoadRun::leave() {
  nap_ = TimeDelta(0);
  context_.closing = true;
  for (Publisher* publisher : publishers_) publisher->stop();
  for (const auto& participant : participants_) participant->leave();
  pump(kFarewell);
}

void LoadRun::collect() {
  for (const auto& participant : participants_) {
    const auto& transport = participant->transport();
    if (transport) results_.undecryptable += transport->counters().undecryptable;
    if (transport && transport->profile()) results_.profile = transport->profile();
    std::string failure = participant->failure();
    if (failure.empty() && !participant->settled()) failure = "did not settle";
    if (failure.empty()) continue;
    ++results_.failure_count;
    if (results_.failures.size() < kFailuresShown)
      results_.failures.push_back(participant->identity().user_id + ": " + failure);
  }
  for_each_consumer([&](const Viewer::Consumer& consumer) {
    ++results_.consumers;
    results_.streams.add(consumer.verifier.counters());
    results_.jitter.add(consumer.verifier.jitter());
    results_.longest_gap.add(consumer.verifier.longest_gap());
  });
}

void LoadRun::show_progress(Timestamp time) {
  const bool first = next_progress_ == Timestamp{};
  next_progress_ = time + kProgressInterval;
  context_.realtime_offset = monotonic_minus_realtime();
  Metrics& metrics = context_.metrics;
  const ServerUsage usage = probe_.read();
  const auto settled = std::ranges::count_if(
      participants_, [](const auto& participant) { return participant->settled(); });
  if (!options_.quiet && !first) {
    const auto us = [](Nanoseconds span) { return static_cast<double>(span.count()) / 1e3; };
    std::fprintf(
        stderr, "%4.0f s  joined %td/%zu  %8llu packets/s  latency p50 %5.0f p99 %6.0f us",
        std::chrono::duration<double>(time - began_at_).count(), settled, participants_.size(),
        static_cast<unsigned long long>(metrics.verified - shown_packets_),
        us(metrics.recent_latency.percentile(0.5)), us(metrics.recent_latency.percentile(0.99)));
    if (probe_.has_process())
      std::fprintf(stderr, "  server %3.0f %%", us(usage.cpu - shown_usage_.cpu) / 1e4);
    std::fprintf(stderr, "\n");
  }
  metrics.recent_latency.clear();
  shown_packets_ = metrics.verified;
  shown_usage_ = usage;
}

}  // namespace sfu::load
