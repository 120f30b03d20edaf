#include "load/options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>

namespace sfu::load {
namespace {

constexpr double kJoinsEachSecond = 100;

std::string load_descriptions() {
  return "a load by name:\n"
         "  A      12 publishers of video x 50 viewers in one room\n"
         "  B      3 x 200\n"
         "  C      1 x 100\n"
         "  D      one evenly spaced stream of 400 packets/s x 50\n"
         "  E      100 rooms of 1 x 1\n"
         "  F      audio, 10 x 50\n"
         "  storm  4 publishers and 500 viewers that join one room within 10 s\n"
         "What is given besides changes it";
}

class Parser {
 public:
  Parser();
  std::optional<Options> parse(int argc, char** argv, int& status);

 private:
  void add_server();
  void add_load();
  void add_media();
  void add_time();
  void add_output();
  void add_expectations();
  template <class T>
  void add_override(const std::string& group, const std::string& name, T LoadShape::*member,
                    const std::string& description);
  void add_override_flag(const std::string& group, const std::string& name, bool LoadShape::*member,
                         bool value, const std::string& description);
  std::string check() const;

  CLI::App app_{
      "Loads a media server with publishers and viewers that speak WebRTC as browsers do, verifies "
      "every packet that comes back, and says what it cost."};
  Options options_;
  std::string profile_ = "AEAD_AES_128_GCM";
  std::string spacing_;
  std::string pli_;
  std::vector<std::function<void(LoadShape&)>> overrides_;
};

Parser::Parser() {
  app_.footer(
      "Exit status: 0 where everybody joined, everything was verified and what was expected\n"
      "holds; 1 where not; 2 where the command line is wrong or the load cannot begin.");
  options_.load = "free";
  if (const char* secret = std::getenv("JWT_SECRET")) options_.secret = secret;
  add_server();
  add_load();
  add_media();
  add_time();
  add_output();
  add_expectations();
}

template <class T>
void Parser::add_override(const std::string& group, const std::string& name, T LoadShape::*member,
                          const std::string& description) {
  app_.add_option_function<T>(
          name,
          [this, member](const T& value) {
            overrides_.push_back([member, value](LoadShape& shape) { shape.*member = value; });
          },
          description)
      ->group(group);
}

void Parser::add_override_flag(const std::string& group, const std::string& name,
                               bool LoadShape::*member, bool value,
                               const std::string& description) {
  app_.add_flag_callback(
          name,
          [this, member, value] {
            overrides_.push_back([member, value](LoadShape& shape) { shape.*member = value; });
          },
          description)
      ->group(group);
}

void Parser::add_server() {
  const char* const group = "The server";
  app_.add_option("--url", options_.url, "where its HTTP is")->group(group)->capture_default_str();
  app_.add_option("--secret", options_.secret,
                  "of its HS256 tokens; also from JWT_SECRET. Without one, tokens are asked of its "
                  "demo mode")
      ->group(group);
  app_.add_option(
          "--server-pid", options_.server_pid,
          "its process: CPU time of all its threads and children, and memory, are read of it")
      ->group(group);
  app_.add_option("--server-core", options_.server_core,
                  "the core that it is pinned to: the core's softirq time is read beside it")
      ->group(group);
}

void Parser::add_load() {
  const char* const group = "The load";
  app_.add_option("--load", options_.load, load_descriptions())
      ->group(group)
      ->check(CLI::IsMember({"A", "B", "C", "D", "E", "F", "storm", "free"}));
  add_override(group, "--rooms", &LoadShape::rooms, "rooms [1]");
  add_override(group, "--publishers", &LoadShape::publishers, "publishers in each room [2]");
  add_override(group, "--viewers", &LoadShape::viewers,
               "viewers in each room, each of all its publishers [4]");
  add_override_flag(group, "--video", &LoadShape::video, true, "publishers have a camera [yes]");
  add_override_flag(group, "--no-video", &LoadShape::video, false, "publishers have no camera");
  add_override_flag(group, "--audio", &LoadShape::audio, true, "publishers have a microphone [no]");
  add_override(group, "--ramp", &LoadShape::ramp_s,
               "seconds from the first join to the last, publishers first [a hundredth for each "
               "participant]");
  app_.add_option("--seed", options_.seed, "of phases and sizes")
      ->group(group)
      ->capture_default_str();
}

void Parser::add_media() {
  const char* const group = "Media";
  add_override(group, "--rate", &LoadShape::video_kbps,
               "kbit/s of a camera; its frames take as many full packets as that needs [1500]");
  add_override(group, "--fps", &LoadShape::fps, "frames each second [30]");
  add_override(group, "--packet-size", &LoadShape::packet_size,
               "bytes of a video packet, RTP header included, SRTP's tag not [1200]");
  add_override(group, "--audio-packet-size", &LoadShape::audio_packet_size,
               "the same of an audio packet, in the mean [120]");
  add_override(group, "--audio-spread", &LoadShape::audio_spread,
               "by how many bytes at most audio packets are larger or smaller [10]");
  add_override_flag(group, "--exact-size", &LoadShape::exact_size, true,
                    "the packets of a frame are all of one size; else some are smaller by a byte, "
                    "as browsers make them");
  app_.add_option("--spacing", spacing_,
                  "burst: the packets of a frame leave back to back; even: spread over its time")
      ->group(group)
      ->check(CLI::IsMember({"burst", "even"}));
  add_override_flag(group, "--simulcast", &LoadShape::simulcast, true,
                    "three layers: a tenth of the rate, a third of it, all of it");
  add_override_flag(group, "--dtx", &LoadShape::dtx, true,
                    "microphones fall silent for seconds, as opus with DTX does");
  app_.add_option("--pli", pli_,
                  "a key frame that is asked for leaves at-once, or in place of the next-frame as "
                  "encoders do it [at-once]")
      ->group(group)
      ->check(CLI::IsMember({"at-once", "next-frame"}));
  app_.add_option("--profile", profile_, "SRTP profile that clients offer, or all")
      ->group(group)
      ->capture_default_str()
      ->check(CLI::IsMember(
          {"AEAD_AES_128_GCM", "AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80", "all"}));
}

void Parser::add_time() {
  const char* const group = "Time";
  app_.add_option("--warmup", options_.warmup_s,
                  "seconds between the last join and the measured window")
      ->group(group)
      ->capture_default_str();
  app_.add_option("--duration", options_.duration_s, "seconds of the measured window")
      ->group(group)
      ->capture_default_str();
  app_.add_option("--join-timeout", options_.join_timeout_s,
                  "seconds that all joins together may take")
      ->group(group)
      ->capture_default_str();
  app_.add_flag("--max-rate", options_.max_rate,
                "raise the publishers' rate step by step until packets are lost, and report the "
                "last step without")
      ->group(group);
  app_.add_option("--step", options_.step_s, "seconds of a step of --max-rate")
      ->group(group)
      ->capture_default_str();
  app_.add_option("--step-factor", options_.step_factor, "by how much a step raises the rate")
      ->group(group)
      ->capture_default_str();
  app_.add_option("--poll-interval", options_.poll_interval_us,
                  "microseconds between two looks at the sockets, once all have joined, so that "
                  "the server is not "
                  "charged for waking this process; 0: every packet may wake it. Arrival times are "
                  "the kernel's")
      ->group(group)
      ->capture_default_str();
  app_.add_option("--core", options_.core, "pin this process to a core")->group(group);
}

void Parser::add_output() {
  const char* const group = "Output";
  app_.add_option("--json", options_.json_file, "write the results to a file too")->group(group);
  app_.add_option("--plots", options_.plots,
                  "draw latency into a folder (needs python3-matplotlib)")
      ->group(group);
  app_.add_flag("--quiet", options_.quiet, "no progress line")->group(group);
}

void Parser::add_expectations() {
  const char* const group = "What must hold for exit status 0";
  Expectations& expect = options_.expect;
  app_.add_option("--expect-loss", expect.loss, "packets lost, at most")->group(group);
  app_.add_option("--expect-p50", expect.p50_us,
                  "median latency of delta frames (or audio) in us, at most")
      ->group(group);
  app_.add_option("--expect-p99", expect.p99_us, "the 99th percentile of it in us, at most")
      ->group(group);
  app_.add_option("--expect-cpu", expect.cpu_us,
                  "the server's CPU time for each verified packet in us, at most")
      ->group(group);
  app_.add_option("--expect-join", expect.join_p50_ms,
                  "median server time of a viewer's join in ms, at most")
      ->group(group);
  app_.add_option("--expect-answer", expect.answer_p99_ms,
                  "99th percentile of answers to requests in ms, at most")
      ->group(group);
  app_.add_option("--expect-gap", expect.gap_ms,
                  "longest time that any viewer had no packet of a stream in ms, at most")
      ->group(group);
  app_.add_option("--expect-rate", expect.rate, "verified packets each second, at least")
      ->group(group);
}

std::string Parser::check() const {
  const LoadShape& shape = options_.shape;
  if (shape.rooms < 1 || shape.publishers < 0 || shape.viewers < 0)
    return "--rooms must be at least 1, --publishers and --viewers at least 0";
  if (!shape.video && !shape.audio) return "publishers need --video or --audio";
  if (shape.packet_size < 160 || shape.packet_size > 1400)
    return "--packet-size must be 160 to 1400";
  if (shape.audio_packet_size - shape.audio_spread < 100 ||
      shape.audio_packet_size + shape.audio_spread > 1400)
    return "--audio-packet-size less or plus --audio-spread must be 100 to 1400";
  if (shape.fps < 1 || shape.fps > 1000 || shape.video_kbps < 1)
    return "--fps must be 1 to 1000, --rate at least 1";
  if (shape.audio_spread < 0) return "--audio-spread must not be negative";
  if (options_.duration_s <= 0 || options_.step_s <= 0 || options_.warmup_s < 0 ||
      options_.join_timeout_s <= 0 || options_.poll_interval_us < 0)
    return "--duration, --step and --join-timeout must be more than 0, --warmup and "
           "--poll-interval "
           "not negative";
  if (options_.step_factor <= 1) return "--step-factor must be more than 1";
  return {};
}

std::optional<Options> Parser::parse(int argc, char** argv, int& status) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool is_help = error.get_exit_code() == 0;
    app_.exit(error);
    status = is_help ? 0 : 2;
    return std::nullopt;
  }
  options_.shape = load_by_name(options_.load);
  for (const auto& override_shape : overrides_) override_shape(options_.shape);
  if (!spacing_.empty()) options_.shape.even = spacing_ == "even";
  if (!pli_.empty()) options_.shape.key_frames_at_once = pli_ == "at-once";
  if (options_.shape.ramp_s <= 0)
    options_.shape.ramp_s = options_.shape.rooms *
                            (options_.shape.publishers + options_.shape.viewers) / kJoinsEachSecond;
  for (const auto& profile : crypto::kSrtpProfiles)
    if (profile_ == "all" || profile.name == profile_) options_.profiles.push_back(profile.profile);
  if (const std::string wrong = check(); !wrong.empty()) {
    std::fprintf(stderr, "%s\n", wrong.c_str());
    status = 2;
    return std::nullopt;
  }
  return options_;
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& status) {
  return Parser().parse(argc, argv, status);
}

}  // namespace sfu::load
