#include "core/worker_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/collecting_sink_for_test.h"
#include "crypto/certificate.h"
#include "crypto/random.h"
#include "ortc/consumer_parameters.h"
#include "ortc/producer_parameters.h"
#include "ortc/router_capabilities.h"
#include "srtp/cipher_backend.h"
#include "stun/message_builder.h"

namespace sfu::core {
namespace {

using namespace std::chrono_literals;

const ortc::RtpCodecCapability& capability(std::string_view mime_type) {
  for (const auto& codec : ortc::router_capabilities().codecs)
    if (codec.mime_type == mime_type) return codec;
  SFU_CHECK(false && "no such codec");
}

class WorkerCoreTest : public testing::Test {
 protected:
  static constexpr Endpoint kServer{IpAddress::v4(0x0a000001), 40000};

  WorkerCoreTest() : certificate_(crypto::Certificate::generate()) { restart({}); }

  void restart(WorkerCore::Config config) {
    config.candidates = {kServer};
    config.certificate = &certificate_;
    core_ = std::make_unique<WorkerCore>(config, random_);
  }

  Result<ReplyValue, CommandError> request(Command command) {
    core_->handle_command(now_, RequestId{++last_request_}, std::move(command));
    std::optional<Result<ReplyValue, CommandError>> answer;
    while (auto event = core_->poll_event()) {
      if (auto* reply = std::get_if<Reply>(&*event)) {
        EXPECT_EQ(reply->request, RequestId{last_request_});
        EXPECT_FALSE(answer) << "two replies";
        answer = std::move(reply->result);
      } else {
        events_.push_back(std::move(*event));
      }
    }
    SFU_CHECK(answer);
    return *answer;
  }
  /// What a command answers that is to fail.
  std::optional<CommandError> error_of(Command command) {
    const auto reply = request(std::move(command));
    return reply ? std::nullopt : std::optional(reply.error());
  }

  RouterId open_router() {
    const auto id = RouterId::random(random_);
    EXPECT_TRUE(request(CreateRouter{id}));
    return id;
  }
  TransportId open_transport(RouterId router) {
    const auto id = TransportId::random(random_);
    EXPECT_TRUE(request(CreateTransport{router, id}));
    return id;
  }
  struct TwoTransports {
    std::array<TransportId, 2> ids;
    std::array<TransportCreated, 2> created;
  };
  /// On one router.
  TwoTransports open_two_transports() {
    const RouterId router = open_router();
    TwoTransports two;
    for (std::size_t i = 0; i < 2; ++i) {
      two.ids[i] = TransportId::random(random_);
      two.created[i] = std::get<TransportCreated>(*request(CreateTransport{router, two.ids[i]}));
    }
    return two;
  }
  CreateProducer audio_producer(TransportId transport, std::uint32_t ssrc) {
    ortc::RtpParameters parameters;
    parameters.mid = std::to_string(ssrc);
    const auto& opus = capability("audio/opus");
    parameters.codecs.push_back({.mime_type = opus.mime_type,
                                 .payload_type = opus.preferred_payload_type,
                                 .clock_rate = opus.clock_rate,
                                 .channels = opus.channels,
                                 .parameters = {},
                                 .rtcp_feedback = {}});
    ortc::RtpEncodingParameters encoding;
    encoding.ssrc = Ssrc{ssrc};
    parameters.encodings.push_back(encoding);
    auto completed = ortc::complete_producer_parameters(ortc::MediaKind::Audio, parameters,
                                                        ortc::router_capabilities(), "cname");
    SFU_CHECK(completed);
    consumable_ = completed->consumable;
    return {.transport = transport,
            .producer = ProducerId::random(random_),
            .kind = ortc::MediaKind::Audio,
            .parameters = completed->own,
            .mapping = completed->mapping};
  }
  CreateConsumer audio_consumer(TransportId transport, ProducerId producer, std::uint32_t ssrc) {
    const auto parameters = ortc::make_consumer_parameters(consumable_, ortc::router_capabilities(),
                                                           "0", Ssrc{ssrc}, std::nullopt);
    SFU_CHECK(parameters);
    return {.transport = transport,
            .producer = producer,
            .consumer = ConsumerId::random(random_),
            .kind = ortc::MediaKind::Audio,
            .parameters = *parameters};
  }
  ConnectTransport connect_command(TransportId transport) {
    return {transport, DtlsRole::Client, {{"sha-256", certificate_.sha256_fingerprint()}}};
  }

