#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "service/service_for_test.h"
#include "service/worker_for_test.h"

namespace sfu::service {

/// A service over one or more TestWorkers.
class ServiceTest : public testing::Test {
 protected:
  explicit ServiceTest(std::size_t workers = 1, Options options = {}) : workers_(workers) {
    std::vector<worker::WorkerPort*> ports;
    for (TestWorker& one : workers_) ports.push_back(&one);
    service_ = std::make_unique<TestService>(ports, std::move(options));
    for (std::size_t i = 0; i < workers; ++i)
      service_->deliver.push_back([this, i] {
        auto event = workers_[i].poll();
        if (event) service_->server->handle_worker_event(i, std::move(*event));
        return event.has_value();
      });
  }

  TestWorker& worker() { return workers_[0]; }
  void release() {
    for (TestWorker& one : workers_) one.holding = false;
    service_->pump();
  }

  /// Nothing of anybody is left: neither in the service nor in the workers.
  void expect_nothing_left() {
    EXPECT_TRUE(service_->server->rooms().empty());
    EXPECT_EQ(service_->server->consumers().consumers(), 0u);
    EXPECT_EQ(service_->server->consumers().ssrcs_in_use(), 0u);
    EXPECT_EQ(service_->server->pipes().size(), 0u);
    EXPECT_EQ(service_->server->transports().size(), 0u);
    for (const TestWorker& one : workers_) {
      EXPECT_TRUE(one.routers.empty());
      EXPECT_TRUE(one.transports.empty());
      EXPECT_TRUE(one.producers.empty());
      EXPECT_TRUE(one.consumers.empty());
      EXPECT_TRUE(one.pipes.empty());
      EXPECT_TRUE(one.remote_producers.empty());
    }
  }

  std::vector<TestWorker> workers_;
  std::unique_ptr<TestService> service_;
};

/// The fields of an `error` event or of a failed acknowledgement, as "code message detail".
inline std::string error_of(const json::value& answer) {
  const json::object* object = answer.if_object();
  if (!object) return "none";
  if (const json::value* inner = object->if_contains("error"); inner && inner->is_object())
    object = inner->if_object();
  const auto text = [&](const char* key) {
    const json::value* value = object->if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  return text("code") + "|" + text("message") + "|" + text("detail");
}

}  // namespace sfu::service
