#pragma once

#include <cstddef>
#include <utility>

#include "service/fixture_for_test.h"

namespace sfu::service {

inline json::value joining(const char* room, bool resume) {
  return json::object{{"roomId", room}, {"resume", resume}};
}

class ReturningTest : public ServiceTest {
 protected:
  explicit ReturningTest(std::size_t workers = 1, Options options = {})
      : ServiceTest(workers, std::move(options)) {}

  /// The transport has had an authenticated packet.
  void hear(const TransportId& id) {
    service_->server->handle_worker_event(
        0, core::TransportStateChanged{id, core::IceState::Connected, core::DtlsState::New});
    service_->pump();
  }
  void hear_all() {
    for (const auto& [id, router] : worker().transports) hear(id);
  }
  json::value resume(TestClient& client) {
    const auto answer = client.ask("join-room", joining("one", true));
    EXPECT_EQ(answer.at("ok"), true);
    return answer;
  }
  std::size_t count_of(const json::value& answer, const char* list) {
    return answer.at(list).as_array().size();
  }
};

/// With Ann and Bob in room "one".
class TwoInARoomTest : public ReturningTest {
 protected:
  TwoInARoomTest() {
    ann_.enter("one");
    bob_.enter("one");
  }

  TestClient ann_{*service_, "ann"};
  TestClient bob_{*service_, "bob"};
};

}  // namespace sfu::service