  void check_from(std::uint16_t port, const TransportCreated& transport) {
    std::array<std::uint8_t, 256> buffer;
    stun::TransactionId id;
    random_.fill(id);
    stun::MessageBuilder message(buffer, stun::Class::Request, stun::Method::Binding, id);
    message.username(transport.ice_username_fragment + ":peer")
        .priority(1)
        .ice_controlling(1)
        .use_candidate()
        .message_integrity(std::string_view(transport.ice_password))
        .fingerprint();
    const Bytes bytes = message.bytes();
    PacketBuffer datagram = core_->arena().allocate();
    std::copy(bytes.begin(), bytes.end(), datagram.room().begin());
    datagram.set_size(bytes.size());
    core_->handle_datagram(now_, {kServer, {IpAddress::v4(0x0a000002), port}}, std::move(datagram));
    core_->flush(now_, sink_);
  }

  bool answers(const TransportCreated& transport) {
    sink_.take_sent();
    check_from(5000, transport);
    return sink_.take_sent().size() == 1;
  }
  /// What the peer of a transport knows of it after a restart.
  TransportCreated restarted(TransportId transport) {
    auto reply = request(RestartIce{transport});
    SFU_CHECK(reply);
    const auto& fresh = std::get<IceRestarted>(*reply);
    TransportCreated created;
    created.ice_username_fragment = fresh.ice_username_fragment;
    created.ice_password = fresh.ice_password;
    return created;
  }

