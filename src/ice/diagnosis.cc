#include "ice/diagnosis.h"

#include <algorithm>
#include <string_view>

namespace sfu::ice {
namespace {

void append(std::string& line, std::string_view separator, const std::string& part) {
  if (!line.empty()) line += separator;
  line += part;
}

void append_count(std::string& list, std::uint64_t count, std::string_view what) {
  if (count != 0) append(list, ", ", std::to_string(count) + " " + std::string(what));
}

std::string along(const Path& path) {
  return path.remote.to_string() + " to " + path.local.to_string() +
         (path.protocol == IpProtocol::Tcp ? " over TCP" : "");
}

std::string refusals(const Diagnosis& d) {
  std::string list;
  append_count(list, d.bad_integrity, "with a wrong password");
  append_count(list, d.wrong_username, "with a wrong username");
  append_count(list, d.bad_fingerprint, "with a wrong fingerprint");
  append_count(list, d.replays, "replayed from another address");
  append_count(list, d.role_conflicts, "in the controlled role");
  append_count(list, d.bad_requests, "with bad attributes");
  append_count(list, d.malformed, "malformed");
  append_count(list, d.not_requests, "not a Binding request");
  if (list.empty()) return list;
  list = "refused " + list;
  if (d.last_refused_path) list += " (last from " + along(*d.last_refused_path) + ")";
  return list;
}

std::string acceptance(const Diagnosis& d) {
  if (d.valid_checks == 0) return "no valid check";
  std::string text = std::to_string(d.valid_checks);
  text += d.valid_checks == 1 ? " valid check" : " valid checks";
  if (d.last_valid_path) text += " (last from " + along(*d.last_valid_path) + ")";
  switch (d.state) {
    case State::New:
    case State::Completed: break;
    case State::Connected: text += ", none nominates"; break;
    case State::Disconnected: text += ", then silence"; break;
  }
  return text;
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::New: return "new";
    case State::Connected: return "connected";
    case State::Completed: return "completed";
    case State::Disconnected: return "disconnected";
  }
  return "";
}

bool Diagnosis::was_checked(const Endpoint& local) const {
  const auto end = checked_locals.begin() + static_cast<std::ptrdiff_t>(checked_local_count);
  return std::find(checked_locals.begin(), end, local) != end;
}

std::string describe(const Diagnosis& diagnosis, std::span<const Endpoint> candidates) {
  std::string line = acceptance(diagnosis);
  if (const std::string refused = refusals(diagnosis); !refused.empty())
    append(line, "; ", refused);
  std::string unchecked;
  for (const Endpoint& candidate : candidates)
    if (!diagnosis.was_checked(candidate)) append(unchecked, ", ", candidate.to_string());
  if (!unchecked.empty()) append(line, "; ", "no check ever came to " + unchecked);
  return line;
}

}  // namespace sfu::ice
