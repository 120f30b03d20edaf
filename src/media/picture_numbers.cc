#include "media/picture_numbers.h"

#include <algorithm>

#include "rtp/codec/vp8.h"

namespace sfu::media {
namespace {

constexpr std::uint16_t kLongMask = 0x7fff;
constexpr std::uint16_t kShortMask = 0x7f;

bool is_newer(std::uint16_t a, std::uint16_t b, std::uint16_t mask) {
  const auto ahead = static_cast<std::uint16_t>((a - b) & mask);
  return ahead != 0 && ahead <= mask / 2;
}

}  // namespace

struct PictureNumbers::Numbers {
  std::optional<std::uint16_t> picture_id;
  std::optional<std::uint8_t> tl0_picture_index;
  std::uint16_t mask = kLongMask;
};

PictureNumbers::Numbers PictureNumbers::numbers_of(const ReceivedPacket& packet) {
  if (packet.vp8)
    return {packet.vp8->picture_id, packet.vp8->tl0_picture_index,
            packet.vp8->long_picture_id ? kLongMask : kShortMask};
  if (packet.vp9)
    return {packet.vp9->picture_id, packet.vp9->tl0_picture_index,
            packet.vp9->long_picture_id ? kLongMask : kShortMask};
  return {};
}

void PictureNumbers::start(const ReceivedPacket& packet, Shift& shift) {
  const Numbers numbers = numbers_of(packet);
  shift.picture_id = shift.frame_number = 0;
  shift.tl0_picture_index = 0;
  if (numbers.picture_id && picture_id_)
    shift.picture_id = static_cast<std::uint16_t>(*numbers.picture_id - (*picture_id_ + 1));
  if (numbers.tl0_picture_index && tl0_picture_index_)
    shift.tl0_picture_index =
        static_cast<std::uint8_t>(*numbers.tl0_picture_index - (*tl0_picture_index_ + 1));
  if (packet.targets && frame_number_)
    shift.frame_number =
        static_cast<std::uint16_t>(packet.targets->frame_number - (*frame_number_ + 1));
  newest_incoming_.reset();
  first_picture_id_.reset();
  first_frame_number_.reset();
  if (numbers.picture_id)
    first_picture_id_ =
        static_cast<std::uint16_t>((*numbers.picture_id - shift.picture_id) & numbers.mask);
  if (packet.targets)
    first_frame_number_ =
        static_cast<std::uint16_t>(packet.targets->frame_number - shift.frame_number);
}

bool PictureNumbers::repeats_numbers(const ReceivedPacket& packet, const Shift& shift) const {
  const Numbers numbers = numbers_of(packet);
  if (numbers.picture_id && first_picture_id_) {
    const auto outgoing =
        static_cast<std::uint16_t>((*numbers.picture_id - shift.picture_id) & numbers.mask);
    if (!is_newer(*first_picture_id_, outgoing, numbers.mask)) return true;
  }
  if (packet.targets && first_frame_number_) {
    const auto outgoing =
        static_cast<std::uint16_t>(packet.targets->frame_number - shift.frame_number);
    if (!is_newer(*first_frame_number_, outgoing, 0xffff)) return true;
  }
  return false;
}

void PictureNumbers::handle_forwarded(const ReceivedPacket& packet, const Shift& shift) {
  const Numbers numbers = numbers_of(packet);
  advance(numbers, packet, shift);
  if (numbers.picture_id) newest_incoming_ = numbers.picture_id;
}

void PictureNumbers::handle_late(const ReceivedPacket& packet, const Shift& shift) {
  advance(numbers_of(packet), packet, shift);
}

void PictureNumbers::advance(const Numbers& numbers, const ReceivedPacket& packet,
                             const Shift& shift) {
  if (numbers.picture_id) {
    const auto outgoing =
        static_cast<std::uint16_t>((*numbers.picture_id - shift.picture_id) & numbers.mask);
    if (!picture_id_ || is_newer(outgoing, *picture_id_, numbers.mask)) picture_id_ = outgoing;
  }
  if (numbers.tl0_picture_index) {
    const auto outgoing =
        static_cast<std::uint8_t>(*numbers.tl0_picture_index - shift.tl0_picture_index);
    if (!tl0_picture_index_ || is_newer(outgoing, *tl0_picture_index_, 0xff))
      tl0_picture_index_ = outgoing;
  }
  if (packet.targets) {
    const auto outgoing =
        static_cast<std::uint16_t>(packet.targets->frame_number - shift.frame_number);
    if (!frame_number_ || is_newer(outgoing, *frame_number_, 0xffff)) frame_number_ = outgoing;
  }
}

void PictureNumbers::handle_left_out(const ReceivedPacket& packet, Shift& shift) {
  if (!packet.vp8 || !packet.vp8->picture_id) return;
  const std::uint16_t mask = packet.vp8->long_picture_id ? kLongMask : kShortMask;
  if (newest_incoming_ && !is_newer(*packet.vp8->picture_id, *newest_incoming_, mask)) return;
  newest_incoming_ = *packet.vp8->picture_id;
  ++shift.picture_id;
}

namespace {

/// The head of RFC 9628 §4.2's descriptor, up to the last byte that changes:
///
///    0 1 2 3 4 5 6 7
///   +-+-+-+-+-+-+-+-+
///   |I|P|L|F|B|E|V|Z|
///   |M| PICTURE ID  |  where I is set
///   |  PICTURE ID   |  where M is set
///   | TID |U| SID |D|  where L is set
///   |   TL0PICIDX   |  where L is set and F is not
///   +-+-+-+-+-+-+-+-+
std::size_t write_vp9_descriptor(Bytes payload, const Vp9Numbers& numbers, const Shift& shift,
                                 MutableBytes out) {
  const bool has_layers = (payload[0] & 0x20) != 0;
  std::size_t size = 1;
  if (numbers.picture_id) size += numbers.long_picture_id ? 2 : 1;
  if (has_layers) ++size;
  if (numbers.tl0_picture_index) ++size;
  std::ranges::copy(payload.first(size), out.begin());
  if (numbers.picture_id) {
    const auto outgoing = static_cast<std::uint16_t>(*numbers.picture_id - shift.picture_id);
    if (numbers.long_picture_id)
      store_be16(out, 1, static_cast<std::uint16_t>(0x8000 | (outgoing & kLongMask)));
    else
      out[1] = static_cast<std::uint8_t>(outgoing & kShortMask);
  }
  if (numbers.tl0_picture_index)
    out[size - 1] = static_cast<std::uint8_t>(*numbers.tl0_picture_index - shift.tl0_picture_index);
  return size;
}

}  // namespace

std::size_t write_descriptor(const ReceivedPacket& packet, const Shift& shift, MutableBytes out) {
  if (shift.picture_id == 0 && shift.tl0_picture_index == 0) return 0;
  if (packet.vp8) {
    const rtp::codec::Vp8Payload& vp8 = *packet.vp8;
    if (!vp8.picture_id && !vp8.tl0_picture_index) return 0;
    const auto picture_id =
        static_cast<std::uint16_t>(vp8.picture_id.value_or(0) - shift.picture_id);
    const auto tl0_picture_index =
        static_cast<std::uint8_t>(vp8.tl0_picture_index.value_or(0) - shift.tl0_picture_index);
    rtp::codec::rewrite_vp8_descriptor(packet.view.payload(), vp8, picture_id, tl0_picture_index,
                                       out);
    return vp8.descriptor_size;
  }
  if (packet.vp9) return write_vp9_descriptor(packet.view.payload(), *packet.vp9, shift, out);
  return 0;
}

void shift_frame_number(MutableBytes header, std::size_t offset, std::uint16_t shift) {
  // start_of_frame, end_of_frame, template id of 6 bits, then the frame number of 16.
  const std::size_t at = offset + 1;
  store_be16(header, at, static_cast<std::uint16_t>(load_be16(header, at) - shift));
}

}  // namespace sfu::media