  crypto::SeededRandom random_{1};
  crypto::Certificate certificate_;
  std::unique_ptr<WorkerCore> core_;
  Timestamp now_{1000s};
  std::uint64_t last_request_ = 0;
  std::vector<Event> events_;
  ortc::RtpParameters consumable_;
  CollectingSink sink_;
};

TEST_F(WorkerCoreTest, WhatNamesNobodyIsNotFound) {
  const RouterId router = open_router();
  const TransportId transport = open_transport(router);
  const CreateProducer producer = audio_producer(transport, 1);
  const auto nobody = TransportId::random(random_);
  const auto no_producer = ProducerId::random(random_);
  const auto no_consumer = ConsumerId::random(random_);
  CreateProducer homeless = producer;
  homeless.transport = nobody;
  const std::vector<std::pair<const char*, Command>> commands = {
      {"CloseRouter", CloseRouter{RouterId::random(random_)}},
      {"CreateTransport", CreateTransport{RouterId::random(random_), nobody}},
      {"CloseTransport", CloseTransport{nobody}},
      {"ConnectTransport", connect_command(nobody)},
      {"CreateProducer", homeless},
      {"CloseProducer", CloseProducer{no_producer}},
      {"PauseProducer", PauseProducer{no_producer}},
      {"ResumeProducer", ResumeProducer{no_producer}},
      {"CreateConsumer without transport", audio_consumer(nobody, no_producer, 9)},
      {"CreateConsumer without producer", audio_consumer(transport, no_producer, 9)},
      {"CloseConsumer", CloseConsumer{no_consumer}},
      {"PauseConsumer", PauseConsumer{no_consumer}},
      {"ResumeConsumer", ResumeConsumer{no_consumer}},
      {"SetPreferredLayers", SetPreferredLayers{no_consumer, 0, {}}},
      {"RequestKeyFrame", RequestKeyFrame{no_consumer}},
      {"GetTransportStats", GetTransportStats{nobody}},
  };
  for (const auto& [name, command] : commands)
    EXPECT_EQ(error_of(command), CommandError::NotFound) << name;
}

TEST_F(WorkerCoreTest, AnIdThatIsTakenIsRefused) {
  const RouterId router = open_router();
  const TransportId transport = open_transport(router);
  const CreateProducer producer = audio_producer(transport, 1);
  ASSERT_TRUE(request(producer));
  const CreateConsumer consumer = audio_consumer(transport, producer.producer, 9);
  ASSERT_TRUE(request(consumer));
  EXPECT_EQ(error_of(CreateRouter{router}), CommandError::AlreadyExists);
  EXPECT_EQ(error_of(CreateTransport{router, transport}), CommandError::AlreadyExists);
  EXPECT_EQ(error_of(producer), CommandError::AlreadyExists);
  EXPECT_EQ(error_of(consumer), CommandError::AlreadyExists);
}

TEST_F(WorkerCoreTest, ATransportConnectsOnceAndWithAFingerprintThatCanBeChecked) {
  const TransportId transport = open_transport(open_router());
  EXPECT_EQ(error_of(ConnectTransport{transport, DtlsRole::Auto, {}}), CommandError::Unsupported);
  EXPECT_EQ(error_of(ConnectTransport{transport, DtlsRole::Auto, {{"md5", "00:11"}}}),
            CommandError::Unsupported);
  EXPECT_EQ(error_of(connect_command(transport)), std::nullopt) << "the refusals left no trace";
  EXPECT_EQ(error_of(connect_command(transport)), CommandError::AlreadyConnected);
}

TEST_F(WorkerCoreTest, AnSsrcThatIsTakenIsRefused) {
  const TransportId transport = open_transport(open_router());
  const CreateProducer producer = audio_producer(transport, 1);
  ASSERT_TRUE(request(producer));
  EXPECT_EQ(error_of(audio_producer(transport, 1)), CommandError::SsrcTaken);
  ASSERT_TRUE(request(audio_consumer(transport, producer.producer, 9)));
  EXPECT_EQ(error_of(audio_consumer(transport, producer.producer, 9)), CommandError::SsrcTaken);
  EXPECT_EQ(std::get<WorkerStats>(*request(GetWorkerStats{})).consumers, 1u);
}

TEST_F(WorkerCoreTest, ParametersThatCannotBeAreRefused) {
  const TransportId transport = open_transport(open_router());
  CreateProducer producer = audio_producer(transport, 1);
  CreateProducer without_codec = producer;
  without_codec.parameters.codecs.clear();
  EXPECT_EQ(error_of(without_codec), CommandError::Unsupported);
  CreateProducer without_encoding = producer;
  without_encoding.parameters.encodings.clear();
  EXPECT_EQ(error_of(without_encoding), CommandError::Unsupported);
  ASSERT_TRUE(request(producer));
  CreateConsumer consumer = audio_consumer(transport, producer.producer, 9);
  consumer.parameters.encodings.clear();
  EXPECT_EQ(error_of(consumer), CommandError::Unsupported);
  const auto stats = std::get<WorkerStats>(*request(GetWorkerStats{}));
  EXPECT_EQ(stats.producers, 1u);
  EXPECT_EQ(stats.consumers, 0u);
}

TEST_F(WorkerCoreTest, SaysWhatEncryptsItsMedia) {
  EXPECT_EQ(std::get<WorkerStats>(*request(GetWorkerStats{})).ciphers,
            srtp::make_cipher_backend()->name());
}

TEST_F(WorkerCoreTest, TellsOfThePacketsItHoldsAndOfTheRoomItKeepsForMore) {
  const auto stats = [&] { return std::get<WorkerStats>(*request(GetWorkerStats{})); };
  EXPECT_EQ(stats().packet_buffer_bytes, 0u);
  std::vector<PacketBuffer> held;
  for (int i = 0; i < 200; ++i) held.push_back(core_->arena().allocate());
  EXPECT_EQ(stats().packet_buffers_in_use, 200u);
  const std::uint64_t room = stats().packet_buffer_bytes;
  EXPECT_GE(room, 200 * PacketBuffer::kCapacity);
  held.clear();
  EXPECT_EQ(stats().packet_buffers_in_use, 0u);
  EXPECT_EQ(stats().packet_buffer_bytes, room);
}

TEST_F(WorkerCoreTest, BoundsAreHeld) {
  WorkerCore::Config config;
  config.max_routers = 2;
  config.max_transports = 2;
  config.max_producers_per_transport = 1;
  config.max_consumers_per_transport = 1;
  restart(config);
  const RouterId router = open_router();
  const RouterId second = open_router();
  EXPECT_EQ(error_of(CreateRouter{RouterId::random(random_)}), CommandError::LimitReached);
  const TransportId transport = open_transport(router);
  const TransportId other = open_transport(router);
  EXPECT_EQ(error_of(CreateTransport{router, TransportId::random(random_)}),
            CommandError::LimitReached);
  const CreateProducer producer = audio_producer(transport, 1);
  ASSERT_TRUE(request(producer));
  EXPECT_EQ(error_of(audio_producer(transport, 2)), CommandError::LimitReached);
  ASSERT_TRUE(request(audio_consumer(other, producer.producer, 9)));
  EXPECT_EQ(error_of(audio_consumer(other, producer.producer, 10)), CommandError::LimitReached);
  EXPECT_TRUE(request(CloseTransport{other}));
  EXPECT_TRUE(request(CreateTransport{router, TransportId::random(random_)})) << "room again";
  EXPECT_TRUE(request(CloseRouter{second}));
  EXPECT_TRUE(request(CreateRouter{RouterId::random(random_)}));
}

TEST_F(WorkerCoreTest, ConsumersOfAnotherRoomsProducerAreRefused) {
  const TransportId here = open_transport(open_router());
  const TransportId there = open_transport(open_router());
  const CreateProducer producer = audio_producer(here, 1);
  ASSERT_TRUE(request(producer));
  EXPECT_EQ(error_of(audio_consumer(there, producer.producer, 9)), CommandError::NotFound);
}

TEST_F(WorkerCoreTest, ProducerThatClosesTakesItsConsumersAlong) {
  const RouterId router = open_router();
  const TransportId transport = open_transport(router);
  const CreateProducer producer = audio_producer(transport, 1);
  ASSERT_TRUE(request(producer));
  const CreateConsumer consumer = audio_consumer(open_transport(router), producer.producer, 9);
  ASSERT_TRUE(request(consumer));
  ASSERT_TRUE(request(CloseProducer{producer.producer}));
  EXPECT_EQ(error_of(CloseConsumer{consumer.consumer}), CommandError::NotFound);
  EXPECT_EQ(std::get<WorkerStats>(*request(GetWorkerStats{})).consumers, 0u);
}

TEST_F(WorkerCoreTest, TransportWhoseOnlyPathGoesToAnotherSaysAtOnceThatItIsDisconnected) {
  const auto [ids, created] = open_two_transports();
  check_from(5000, created[0]);
  events_.clear();
  while (core_->poll_event()) {
  }
  check_from(5000, created[1]);
  std::optional<IceState> former;
  while (const auto event = core_->poll_event())
    if (const auto* changed = std::get_if<TransportStateChanged>(&*event))
      if (changed->transport == ids[0]) former = changed->ice;
  EXPECT_EQ(former, IceState::Disconnected);
}

TEST_F(WorkerCoreTest, TransportsThatTakeOnePathFromEachOtherAreToldOfWithinBoundsAndRightAtLast) {
  const auto [ids, created] = open_two_transports();
  std::size_t events = 0;
  std::map<TransportId, IceState> told;
  const auto drain = [&] {
    for (; const auto event = core_->poll_event(); ++events)
      if (const auto* changed = std::get_if<TransportStateChanged>(&*event))
        told[changed->transport] = changed->ice;
  };
  for (int i = 0; i < 1000; ++i) {
    check_from(5000, created[0]);
    check_from(5000, created[1]);
    drain();
  }
  EXPECT_LT(events, 40u);
  now_ += 1s;
  core_->handle_timeout(now_);
  drain();
  EXPECT_EQ(told[ids[0]], IceState::Disconnected);
  EXPECT_EQ(told[ids[1]], IceState::Completed);
}

TEST_F(WorkerCoreTest, EachStateOfATransportIsToldOnce) {
  const TransportId id = TransportId::random(random_);
  const auto created = std::get<TransportCreated>(*request(CreateTransport{open_router(), id}));
  for (int i = 0; i < 3; ++i) check_from(5000, created);
  ASSERT_TRUE(request(connect_command(id)));
  for (int i = 0; i < 3; ++i) check_from(5001, created);
  now_ += 31s;
  core_->handle_timeout(now_);
  check_from(5000, created);
  while (const auto event = core_->poll_event()) events_.push_back(*event);
  std::vector<IceState> told;
  for (const Event& event : events_)
    if (const auto* changed = std::get_if<TransportStateChanged>(&event))
      told.push_back(changed->ice);
  EXPECT_THAT(
      told, testing::ElementsAre(IceState::Completed, IceState::Disconnected, IceState::Completed));
}

TEST_F(WorkerCoreTest, RestartedIceTakesTheFormerCredentialsUntilTheFreshOnesAreUsed) {
  const TransportId id = TransportId::random(random_);
  const auto created = std::get<TransportCreated>(*request(CreateTransport{open_router(), id}));
  EXPECT_TRUE(answers(created));
  const TransportCreated fresh = restarted(id);
  EXPECT_NE(fresh.ice_username_fragment, created.ice_username_fragment);
  EXPECT_NE(fresh.ice_password, created.ice_password);
  EXPECT_TRUE(answers(created));
  EXPECT_TRUE(answers(fresh));
  EXPECT_FALSE(answers(created));
  EXPECT_TRUE(answers(fresh));
}

TEST_F(WorkerCoreTest, RestartsThatThePeerDoesNotFollowLeaveTwoNamesOfIt) {
  const TransportId id = TransportId::random(random_);
  const auto created = std::get<TransportCreated>(*request(CreateTransport{open_router(), id}));
  std::vector<TransportCreated> fresh;
  for (int i = 0; i < 300; ++i) fresh.push_back(restarted(id));
  const TransportCreated last = fresh.back();
  fresh.pop_back();
  for (const TransportCreated& former : fresh) ASSERT_FALSE(answers(former));
  EXPECT_TRUE(answers(created));
  EXPECT_TRUE(answers(last));
  ASSERT_TRUE(request(CloseTransport{id}));
  EXPECT_FALSE(answers(created));
  EXPECT_FALSE(answers(last));
  EXPECT_EQ(error_of(RestartIce{id}), CommandError::NotFound);
}

TEST_F(WorkerCoreTest, TheTransportWhoseInputBreaksAnInvariantIsClosedAndTheOthersGoOn) {
  const auto [ids, created] = open_two_transports();
  for (std::size_t i = 0; i < 2; ++i) check_from(static_cast<std::uint16_t>(5000 + i), created[i]);
  while (core_->poll_event()) {
  }
  sink_.take_sent();

  core_->faults().expect(false, "broken on purpose");
  check_from(5000, created[0]);
  std::vector<TransportId> closed;
  std::string said;
  while (const auto event = core_->poll_event()) {
    if (const auto* changed = std::get_if<TransportStateChanged>(&*event))
      if (changed->dtls == DtlsState::Closed) closed.push_back(changed->transport);
    if (const auto* line = std::get_if<Diagnostic>(&*event)) said += line->text;
  }
  EXPECT_THAT(closed, testing::ElementsAre(ids[0]));
  EXPECT_THAT(said, testing::AllOf(testing::HasSubstr(ids[0].to_string()),
                                   testing::HasSubstr("broken on purpose")));
  EXPECT_EQ(std::get<WorkerStats>(*request(GetWorkerStats{})).transports_at_fault, 1u);

  sink_.take_sent();
  check_from(5000, created[0]);
  EXPECT_TRUE(sink_.take_sent().empty()) << "it still hears its peer";
  check_from(5001, created[1]);
  EXPECT_EQ(sink_.take_sent().size(), 1u);
  for (const TransportId id : ids) EXPECT_TRUE(request(CloseTransport{id}));
}

TEST_F(WorkerCoreTest, WhatACommandBreaksIsSaidAndClosesNobody) {
  const TransportId transport = open_transport(open_router());
  core_->faults().expect(false, "broken on purpose");
  EXPECT_TRUE(request(CreateRouter{RouterId::random(random_)}));
  ASSERT_EQ(events_.size(), 1u);
  EXPECT_THAT(std::get<Diagnostic>(events_[0]).text, testing::HasSubstr("broken on purpose"));
  EXPECT_FALSE(core_->faults().is_set());
  EXPECT_TRUE(request(CloseTransport{transport}));
}

TEST_F(WorkerCoreTest, ChecksAreAnsweredFromWhereTheyCameTo) {
  const TransportId id = TransportId::random(random_);
  const auto created = std::get<TransportCreated>(*request(CreateTransport{open_router(), id}));
  check_from(5000, created);
  const auto sent = sink_.take_sent();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, (Path{kServer, {IpAddress::v4(0x0a000002), 5000}}));
}

TEST_F(WorkerCoreTest, CandidatesAreRankedAsListed) {
  const auto created = std::get<TransportCreated>(
      *request(CreateTransport{open_router(), TransportId::random(random_)}));
  ASSERT_EQ(created.candidates.size(), 1u);
  EXPECT_EQ(created.candidates[0].address, "10.0.0.1");
  EXPECT_EQ(created.candidates[0].port, 40000);
  EXPECT_EQ(created.candidates[0].priority, (126u << 24) + (65535u << 8) + 255u)
      << "RFC 8445 §5.1.2.1";
}

TEST_F(WorkerCoreTest, NothingToDoIsNothingToWaitFor) {
  EXPECT_EQ(core_->next_timeout(), std::nullopt);
  const RouterId router = open_router();
  const TransportId transport = open_transport(router);
  ASSERT_TRUE(request(connect_command(transport)));
  EXPECT_NE(core_->next_timeout(), std::nullopt);
  ASSERT_TRUE(request(CloseTransport{transport}));
  EXPECT_EQ(core_->next_timeout(), std::nullopt);
}

}  // namespace
}  // namespace sfu::core
