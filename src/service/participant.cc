#include "service/participant.h"

namespace sfu::service {

boost::json::object Participant::user_info() const {
  boost::json::object info{{"email", identity_.email}, {"userId", identity_.user_id}};
  if (identity_.name) info["name"] = *identity_.name;
  return info;
}

bool Participant::has_been_heard() const {
  for (const auto& transport : transports_)
    if (transport && transport->heard) return true;
  return false;
}

}  // namespace sfu::service
