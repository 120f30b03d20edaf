#include "io/gathering_stream.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace sfu::io {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// A stream, and a socket at its other end.
class GatheringStreamTest : public testing::Test {
 protected:
  GatheringStreamTest() {
    tcp::acceptor acceptor(context_, {asio::ip::address_v4::loopback(), 0});
    tcp::socket near(context_);
    near.connect(acceptor.local_endpoint());
    acceptor.accept(far_);
    stream_.emplace(boost::beast::tcp_stream(std::move(near)), kMostUntaken);
    stream_->set_wanted([this] { ++wanted_; });
  }

  void write(std::string_view text) {
    EXPECT_EQ(stream_->write_some(asio::buffer(text)), text.size());
  }
  /// What one async_send() said.
  std::pair<error_code, std::size_t> send() {
    std::optional<std::pair<error_code, std::size_t>> result;
    stream_->async_send([&](error_code error, std::size_t size) { result.emplace(error, size); });
    run_until([&] { return result.has_value(); });
    return *result;
  }
  void run_until(auto done) {
    context_.restart();  // It stops by itself whenever nothing is left to do.
    while (!done()) ASSERT_EQ(context_.run_one(), 1u);
  }
  std::string read(std::size_t size) {
    std::string text(size, '\0');
    asio::read(far_, asio::buffer(text));
    return text;
  }

  static constexpr std::size_t kMostUntaken = 100;

  asio::io_context context_{1};
  tcp::socket far_{context_};
  std::optional<GatheringStream> stream_;
  int wanted_ = 0;
};

TEST_F(GatheringStreamTest, ReadsFailOnceMoreWasReadThanAnybodyTook) {
  const auto read_one = [&](std::size_t size) {
    asio::write(far_, asio::buffer(std::string(size, 'x')));
    std::string text(size, '\0');
    std::optional<error_code> result;
    stream_->async_read_some(asio::buffer(text),
                             [&](error_code error, std::size_t) { result = error; });
    run_until([&] { return result.has_value(); });
    return *result;
  };
  EXPECT_FALSE(read_one(60));
  EXPECT_EQ(stream_->take_read_bytes(), 60u);
  EXPECT_FALSE(read_one(60));
  EXPECT_FALSE(read_one(40));
  EXPECT_FALSE(stream_->has_read_too_much());
  EXPECT_EQ(read_one(1), asio::error::connection_aborted);
  EXPECT_TRUE(stream_->has_read_too_much());
}

TEST_F(GatheringStreamTest, WritesThatCameTogetherLeaveInOneSend) {
  write("one ");
  write("two ");
  write("three");
  EXPECT_EQ(stream_->gathered_bytes(), 13u);
  const auto [error, size] = send();
  EXPECT_FALSE(error);
  EXPECT_EQ(size, 13u);
  EXPECT_EQ(stream_->gathered_bytes(), 0u);
  EXPECT_EQ(read(13), "one two three");
  EXPECT_EQ(wanted_, 0) << "they may wait";
}

TEST_F(GatheringStreamTest, ASendTakesOneChunkOrOneMessageThatIsLarger) {
  const std::string most(GatheringStream::kChunkBytes - 1, 'a');
  const std::string large(3 * GatheringStream::kChunkBytes, 'c');
  write(most);
  write("b");
  write("d");
  write(large);
  EXPECT_EQ(send().second, GatheringStream::kChunkBytes);
  EXPECT_EQ(send().second, 1u);
  EXPECT_EQ(send().second, large.size());
  EXPECT_EQ(read(most.size() + 2 + large.size()), most + "bd" + large);
}

TEST_F(GatheringStreamTest, WhatIsWrittenDuringASendLeavesAfterIt) {
  write("first");
  std::optional<std::size_t> sent;
  stream_->async_send([&](error_code, std::size_t size) { sent = size; });
  write("second");
  EXPECT_EQ(stream_->gathered_bytes(), 11u);
  run_until([&] { return sent.has_value(); });
  EXPECT_EQ(*sent, 5u);
  EXPECT_EQ(send().second, 6u);
  EXPECT_EQ(read(11), "firstsecond");
}

TEST_F(GatheringStreamTest, AnAsynchronousWriteAsksToBeSentAndEndsWhenItHasLeft) {
  write("before ");
  std::optional<std::size_t> written;
  stream_->async_write_some(asio::buffer(std::string_view("pong")),
                            [&](error_code error, std::size_t size) {
                              EXPECT_FALSE(error);
                              written = size;
                            });
  EXPECT_EQ(wanted_, 1);
  context_.poll();
  EXPECT_FALSE(written);
  write(" after");
  EXPECT_EQ(send().second, 11u);
  EXPECT_EQ(written, 4u);
  EXPECT_EQ(send().second, 6u);
  EXPECT_EQ(read(17), "before pong after");
}

TEST_F(GatheringStreamTest, WhenTheConnectionBreaksEveryoneWhoWaitsHearsOfIt) {
  write("lost");
  stream_->next_layer().socket().close();
  std::optional<error_code> failure;
  stream_->async_write_some(asio::buffer(std::string_view("close")),
                            [&](error_code error, std::size_t) { failure = error; });
  write("lost too");
  const auto [error, size] = send();
  EXPECT_TRUE(error);
  EXPECT_EQ(size, 17u);
  EXPECT_EQ(stream_->gathered_bytes(), 0u);
  ASSERT_TRUE(failure);
  EXPECT_TRUE(*failure);
}

}  // namespace
}  // namespace sfu::io
