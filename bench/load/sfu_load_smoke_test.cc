#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "load/run_load.h"
#include "server/server.h"

// The whole of it against the server itself, over loopback.

namespace sfu::load {
namespace {

constexpr const char* kSecret = "of-the-load-generator's-own-test";

/// A server on any free port, on a thread of its own.
class RunningServer {
 public:
  RunningServer() {
    server::Settings settings;
    settings.port = 0;
    settings.listen_ip = IpAddress::v4(0x7f000001);
    settings.jwt_secret = kSecret;
    settings.media_listen_ips = {IpAddress::v4(0x7f000001)};
    settings.num_workers = 1;
    settings.log_level = LogLevel::Error;
    auto started = server::Server::start(settings, context_);
    if (!started) {
      ADD_FAILURE() << started.error();
      return;
    }
    server_ = std::move(*started);
    thread_ = std::thread([this] { context_.run(); });
  }
  ~RunningServer() {
    boost::asio::post(context_, [this] {
      if (server_) server_->end(server::Shutdown::Wish::EndMeetings, [] {});
      context_.stop();
    });
    if (thread_.joinable()) thread_.join();
  }
  std::string url() const { return "http://" + server_->http().to_string(); }

 private:
  boost::asio::io_context context_{1};
  std::unique_ptr<server::Server> server_;
  std::thread thread_;
};

TEST(SfuLoad, GetsEveryPacketOfATwoSecondMeetingBackFromTheServer) {
  const RunningServer server;
  Options options;
  options.url = server.url();
  options.secret = kSecret;
  options.load = "free";
  options.shape.audio = true;
  options.shape.ramp_s = 0.1;
  options.profiles = {crypto::SrtpProfile::AeadAes128Gcm};
  options.warmup_s = 0.2;
  options.duration_s = 2;
  options.expect.loss = 0;
  options.quiet = true;

  const auto outcome = run_load(options);
  ASSERT_TRUE(outcome) << outcome.error();
  EXPECT_THAT(outcome->results.unmet(options, *outcome->metrics), testing::IsEmpty());
  EXPECT_EQ(outcome->results.joined, 6u);
  EXPECT_EQ(outcome->results.consumers, 16u);
  EXPECT_NEAR(outcome->results.window.packets_each_second(), 8 * (180 + 50), 100);
}

}  // namespace
}  // namespace sfu::load
