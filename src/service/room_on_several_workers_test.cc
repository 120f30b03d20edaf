#include <gmock/gmock.h>

#include "service/fixture_for_test.h"

// A room whose people sit on several workers. Without a margin each newcomer goes to the freest
// one.

namespace sfu::service {
namespace {

Options without_margin() {
  Options options;
  options.placement_margin = 0;
  return options;
}

class SeveralWorkersTest : public ServiceTest {
 protected:
  SeveralWorkersTest() : ServiceTest(2, without_margin()) {}

  TestWorker& publishers() { return workers_[0]; }
  TestWorker& viewers() { return workers_[1]; }

  /// Ann, who publishes, is on the first worker and Bob on the second.
  void meet() {
    ann = std::make_unique<TestClient>(*service_, "ann");
    bob = std::make_unique<TestClient>(*service_, "bob");
    ann->enter("one");
    bob->enter("one");
    ASSERT_EQ(publishers().transports.size(), 2u);
    ASSERT_EQ(viewers().transports.size(), 2u);
  }
  void hold() {
    for (TestWorker& one : workers_) one.holding = true;
  }
  void expect_no_pipes() {
    EXPECT_EQ(service_->server->pipes().size(), 0u);
    EXPECT_TRUE(publishers().pipes.empty());
    EXPECT_TRUE(viewers().remote_producers.empty());
  }

