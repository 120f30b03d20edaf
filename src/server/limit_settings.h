#pragma once

#include <cstddef>
#include <vector>

#include "base/address_range.h"
#include "base/token_bucket.h"
#include "server/setting_values.h"
#include "service/event_limits.h"

namespace sfu::server {

/// How much the server takes, from all and from each; docs/settings.md says what each is for.
struct LimitSettings {
  std::vector<AddressRange> trusted_proxies;
  bool disconnect_expired = false;

  std::size_t max_connections = 20'000;
  std::size_t max_connections_per_address = 10'000;
  std::size_t max_rooms = 10'000;
  std::size_t max_participants_per_room = 5'000;
  std::size_t max_peers_per_room = 250;

  Rate address_bytes{32e6, 64e6};
  std::size_t max_message_bytes = 1'000'000;
  std::size_t max_json_depth = 32;
  std::size_t max_queue_bytes = 4'000'000;
  std::size_t max_queue_seconds = 30;
  std::size_t header_seconds = 20;
  std::size_t body_seconds = 30;
  std::size_t connect_seconds = 45;

  service::Rates rates;
};

/// What is not allowed is noted in `values`.
LimitSettings read_limit_settings(SettingValues& values);

}  // namespace sfu::server
