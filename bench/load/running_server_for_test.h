#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "load/options.h"
#include "server/server.h"

namespace sfu::load {

constexpr const char* kTestSecret = "of-the-load-generator's-own-test";

/// The server on any free port of loopback, with one worker, on a thread of its own.
class RunningServer {
 public:
  RunningServer() {
    server::Settings settings;
    settings.port = 0;
    settings.listen_ip = IpAddress::v4(0x7f000001);
    settings.jwt_secret = kTestSecret;
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
  std::uint16_t port() const { return server_->http().port; }
  std::string url() const { return "http://" + server_->http().to_string(); }

 private:
  boost::asio::io_context context_{1};
  std::unique_ptr<server::Server> server_;
  std::thread thread_;
};

/// A few people who publish sound and picture at the same server, of which nothing is to be lost.
inline Options small_meeting(const RunningServer& server, double seconds) {
  Options options;
  options.url = server.url();
  options.secret = kTestSecret;
  options.load = "free";
  options.shape.audio = true;
  options.shape.ramp_s = 0.1;
  options.profiles = {crypto::SrtpProfile::AeadAes128Gcm};
  options.warmup_s = 0.2;
  options.duration_s = seconds;
  options.expect.loss = 0;
  options.quiet = true;
  return options;
}

}  // namespace sfu::load
