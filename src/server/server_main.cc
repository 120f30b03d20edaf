#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "server/server.h"
#include "server/settings.h"

namespace {

constexpr int kExitCannotStart = 1;

/// For threads to end after everything else has. A media thread that is stuck never would.
constexpr auto kLongestJoin = std::chrono::seconds(1);

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

void greet(const sfu::server::Settings& settings, const sfu::server::Server& server) {
  say("MeetLite media server listens on " + server.http().to_string());
  if (const std::string link = server.join_link(); !link.empty()) say("Join a meeting: " + link);
  if (settings.demo)
    say("Demo mode: everybody on this machine may join, and tokens end with this process.");
  if (server.listens_beyond_loopback())
    say("From other machines, browsers allow camera and microphone only over HTTPS: put a TLS "
        "proxy in front.");
}

/// Waits for SIGINT and SIGTERM, as often as they come.
void await_signals(boost::asio::signal_set& signals, sfu::server::Server& server,
                   boost::asio::io_context& context) {
  using sfu::server::Shutdown;
  signals.async_wait([&](const boost::system::error_code& error, int signal) {
    if (error) return;
    say(std::string("Stopping on ") + (signal == SIGINT ? "SIGINT" : "SIGTERM") + ".");
    const auto wish =
        signal == SIGINT ? Shutdown::Wish::EndMeetings : Shutdown::Wish::LetMeetingsEnd;
    server.end(wish, [&context] { context.stop(); });
    await_signals(signals, server, context);
  });
}

/// From now on the process has so long to end.
void bound_the_end() {
  std::thread([] {
    std::this_thread::sleep_for(kLongestJoin);
    std::_Exit(0);
  }).detach();
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sfu::server;
  const auto settings = parse_settings(process_settings_sources(argc, argv));
  if (!settings) return print_settings_exit(settings.error());
  for (const std::string& warning : settings->warnings)
    std::fprintf(stderr, "warning: %s\n", warning.c_str());

  std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context context(1);
  const auto server = Server::start(*settings, context);
  if (!server) {
    std::fprintf(stderr, "cannot start: %s\n", server.error().c_str());
    return kExitCannotStart;
  }
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  await_signals(signals, **server, context);
  greet(*settings, **server);
  context.run();
  bound_the_end();
  return 0;
}
