#include "ice/lite_agent.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "stun/message_builder.h"

namespace sfu::ice {
namespace {

static_assert(SansIo<LiteAgent>);

/// Room for the largest answer: a 420 that lists UnknownTypes::kMax types.
constexpr std::size_t kMaxAnswerSize = 128;

constexpr int kBadRequest = 400;
constexpr int kUnknownAttribute = 420;
constexpr int kRoleConflict = 487;

/// Whether `username` is "ufrag:…" (RFC 8445 §7.2.2). The peer's half is not signaled to us.
bool names(std::string_view username, std::string_view ufrag) {
  return username.size() > ufrag.size() + 1 && username.starts_with(ufrag) &&
         username[ufrag.size()] == ':';
}

}  // namespace

LiteAgent::LiteAgent(Config config)
    : current_(std::move(config.credentials)), consent_timeout_(config.consent_timeout) {
  SFU_CHECK(!current_.ufrag.empty() && !current_.password.empty());
}

Outcome LiteAgent::handle_datagram(Timestamp now, const Datagram& datagram) {
  SFU_CHECK(!outbox_);  // The contract of sans_io.h: all was drained.
  const Path& path = datagram.path;
  const auto request = stun::MessageView::parse(datagram.payload);
  if (!request) return refused(path, Outcome::DroppedMalformed, seen_.malformed);
  // Indications are keep-alives that prove nothing, and we ask nothing that could be answered.
  if (!request->is_binding_request())
    return refused(path, Outcome::DroppedNotARequest, seen_.not_requests);
  if (request->has_fingerprint() && !request->verify_fingerprint())
    return refused(path, Outcome::DroppedBadFingerprint, seen_.bad_fingerprint);
  const Credentials* credentials = credentials_for(*request);
  if (!credentials) return refused(path, Outcome::DroppedWrongUsername, seen_.wrong_username);
  if (path.protocol == IpProtocol::Udp) remember_checked(path.local);
  // Silence instead of the 401 of RFC 8489 §9.1.3: a stranger learns nothing and gets no echo.
  if (!request->verify_integrity(credentials->password))
    return refused(path, Outcome::DroppedBadIntegrity, seen_.bad_integrity);

  if (const int error = error_in(*request); error != 0) {
    answer_error(path, *request, *credentials, error);
    return refused(path, Outcome::AnsweredWithError,
                   error == kRoleConflict ? seen_.role_conflicts : seen_.bad_requests);
  }
  // A retransmission is answered and has had its effect; a copy from elsewhere must have none.
  const bool is_new = transactions_.note(request->transaction_id());
  if (!is_new && !is_validated(path)) return refused(path, Outcome::DroppedReplay, seen_.replays);
  answer(path, *request, *credentials);
  if (!is_new) return Outcome::Answered;
  if (pending_ && credentials == &*pending_) finish_restart();
  validate(now, path);
  nominate(path, *request);
  update_state();
  return Outcome::Answered;
}

Outcome LiteAgent::refused(const Path& path, Outcome outcome, std::uint64_t& counter) {
  ++counter;
  seen_.last_refused_path = path;
  return outcome;
}

const Credentials* LiteAgent::credentials_for(const stun::MessageView& request) const {
  const auto username = request.username();
  if (!username) return nullptr;
  if (pending_ && names(*username, pending_->ufrag)) return &*pending_;
  return names(*username, current_.ufrag) ? &current_ : nullptr;
}

/// The error code that an authenticated request deserves, or 0.
int LiteAgent::error_in(const stun::MessageView& request) {
  if (!request.unknown_required().empty()) return kUnknownAttribute;  // RFC 8489 §6.3.1
  // RFC 8445 §7.1.1 asks for PRIORITY in every check.
  if (request.has_malformed_attribute() || !request.priority()) return kBadRequest;
  // RFC 8445 §6.1.1: beside a full agent the lite one is controlled. It cannot take the other role
  // as §7.3.1.1 would have it do with the larger tie-breaker, so it always asks the peer to switch.
  if (request.ice_controlled()) return kRoleConflict;
  return 0;
}

void LiteAgent::answer(const Path& path, const stun::MessageView& request,
                       const Credentials& credentials) {
  std::array<std::uint8_t, kMaxAnswerSize> buffer;
  stun::MessageBuilder builder(buffer, stun::Class::SuccessResponse, stun::Method::Binding,
                               request.transaction_id());
  builder.xor_mapped_address(path.remote).message_integrity(credentials.password).fingerprint();
  outbox_ = Transmit{path, {builder.bytes().begin(), builder.bytes().end()}};
}

void LiteAgent::answer_error(const Path& path, const stun::MessageView& request,
                             const Credentials& credentials, int code) {
  std::array<std::uint8_t, kMaxAnswerSize> buffer;
  stun::MessageBuilder builder(buffer, stun::Class::ErrorResponse, stun::Method::Binding,
                               request.transaction_id());
  switch (code) {
    case kUnknownAttribute:
      builder.error_code(code, "Unknown Attribute")
          .unknown_attributes(request.unknown_required().list());
      break;
    case kRoleConflict: builder.error_code(code, "Role Conflict"); break;
    default: builder.error_code(code, "Bad Request"); break;
  }
  builder.message_integrity(credentials.password).fingerprint();
  outbox_ = Transmit{path, {builder.bytes().begin(), builder.bytes().end()}};
}

void LiteAgent::restart(Credentials fresh) {
  SFU_CHECK(!fresh.ufrag.empty() && !fresh.password.empty());
  if (pending_) emit(UfragRetired{pending_->ufrag});
  pending_ = std::move(fresh);
}

void LiteAgent::finish_restart() {
  emit(UfragRetired{current_.ufrag});
  current_ = *std::exchange(pending_, std::nullopt);
  nomination_.reset();  // The peer's values count anew in each session.
}

void LiteAgent::validate(Timestamp now, const Path& path) {
  ++seen_.valid_checks;
  seen_.last_valid_path = path;
  seen_.last_valid_at = now;
  const bool move = !selected_ || selected_is_silent(now);
  if (ValidPath* known = find(path)) {
    known->last_check = now;
  } else {
    if (paths_.size() == kMaxPaths) make_room();
    paths_.push_back({path, now});
    emit(PathAdded{path});
  }
  if (move && selected_ != path) select_unnominated(path);
}

LiteAgent::ValidPath* LiteAgent::find(const Path& path) {
  const auto found =
      std::find_if(paths_.begin(), paths_.end(), [&](const auto& p) { return p.path == path; });
  return found == paths_.end() ? nullptr : &*found;
}

bool LiteAgent::selected_is_silent(Timestamp now) const {
  return std::any_of(paths_.begin(), paths_.end(), [&](const ValidPath& p) {
    return p.path == selected_ && now - p.last_check >= kSilenceBeforeMoving;
  });
}

/// Plain USE-CANDIDATE: the latest wins. Browsers repeat it with each check of the pair that they
/// use now, so after a change of mind the latest is the true one (RFC 8445 §8.1.1 knows no second
/// nomination, and the highest priority, RFC 5245's rule, would hold on to a dead pair).
/// With values (draft-thatcher-ice-renomination-01 §4) the highest wins, so that a check overtaken
/// on its way does not move media back; then plain ones no longer count.
void LiteAgent::nominate(const Path& path, const stun::MessageView& request) {
  const auto value = request.nomination();
  if (!value && !request.use_candidate()) return;
  if (nomination_ && (!value || *value <= *nomination_)) return;
  nomination_ = value;
  if (nominated_ && selected_ == path) return;
  nominated_ = true;
  ++seen_.nominations;
  select(path);
}

void LiteAgent::make_room() {
  const auto oldest =
      std::min_element(paths_.begin(), paths_.end(), [&](const ValidPath& a, const ValidPath& b) {
        const bool a_selected = a.path == selected_, b_selected = b.path == selected_;
        return a_selected != b_selected ? b_selected : a.last_check < b.last_check;
      });
  ++seen_.evicted_paths;
  remove(Path(oldest->path));
}

void LiteAgent::remove(const Path& path) {
  std::erase_if(paths_, [&](const ValidPath& p) { return p.path == path; });
  emit(PathRemoved{path});
  if (selected_ != path) return;
  const auto latest = std::max_element(
      paths_.begin(), paths_.end(),
      [](const ValidPath& a, const ValidPath& b) { return a.last_check < b.last_check; });
  select_unnominated(latest == paths_.end() ? std::nullopt : std::optional(latest->path));
}

void LiteAgent::select_unnominated(const std::optional<Path>& path) {
  nominated_ = false;
  nomination_.reset();  // Any nomination counts from now on.
  select(path);
}

void LiteAgent::forget_path(const Path& path) {
  if (!is_validated(path)) return;
  remove(Path(path));
  update_state();
}

void LiteAgent::select(const std::optional<Path>& path) {
  if (selected_ == path) return;
  emit(SelectedPathChanged{selected_, path});
  selected_ = path;
}

void LiteAgent::emit(Event event) {
  SFU_CHECK(events_.size() < kMaxUndrainedEvents);
  events_.push_back(std::move(event));
}

void LiteAgent::update_state() {
  State next = State::New;
  if (!paths_.empty())
    next = nominated_ ? State::Completed : State::Connected;
  else if (state_ != State::New)
    next = State::Disconnected;
  if (next == state_) return;
  emit(StateChanged{state_, next});
  state_ = next;
}

void LiteAgent::handle_timeout(Timestamp now) {
  std::array<Path, kMaxPaths> expired;
  std::size_t count = 0;
  for (const ValidPath& p : paths_)
    if (now - p.last_check >= consent_timeout_) expired[count++] = p.path;
  // The selected path last: media must not move to one that is about to go as well.
  const auto end = expired.begin() + static_cast<std::ptrdiff_t>(count);
  std::partition(expired.begin(), end, [&](const Path& path) { return path != selected_; });
  std::for_each(expired.begin(), end, [&](const Path& path) { remove(path); });
  update_state();
}

std::optional<Timestamp> LiteAgent::next_timeout() const {
  std::optional<Timestamp> next;
  for (const ValidPath& p : paths_)
    next = std::min(next.value_or(Timestamp::max()), p.last_check + consent_timeout_);
  return next;
}

std::optional<Transmit> LiteAgent::poll_transmit() { return std::exchange(outbox_, std::nullopt); }

std::optional<Event> LiteAgent::poll_event() { return events_.pop_front(); }

bool LiteAgent::is_validated(const Path& path) const {
  return std::any_of(paths_.begin(), paths_.end(), [&](const auto& p) { return p.path == path; });
}

void LiteAgent::remember_checked(const Endpoint& local) {
  if (seen_.checked_local_count < Diagnosis::kMaxCheckedLocals && !seen_.was_checked(local))
    seen_.checked_locals[seen_.checked_local_count++] = local;
}

Diagnosis LiteAgent::diagnosis() const {
  Diagnosis diagnosis = seen_;
  diagnosis.state = state_;
  diagnosis.selected = selected_;
  return diagnosis;
}

}  // namespace sfu::ice
