#include <algorithm>
#include <cstdio>
#include <string_view>

#include "bench/counts/meeting.h"

// Runs one load and prints what it counted: a name and a number on each line.

int main(int argc, char** argv) {
  using namespace sfu::counts;
  const std::string_view name = argc == 2 ? argv[1] : "";
  const auto load =
      std::find_if(kLoads.begin(), kLoads.end(), [&](const Load& l) { return l.name == name; });
  if (load == kLoads.end()) {
    std::fprintf(stderr, "usage: sfu-counts LOAD\nloads:");
    for (const Load& known : kLoads)
      std::fprintf(stderr, " %.*s", static_cast<int>(known.name.size()), known.name.data());
    std::fprintf(stderr, "\n");
    return 2;
  }

  Meeting meeting(*load);
  const Report report = meeting.run();
  if (!report.fault.empty()) {
    std::fprintf(stderr, "%s\n", report.fault.c_str());
    return 1;
  }
  const auto print = [](const char* what, std::uint64_t count) {
    std::printf("%s\t%llu\n", what, static_cast<unsigned long long>(count));
  };
  print("forwarded", report.forwarded);
  print("waits", report.calls.waits);
  print("wake_ups", report.calls.wake_ups);
  print("receive_calls", report.calls.receive_calls);
  print("received", report.calls.datagrams_received);
  print("send_calls", report.calls.send_calls);
  print("sent", report.calls.datagrams_sent);
  print("bytes", report.calls.bytes_sent);
  print("delay_p50_ns", static_cast<std::uint64_t>(report.delay_p50.count()));
  print("delay_p99_ns", static_cast<std::uint64_t>(report.delay_p99.count()));
  return 0;
}
