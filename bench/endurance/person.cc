#include "endurance/person.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "endurance/json_fields.h"

namespace sfu::endurance {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr TimeDelta kRetry = 400ms;
constexpr std::size_t kGarbage = 40;  // Datagrams at a time.

}  // namespace

const std::vector<std::string>& Person::all_media() {
  static const std::vector<std::string> kMedia = {"audio", "video", "screen-video"};
  return kMedia;
}

Person::Person(World& world, Identity identity, std::uint64_t seed)
    : world_(world), identity_(std::move(identity)), random_(seed) {
  for (const std::string& media : all_media()) {
    Track one;
    one.media = media;
    one.is_video = media != "audio";
    one.wanted = media != "screen-video";
    tracks_.push_back(std::move(one));
  }
}

Person::~Person() = default;

std::optional<Timestamp> Person::waiting_since() const {
  if (frozen_ || stage_ == Stage::Away || deaf_) return std::nullopt;
  const auto& since = stage_ == Stage::Joining ? joining_since_ : absent_since_;
  return since ? std::optional(std::max(*since, awake_since_)) : std::nullopt;
}

Person::Track& Person::track(std::string_view media) {
  return *std::ranges::find(tracks_, media, &Track::media);
}

bool Person::publishes(std::string_view media) const {
  const Track& one = *std::ranges::find(tracks_, media, &Track::media);
  return settled() && one.wanted && !one.paused && !one.resuming && one.sender;
}

const sim::StreamReceiver* Person::receiver_of(const Consumer& consumer) const {
  for (const sim::StreamReceiver& receiver : browser_->receivers())
    if (receiver.options().ssrc == consumer.ssrc) return &receiver;
  return nullptr;
}

std::uint64_t Person::frames_from(const std::string& publisher, const std::string& media) const {
  const auto earlier = earlier_frames_.find({publisher, media});
  std::uint64_t frames = earlier == earlier_frames_.end() ? 0 : earlier->second;
  for (const auto& [id, consumer] : consumers_) {
    if (consumer.publisher != publisher || consumer.media != media) continue;
    const sim::StreamReceiver* const receiver = receiver_of(consumer);
    if (receiver) frames += receiver->frames_decoded();
  }
  return frames;
}

bool Person::sees(const std::string& publisher) const {
  return std::ranges::any_of(consumers_,
                             [&](const auto& one) { return one.second.publisher == publisher; });
}

// --- what befalls it ---

