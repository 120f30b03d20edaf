#include <gtest/gtest.h>

#include <memory>

#include "base/check.h"
#include "base/link_for_test.h"
#include "core/pipe_table.h"
#include "core/worker_core.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "media/media_for_test.h"

// What the commands of pipes do and refuse; what passes through pipes is in tests/scenario.

namespace sfu::core {
namespace {

constexpr std::size_t kHere = 0, kThere = 1, kNowhere = 2;

class PipeCommandsTest : public testing::Test {
 protected:
  PipeCommandsTest() : certificate_(crypto::Certificate::generate()) {
    for (const std::size_t worker : {kHere, kThere}) {
      WorkerCore::Config config;
      config.candidates = {{IpAddress::v4(0x0a000001 + static_cast<std::uint32_t>(worker)), 40000}};
      config.certificate = &certificate_;
      config.links = {nullptr, nullptr};
      config.links[1 - worker] = &links_[worker];
      cores_[worker] = std::make_unique<WorkerCore>(config, random_);
      EXPECT_FALSE(error_of(worker, CreateRouter{router_}));
    }
    EXPECT_FALSE(error_of(kHere, CreateTransport{router_, transport_}));
    EXPECT_FALSE(error_of(kHere, CreateProducer{transport_, producer_, ortc::MediaKind::Video,
                                                parameters_, mapping_}));
  }

  std::optional<CommandError> error_of(std::size_t worker, Command command) {
    cores_[worker]->handle_command(Timestamp{}, RequestId{1}, std::move(command));
    std::optional<CommandError> error;
    while (const auto event = cores_[worker]->poll_event())
      if (const auto* reply = std::get_if<Reply>(&*event); reply && !reply->result)
        error = reply->result.error();
    return error;
  }
  CreateRemoteProducer remote(PipeId pipe, std::size_t from = kHere) const {
    return {router_, producer_, pipe, from, ortc::MediaKind::Video, parameters_, mapping_};
  }

  const crypto::Certificate certificate_;
  crypto::SeededRandom random_{5};
  LinkForTest links_[2];
  std::unique_ptr<WorkerCore> cores_[2];
  const RouterId router_ = RouterId::random(random_);
  const TransportId transport_ = TransportId::random(random_);
  const ProducerId producer_ = ProducerId::random(random_);
  const ortc::RtpParameters parameters_ = media::test::publisher_parameters({});
  const ortc::RtpMapping mapping_ = media::test::mapping({});
};

TEST_F(PipeCommandsTest, OpenAndCloseBothEnds) {
  EXPECT_FALSE(error_of(kThere, remote({4, 1})));
  EXPECT_FALSE(error_of(kHere, OpenPipe{{4, 1}, producer_, kThere}));
  EXPECT_FALSE(error_of(kHere, ClosePipe{{4, 1}}));
  EXPECT_FALSE(error_of(kThere, CloseRemoteProducer{producer_}));
  EXPECT_FALSE(error_of(kThere, remote({4, 2}))) << "the slot is free again";
}

TEST_F(PipeCommandsTest, RefuseWhatIsNotThere) {
  using enum CommandError;
  EXPECT_EQ(error_of(kHere, OpenPipe{{0, 0}, ProducerId::random(random_), kThere}), NotFound);
  EXPECT_EQ(error_of(kHere, OpenPipe{{0, 0}, producer_, kHere}), NotFound) << "to itself";
  EXPECT_EQ(error_of(kHere, OpenPipe{{0, 0}, producer_, kNowhere}), NotFound);
  EXPECT_EQ(error_of(kHere, ClosePipe{{0, 0}}), NotFound);
  EXPECT_EQ(error_of(kThere, CloseRemoteProducer{producer_}), NotFound);
  EXPECT_EQ(error_of(kThere, remote({0, 0}, kNowhere)), NotFound);
  CreateRemoteProducer nowhere = remote({0, 0});
  nowhere.router = RouterId::random(random_);
  EXPECT_EQ(error_of(kThere, nowhere), NotFound);
  CreateRemoteProducer unknown = remote({0, 0});
  unknown.parameters.codecs[0].mime_type = "video/none";
  unknown.parameters.codecs.resize(1);
  EXPECT_EQ(error_of(kThere, unknown), Unsupported);
  EXPECT_FALSE(error_of(kThere, remote({0, 0}))) << "nothing of all that is left";
}

TEST_F(PipeCommandsTest, RefuseASlotOrAProducerThatIsTaken) {
  using enum CommandError;
  EXPECT_FALSE(error_of(kHere, OpenPipe{{4, 1}, producer_, kThere}));
  EXPECT_EQ(error_of(kHere, OpenPipe{{4, 2}, producer_, kThere}), AlreadyExists);
  EXPECT_EQ(error_of(kHere, ClosePipe{{4, 2}}), NotFound) << "of another generation";
  EXPECT_FALSE(error_of(kThere, remote({4, 1})));
  EXPECT_EQ(error_of(kThere, remote({5, 0})), AlreadyExists);
  EXPECT_EQ(error_of(kHere, remote({6, 0}, kThere)), AlreadyExists) << "it is here itself";
}

TEST_F(PipeCommandsTest, TakeSlotsUpToTheirBoundAndNoFurther) {
  constexpr auto kBound = static_cast<std::uint32_t>(PipeTable::kMaxPipes);
  EXPECT_EQ(error_of(kHere, OpenPipe{{kBound, 0}, producer_, kThere}), CommandError::LimitReached);
  EXPECT_FALSE(error_of(kHere, OpenPipe{{kBound - 1, 0}, producer_, kThere}));
  EXPECT_EQ(error_of(kThere, remote({kBound, 0})), CommandError::LimitReached);
}

TEST_F(PipeCommandsTest, LeaveARemoteProducerToItsOwnWorker) {
  using enum CommandError;
  EXPECT_FALSE(error_of(kThere, remote({0, 0})));
  EXPECT_EQ(error_of(kThere, PauseProducer{producer_}), NotFound);
  EXPECT_EQ(error_of(kThere, ResumeProducer{producer_}), NotFound);
  EXPECT_EQ(error_of(kThere, CloseProducer{producer_}), NotFound);
  EXPECT_EQ(error_of(kThere, OpenPipe{{1, 0}, producer_, kHere}), NotFound);
  EXPECT_EQ(error_of(kHere, CloseRemoteProducer{producer_}), NotFound);
}

TEST_F(PipeCommandsTest, KeepANearEndThatItsProducerLeftUntilItIsClosed) {
  EXPECT_FALSE(error_of(kHere, OpenPipe{{0, 0}, producer_, kThere}));
  EXPECT_FALSE(error_of(kHere, CloseProducer{producer_}));
  EXPECT_FALSE(error_of(kHere, ClosePipe{{0, 0}}));
}

}  // namespace
}  // namespace sfu::core
