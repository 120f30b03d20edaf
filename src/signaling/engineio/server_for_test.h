#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "signaling/engineio/server.h"

namespace sfu::signaling::engineio {

inline constexpr const char* kUnknownSid = R"({"code":1,"message":"Session ID unknown"})";

/// A server with a shell that writes down what it was told.
class EngineIoServer : public testing::Test {
 protected:
  EngineIoServer() : server_(options(), random_) {}

  static Options options() {
    Options options;
    options.max_queued_bytes = 1000;
    options.max_sessions = 3;
    return options;
  }

  static HttpRequest request(std::string query, std::string method = "GET", std::string body = "") {
    return {std::move(method), "/engine.io/", std::move(query), {}, std::move(body), {}};
  }

  RequestId get(std::string query) {
    const RequestId id{++last_id_};
    server_.handle_request(now_, id, request(std::move(query)));
    drain();
    return id;
  }
  RequestId poll() { return get("EIO=4&transport=polling&sid=" + sid_); }
  RequestId post(std::string body) {
    const RequestId id{++last_id_};
    server_.handle_request(now_, id,
                           request("EIO=4&transport=polling&sid=" + sid_, "POST", std::move(body)));
    drain();
    return id;
  }
  WebSocketId open_websocket(const std::string& query) {
    const WebSocketId id{++last_id_};
    const HttpRequest upgrade = request(query);
    EXPECT_FALSE(server_.refuse_upgrade(now_, upgrade));
    server_.handle_websocket_open(now_, id, upgrade);
    drain();
    return id;
  }
  void receive(WebSocketId id, std::string data, bool binary = false) {
    server_.handle_websocket_message(now_, id, std::move(data), binary);
    drain();
  }
  void send(std::string_view text) {
    server_.send(session_, text_frame(PacketType::Message, text));
    drain();
  }
  void pass(TimeDelta time) {
    for (const Timestamp end = now_ + time;;) {
      const auto next = server_.next_timeout();
      if (!next || *next > end) {
        now_ = end;
        return;
      }
      now_ = *next;
      server_.handle_timeout(now_);
      drain();
    }
  }

  void open_polling() {
    const RequestId id = get("EIO=4&transport=polling");
    sid_ = responses_.at(id).body.substr(9, 20);
  }

  void drain() {
    while (auto event = server_.poll_event()) {
      if (const auto* opened = std::get_if<Opened>(&*event)) session_ = opened->session;
      if (const auto* message = std::get_if<Message>(&*event))
        messages_.push_back((message->binary ? "b" : "") + message->data);
      if (const auto* closed = std::get_if<Closed>(&*event)) closed_.push_back(closed->reason);
    }
    while (auto output = server_.poll_output()) {
      if (auto* respond = std::get_if<Respond>(&*output)) {
        EXPECT_FALSE(responses_.contains(respond->request)) << "answered twice";
        responses_[respond->request] = std::move(respond->response);
      } else if (const auto* send = std::get_if<SendFrame>(&*output)) {
        sent_[send->websocket].emplace_back(send->frame.data.text());
      } else {
        sent_[std::get<CloseWebSocket>(*output).websocket].emplace_back("<close>");
      }
    }
  }

  bool answered(RequestId id) const { return responses_.contains(id); }
  std::string body(RequestId id) const { return responses_.at(id).body; }
  int status(RequestId id) const { return responses_.at(id).status; }

  crypto::SeededRandom random_{1};
  Server server_;
  Timestamp now_{std::chrono::seconds(1000)};
  std::uint64_t last_id_ = 0;
  SessionId session_;
  std::string sid_;
  std::map<RequestId, HttpResponse> responses_;
  std::map<WebSocketId, std::vector<std::string>> sent_;
  std::vector<std::string> messages_;
  std::vector<CloseReason> closed_;
};

}  // namespace sfu::signaling::engineio