void Person::lose_signaling(Timestamp now, Ending ending) {
  if (signaling_ && ending == Ending::Reset) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(signaling_->fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  } else if (signaling_) {
    silent_.push_back(std::move(*signaling_));
    constexpr std::size_t kKept = 4;
    if (silent_.size() > kKept) silent_.pop_front();
  }
  signaling_.reset();
  if (!absent_since_) absent_since_ = now;
  retry_at_ = now + kRetry + TimeDelta(random_.next_u32() % 500'000);
}

/// Of a silent end the server learns only by its pings, and the grace period begins then.
void Person::freeze(Timestamp now, bool for_long) {
  const bool silent = !for_long && random_.next_u32() % 2 != 0;
  lose_signaling(now, silent ? Ending::Silent : Ending::Reset);
  frozen_ = true;
  gone_for_long_ = for_long;
}

/// The machine wakes up in another network: nothing of what it slept through is sent late.
void Person::thaw(Timestamp now) {
  frozen_ = false;
  awake_since_ = now;
  if (gone_for_long_) joining_since_ = now;
  retry_at_ = now;
  if (!browser_) return;
  for (sim::StreamSender& sender : browser_->senders()) sender.set_active(false, now);
  browser_->handle_timeout(now);
  for (const Track& one : tracks_)
    if (one.sender) one.sender->set_active(!one.paused, now);
  change_ports();
}

/// The socket itself stays a while: one that is closed with bytes unread would end by RST, which
/// takes back what was sent last.
void Person::close_tab() {
  if (signaling_) {
    signaling_->client().go_away();
    signaling_->flush();
    ::shutdown(signaling_->fd(), SHUT_WR);
  }
  carriers_.clear();
  stage_ = Stage::Away;
}

void Person::leave() {
  if (signaling_) {
    signaling_->client().close();
    signaling_->flush();
  }
  carriers_.clear();
  stage_ = Stage::Away;
}

void Person::finish() {
  while (!consumers_.empty()) remove_consumer(std::string(consumers_.begin()->first));
  stage_ = Stage::Away;
}

void Person::restart_ice(Timestamp now) {
  for (const char* direction : {"send", "recv"}) restart_direction(now, direction);
}

void Person::change_ports() {
  carriers_.clear();
  const std::uint16_t first = std::exchange(next_port_, static_cast<std::uint16_t>(next_port_ + 2));
  browser_->move_to_ports(first, static_cast<std::uint16_t>(first + 1));
}

void Person::rebind_ports() {
  carriers_.clear();
  const std::uint16_t first = std::exchange(next_port_, static_cast<std::uint16_t>(next_port_ + 2));
  browser_->rebind_ports(first, static_cast<std::uint16_t>(first + 1));
}

void Person::switch_protocol() {
  protocol_ = protocol_ == IpProtocol::Udp ? IpProtocol::Tcp : IpProtocol::Udp;
  browser_->talk_to(protocol_ == IpProtocol::Tcp ? tcp_ : udp_);
  change_ports();
}

void Person::set_loss(double to_server, double from_server) {
  loss_to_server_ = to_server;
  loss_from_server_ = from_server;
}

/// To the media port from its own address: noise of each first byte, and under its own keys
/// compounds of noise.
void Person::send_garbage(RandomSource& random) {
  std::array<std::uint8_t, 600> noise;
  for (std::size_t i = 0; i < kGarbage; ++i) {
    random.fill(noise);
    const std::size_t size = 1 + random.next_u32() % noise.size();
    constexpr std::array<std::uint8_t, 6> kFirstBytes = {0, 1, 20, 22, 128, 144};
    noise[0] = kFirstBytes[random.next_u32() % kFirstBytes.size()];
    for (const auto& [port, carrier] : carriers_) carrier->send(Bytes(noise).first(size));
    noise[0] = 0x81;
    noise[1] = static_cast<std::uint8_t>(200 + random.next_u32() % 8);
    if (browser_->send_connected()) browser_->forge_publisher_rtcp(Bytes(noise).first(size));
    if (browser_->receive_connected()) browser_->forge_viewer_rtcp(Bytes(noise).first(size));
  }
}

void Person::set_paused(Timestamp now, const std::string& media, bool paused) {
  Track& one = track(media);
  one.paused = paused;
  if (one.sender) one.sender->set_active(!paused, now);
  if (!one.produced) return;
  one.resuming = !paused;
  request(now, paused ? "pause-producer" : "resume-producer", json::object{{"kind", media}},
          [this, media](Timestamp, const Reply& reply) {
            if (reply.ok) track(media).resuming = false;
          });
}

void Person::share_screen(Timestamp now, bool shared) {
  Track& screen = track("screen-video");
  screen.wanted = shared;
  if (shared) return produce(now, screen);
  stop_sending(screen);
  request(now, "close-producer", json::object{{"kind", screen.media}}, nullptr);
}

// --- media ---

void Person::send(const Path& path, Bytes datagram) {
  if (lost(loss_to_server_)) return;
  std::unique_ptr<Carrier>& carrier = carriers_[path.local.port];
  if (!carrier || carrier->broken()) carrier = Carrier::open(protocol_, path.remote);
  carrier->send(datagram);
}

void Person::step_media(Timestamp now) {
  if (!browser_) return;
  const Endpoint server = protocol_ == IpProtocol::Tcp ? tcp_ : udp_;
  for (const auto& [port, carrier] : carriers_) {
    const Endpoint local{world_.server_ip, port};
    if (deaf_ && browser_->receive_connected() && port == browser_->receive_endpoint().port)
      continue;
    carrier->receive([&](MutableBytes datagram) {
      if (!lost(loss_from_server_))
        browser_->handle_datagram(now, {local, server, IpProtocol::Udp}, datagram);
    });
  }
  start_sending(now);
  if (browser_->next_timeout() <= now) browser_->handle_timeout(now);
  browser_->flush(now, *this);
  settle(now);
}

void Person::start_sending(Timestamp now) {
  if (!browser_->send_connected()) return;
  for (Track& one : tracks_) {
    if (!one.produced || one.sender) continue;
    const auto parameters = publishing(one.is_video, one.mid, one.ssrc);
    sim::StreamSender::Options options;
    options.is_video = one.is_video;
    options.ssrc = one.ssrc;
    options.payload_type = parameters.codecs[0].payload_type;
    if (one.is_video) {
      options.rtx_ssrc = Ssrc{one.ssrc.value + 1};
      options.rtx_payload_type = parameters.codecs[1].payload_type;
    }
    options.mid = one.mid;
    options.packets_per_frame = 2;
    options.frame_interval = frame_interval(one.media);
    options.clock_rate = one.is_video ? 90'000 : 48'000;
    options.extensions = extensions_of(parameters);
    one.sender = &browser_->add_sender(std::move(options), now);
    one.sender->set_active(!one.paused, now);
    if (!one.is_video) one.sender->set_audio_level(30);
  }
}

void Person::stop_sending(Track& track) {
  if (browser_ && track.sender)
    browser_->senders().remove_if([&](const auto& sender) { return &sender == track.sender; });
  track.sender = nullptr;
  track.asked = track.produced = track.resuming = false;
}

void Person::step(Timestamp now) {
  if (stage_ == Stage::Away || frozen_) return;
  if (!signaling_ && now >= retry_at_) connect(now);
  step_signaling(now);
  step_media(now);
}

}  // namespace sfu::endurance
