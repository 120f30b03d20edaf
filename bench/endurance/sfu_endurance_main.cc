#include <algorithm>
#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "endurance/meetings.h"
#include "io/clock.h"

namespace {

using namespace sfu;
using namespace sfu::endurance;
namespace json = boost::json;

double milliseconds(TimeDelta span) { return static_cast<double>(span.count()) / 1000; }

json::object median_and_most(std::vector<TimeDelta> spans) {
  if (spans.empty()) return {{"p50", nullptr}, {"max", nullptr}};
  std::ranges::sort(spans);
  return {{"p50", milliseconds(spans[spans.size() / 2])}, {"max", milliseconds(spans.back())}};
}

json::object describe_faults(const Meetings& meetings) {
  json::object faults;
  for (std::size_t kind = 0; kind < kFaultKinds; ++kind) {
    const Continuity::Summary& summary = meetings.continuity().summaries()[kind];
    faults[to_string(static_cast<FaultKind>(kind))] =
        json::object{{"injected", meetings.totals().injected[kind]},
                     {"metNobody", meetings.totals().skipped[kind]},
                     {"gapMs", median_and_most(summary.gaps)},
                     {"recoveryMs", median_and_most(summary.recoveries)}};
  }
  return faults;
}

json::object describe(const Options& options, const Meetings& meetings, const Journal& journal) {
  const Meetings::Totals& totals = meetings.totals();
  json::array failures(journal.failures().begin(), journal.failures().end());
  json::object counts;
  for (const auto& [text, count] : journal.counts()) counts[text] = count;
  return {{"seed", options.seed},
          {"seconds", totals.seconds},
          {"people", totals.people},
          {"frames", totals.frames},
          {"ownAbsences", totals.own_absences},
          {"longestOwnAbsenceMs", milliseconds(totals.longest_own_absence)},
          {"restartMs", median_and_most(totals.restarts)},
          {"faults", describe_faults(meetings)},
          {"counts", std::move(counts)},
          {"failures", std::move(failures)}};
}

int run(const Options& options) {
  const auto server = load::ServerAddress::resolve(options.url);
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().c_str());
    return 2;
  }
  const auto certificate = crypto::Certificate::generate();
  const dtls::Context dtls(certificate);
  crypto::SystemRandom random;
  Journal journal(io::monotonic_now());
  World world{.server = *server,
              .server_ip = io::from_sockaddr(*server->address.get()).ip,
              .dtls = dtls,
              .fingerprint = certificate.sha256_fingerprint(),
              .random = random,
              .journal = journal,
              .grace = std::chrono::duration_cast<TimeDelta>(
                  std::chrono::duration<double>(options.grace_s))};
  ServerProcess process(options.pid_file, *server);
  Meetings meetings(options, world, process);
  meetings.run();
  if (!options.json_file.empty())
    std::ofstream(options.json_file) << json::serialize(describe(options, meetings, journal));
  return journal.failures().empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 0;
  const auto options = parse_options(argc, argv, status);
  if (!options) return status;
  std::signal(SIGPIPE, SIG_IGN);
  return run(*options);
}
