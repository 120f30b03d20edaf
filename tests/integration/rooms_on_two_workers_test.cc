#include <algorithm>
#include <string>
#include <vector>

#include "media_room.h"

// A room whose viewers sit on two media threads.

namespace sfu::service {
namespace {

constexpr std::size_t kWorkers = 2;

Options without_margin() {
  Options options;
  options.placement_margin = 0;  // Each newcomer goes to the freest worker.
  return options;
}

class TwoWorkerThreads : public MediaRoomTest {
 protected:
  TwoWorkerThreads() : MediaRoomTest(kWorkers, without_margin()) {}

  std::size_t worker_of(const SocketPerson& person) {
    return service_->server->find_room("one")->find(person.name())->worker()->index();
  }
};

TEST_F(TwoWorkerThreads, ShowOnePublisherToViewersOnBoth) {
  SocketPerson& ann = enter("ann");
  publish(ann);
  std::vector<SocketPerson*> viewers[kWorkers];
  for (int i = 0; i < 32 && (viewers[0].empty() || viewers[1].empty()); ++i) {
    SocketPerson& viewer = enter("viewer " + std::to_string(i));
    viewers[worker_of(viewer)].push_back(&viewer);
    ASSERT_EQ(viewer.client.count("new-consumer"), 1u);
    view(viewer);
  }
  ASSERT_FALSE(viewers[0].empty());
  ASSERT_FALSE(viewers[1].empty());
  EXPECT_EQ(service_->server->pipes().size(), 1u);

  EXPECT_TRUE(until([&] {
    return std::all_of(people_.begin() + 1, people_.end(),
                       [](const auto& person) { return frames_of(*person) >= kFrames; });
  }));
  expect_no_complaints();

  ann.client.emit("close-producer", json::object{{"kind", "video"}});
  ann.browser.remove_senders();
  EXPECT_TRUE(until([&] {
    return std::all_of(people_.begin() + 1, people_.end(), [](const auto& person) {
      return person->client.count("consumer-closed") == 1;
    });
  }));
  EXPECT_EQ(service_->server->pipes().size(), 0u);
}

}  // namespace
}  // namespace sfu::service