  std::unique_ptr<TestClient> ann, bob;
};

TEST_F(SeveralWorkersTest, APersonsTransportsAreOnOneWorkerEverAfter) {
  meet();
  workers_[1].load = 0.9;
  service_->now += std::chrono::seconds(2);
  bob->create_transport("one", "recv");
  bob->create_transport("one", "send");
  EXPECT_EQ(publishers().count<core::CreateTransport>(), 2u);
  EXPECT_EQ(viewers().count<core::CreateTransport>(), 4u);
  EXPECT_EQ(bob->count("error"), 0u);
}

TEST_F(SeveralWorkersTest, AViewerOnAnotherWorkerIsToldWhatOneBesideThePublisherIs) {
  meet();
  ann->produce_video();
  const auto told = bob->last("new-consumer");
  EXPECT_EQ(told.at("participantId"), "ann");
  EXPECT_EQ(viewers().consumers.size(), 1u);
  EXPECT_EQ(publishers().consumers.size(), 0u);
  ASSERT_EQ(publishers().pipes.size(), 1u);
  ASSERT_EQ(viewers().remote_producers.size(), 1u);
  const auto& remote = viewers().remote_producers.begin()->second;
  EXPECT_EQ(remote.pipe, publishers().pipes.begin()->first);
  EXPECT_EQ(remote.from_worker, 0u);
  EXPECT_EQ(publishers().sent<core::OpenPipe>().front().to_worker, 1u);
  EXPECT_EQ(
      bob->ask("resume-consumer", json::object{{"consumerId", told.at("consumerId")}}).at("ok"),
      true);
  EXPECT_EQ(viewers().count<core::ResumeConsumer>(), 1u);
}

TEST_F(SeveralWorkersTest, OnePipeServesAllViewersOfAWorkerAndEndsWithTheLast) {
  meet();
  ann->produce_video();
  TestClient carl(*service_, "carl"), dora(*service_, "dora");
  carl.enter("one");
  dora.enter("one");
  EXPECT_EQ(publishers().consumers.size() + viewers().consumers.size(), 3u);
  EXPECT_EQ(viewers().consumers.size(), 2u);
  EXPECT_EQ(publishers().count<core::OpenPipe>(), 1u);
  bob->close();
  EXPECT_EQ(publishers().pipes.size(), 1u);
  carl.close();
  dora.close();
  expect_no_pipes();
  EXPECT_EQ(publishers().producers.size(), 1u);
}

TEST_F(SeveralWorkersTest, AProducerThatClosesTakesItsPipesWithIt) {
  meet();
  ann->produce_video();
  ann->produce_audio();
  EXPECT_EQ(publishers().pipes.size(), 2u);
  ann->emit("close-producer", json::object{{"kind", "video"}});
  EXPECT_EQ(publishers().pipes.size(), 1u);
  EXPECT_EQ(viewers().remote_producers.size(), 1u);
  EXPECT_EQ(bob->count("consumer-closed"), 1u);
  ann->close();
  expect_no_pipes();
  EXPECT_EQ(bob->count("consumer-closed"), 2u);
  bob->close();
  expect_nothing_left();
}

TEST_F(SeveralWorkersTest, APipeThatIsMadeAgainHasANameOfItsOwn) {
  meet();
  ann->produce_video();
  const auto first = publishers().pipes.begin()->first;
  bob->create_transport("one", "recv");  // Takes the place of the one before, with all consumers.
  ASSERT_EQ(publishers().pipes.size(), 1u);
  const auto second = publishers().pipes.begin()->first;
  EXPECT_NE(first, second);
  EXPECT_EQ(second.slot, first.slot) << "places are used again";
  EXPECT_EQ(viewers().remote_producers.begin()->second.pipe, second);
}

TEST_F(SeveralWorkersTest, AProducerThatGoesWhileItsConsumersAreMadeLeavesNothing) {
  meet();
  bob->produce_audio();  // So that the viewers' worker has something to hold back too.
  hold();
  ann->produce_video();
  ann->close();
  release();
  EXPECT_EQ(bob->count("new-consumer"), 0u);
  bob->close();
  expect_nothing_left();
}

TEST_F(SeveralWorkersTest, AViewerThatGoesWhileItsConsumersAreMadeLeavesNothing) {
  meet();
  ann->produce_video();
  ann->produce_audio();
  TestClient carl(*service_, "carl"), dora(*service_, "dora");
  for (TestClient* one : {&carl, &dora}) {
    one->join("one");
    one->create_transport("one", "recv");
  }
  bob->close();
  hold();
  carl.set_capabilities();
  dora.set_capabilities();
  carl.close();
  dora.close();
  release();
  expect_no_pipes();
  ann->close();
  expect_nothing_left();
}

TEST_F(SeveralWorkersTest, AProducerThatGoesBetweenTwoRepliesLeavesNothing) {
  for (const std::size_t slow : {0u, 1u}) {
    meet();
    workers_[slow].holding = true;
    ann->produce_video();
    service_->pump();
    ann->emit("close-producer", json::object{{"kind", "video"}});
    ann->close();
    release();
    bob->close();
    expect_nothing_left();
  }
}

TEST_F(SeveralWorkersTest, AWorkerThatRefusesARemoteProducerRefusesItsConsumersOnly) {
  meet();
  viewers().refuse_next<core::CreateRemoteProducer>(core::CommandError::LimitReached);
  ann->produce_video();
  EXPECT_EQ(ann->count("producer-created"), 1u);
  EXPECT_EQ(bob->count("new-consumer"), 0u);
  expect_no_pipes();
  ann->produce_audio();
  EXPECT_EQ(bob->count("new-consumer"), 1u);
}

TEST_F(SeveralWorkersTest, AWorkerThatRefusesTheRoomIsAskedAgainTheNextTime) {
  TestClient carl(*service_, "carl"), dora(*service_, "dora");
  carl.enter("one");
  dora.join("one");
  viewers().refuse_next<core::CreateRouter>(core::CommandError::LimitReached);
  dora.create_transport("one", "send");
  EXPECT_EQ(error_of(dora.last("error")), "limit_reached|Failed to create transport|");
  dora.create_transport("one", "send");
  EXPECT_EQ(dora.count("webrtc-transport-created"), 1u);
  carl.close();
  dora.close();
  expect_nothing_left();
}

TEST_F(SeveralWorkersTest, WhoGoesWhileTheRoomComesToAWorkerLeavesNothing) {
  TestClient carl(*service_, "carl"), dora(*service_, "dora");
  carl.enter("one");
  dora.join("one");
  hold();
  dora.queue("create-webrtc-transport", json::object{{"roomId", "one"}, {"direction", "send"}});
  service_->pump();
  dora.close();
  carl.close();
  release();
  expect_nothing_left();
}

TEST_F(SeveralWorkersTest, StatisticsComeFromWhereEachIs) {
  meet();
  ann->produce_video();
  const auto of_ann = ann->ask("get-participant-stats");
  EXPECT_EQ(of_ann.at("producers").at("video").at("stats").as_array().size(), 1u);
  const auto of_bob = bob->ask("get-participant-stats");
  const json::array& stats = of_bob.at("consumers").at("details").at(0).at("stats").as_array();
  ASSERT_EQ(stats.size(), 2u);
  EXPECT_EQ(stats[0].at("type"), "outbound-rtp");
  EXPECT_EQ(stats[1].at("type"), "inbound-rtp");
}

TEST_F(SeveralWorkersTest, LayersThatChangeOnAnotherWorkerReachTheirViewer) {
  meet();
  ann->produce_video();
  const ConsumerId consumer = viewers().consumers.begin()->first;
  service_->server->handle_worker_event(
      1, core::ConsumerLayersChanged{consumer, core::PreferredLayers{1, 0}});
  service_->pump();
  EXPECT_EQ(bob->last("consumer-layers-changed").at("spatialLayer"), 1);
}

TEST_F(SeveralWorkersTest, PeopleWhoComeAndGoInAnyOrderLeaveNothing) {
  crypto::SeededRandom random(11);
  for (int round = 0; round < 30; ++round) {
    std::vector<std::unique_ptr<TestClient>> people;
    for (int i = 0; i < 6; ++i)
      people.push_back(std::make_unique<TestClient>(*service_, "p" + std::to_string(i)));
    for (int step = 0; step < 60 && !people.empty(); ++step) {
      const std::size_t who = random.next_u32() % people.size();
      workers_[random.next_u32() % 2].holding = random.next_u32() % 3 == 0;
      TestClient& one = *people[who];
      switch (random.next_u32() % 8) {
        case 0:
        case 1: one.enter("one"); break;
        case 2: one.produce_video(); break;
        case 3: one.produce_audio(); break;
        case 4: one.emit("close-producer", json::object{{"kind", "video"}}); break;
        case 5: one.create_transport("one", "recv"); break;
        case 6: one.emit("leave-room"); break;
        default:
          if (random.next_u32() % 4 != 0) break;
          one.close();
          people.erase(people.begin() + static_cast<std::ptrdiff_t>(who));
      }
    }
    for (auto& person : people) person->close();
    release();
    expect_nothing_left();
  }
}

class BigRoomTest : public ServiceTest {
 protected:
  BigRoomTest() : ServiceTest(4) {}
};

TEST_F(BigRoomTest, OfFiveHundredUsesAllWorkersAndOneOfAFewUsesOne) {
  std::vector<std::unique_ptr<TestClient>> people;
  const auto enter = [&](const std::string& room) {
    people.push_back(std::make_unique<TestClient>(*service_, "p" + std::to_string(people.size())));
    people.back()->enter(room);
  };
  for (int i = 0; i < 4; ++i) {
    enter("big");
    people.back()->produce_video();
    people.back()->produce_audio();
  }
  for (int i = 0; i < 500; ++i) {
    service_->now += std::chrono::milliseconds(20);
    enter("big");
  }
  for (const TestWorker& one : workers_) EXPECT_GT(one.transports.size(), 150u);
  EXPECT_EQ(people.back()->count("new-consumer"), 8u);

  std::vector<std::size_t> before;
  for (const TestWorker& one : workers_) before.push_back(one.routers.size());
  for (int i = 0; i < 6; ++i) enter("small");
  std::size_t more = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) more += workers_[i].routers.size() - before[i];
  EXPECT_EQ(more, 1u);

  for (auto& person : people) person->close();
  expect_nothing_left();
}

}  // namespace
}  // namespace sfu::service
