#include <algorithm>
#include <vector>

#include "fuzz/script.h"
#include "ice/frame_queue.h"
#include "ice/frame_reader.h"

namespace {

using namespace sfu;
using Octets = std::vector<std::uint8_t>;

using sfu::fuzz::require;

/// Of all runs: making one takes longer than a run.
PacketArena arena(256);

/// All datagrams of `stream`, which comes in pieces as long as `cuts` says, one after the other.
std::vector<Octets> read(Bytes stream, Bytes cuts) {
  ice::FrameReader reader;
  std::vector<Octets> frames;
  for (std::size_t i = 0; !stream.empty(); ++i) {
    const std::size_t cut = cuts.empty() ? stream.size() : cuts[i % cuts.size()] + std::size_t{1};
    Bytes piece = stream.first(std::min(stream.size(), cut));
    stream = stream.subspan(piece.size());
    while (const auto frame = reader.read(piece, arena))
      frames.emplace_back(frame->bytes().begin(), frame->bytes().end());
    require(piece.empty());
    require(arena.in_use() <= 1);
  }
  return frames;
}

/// Datagrams and time as `script` says, through a queue whose reader takes what it says.
void queue_and_read(Bytes script) {
  ice::FrameQueue queue;
  Timestamp now{};
  Octets written;
  const auto write = [&](std::size_t most) {
    const Bytes next = queue.unwritten();
    const Bytes part = next.first(std::min(most, next.size()));
    written.insert(written.end(), part.begin(), part.end());
    queue.consume(part.size());
  };
  std::uint64_t pushed = 0, refused = 0;
  for (; script.size() >= 3; script = script.subspan(3)) {
    const std::size_t size = load_be16(script, 1);
    switch (script[0] % 4) {
      case 0: {
        const std::size_t most =
            script[0] < 16 ? ice::kMaxFrameSize : 1500;  // Large ones are slow.
        Octets datagram(size % most + 1);
        datagram[0] = script[0];  // Of any kind.
        queue.push(now, datagram) ? ++pushed : ++refused;
        break;
      }
      case 1: write(size); break;
      case 2: now += std::chrono::milliseconds(size % 1024); break;
      default: queue.drop_late(now); break;
    }
    require(queue.unwritten().size() <= ice::FrameQueue::kMaxBytes);
  }
  write(queue.unwritten().size());
  require(queue.empty());
  const auto& counters = queue.counters();
  require(counters.full == refused && counters.frames + counters.late == pushed);

  // What was written is whole frames, as many as were counted.
  std::uint64_t frames = 0;
  for (Bytes rest = written; !rest.empty(); ++frames) {
    require(rest.size() >= ice::kFrameHeaderSize);
    const std::size_t size = ice::kFrameHeaderSize + load_be16(rest, 0);
    require(rest.size() >= size);
    rest = rest.subspan(size);
  }
  require(frames == counters.frames);
}

}  // namespace

/// Properties: a stream gives the same datagrams however it is cut, and one buffer is held at most;
/// whatever is queued, dropped and written in part, the receiver finds whole frames.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  if (input.empty()) return 0;
  const std::size_t cuts = std::min<std::size_t>(input[0] % 16, input.size() - 1);
  const Bytes stream = input.subspan(1 + cuts);
  const auto frames = read(stream, input.subspan(1, cuts));
  require(frames == read(stream, {}));
  for (const Octets& frame : frames)
    require(!frame.empty() && frame.size() <= PacketBuffer::kCapacity);
  queue_and_read(stream);
  return 0;
}
