#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <cstddef>
#include <optional>

#include "base/ids.h"
#include "ortc/producer_parameters.h"
#include "service/media_type.h"

namespace sfu::service {

struct Producer {
  ProducerId id;
  ortc::MediaKind kind = ortc::MediaKind::Audio;
  MediaType type = MediaType::Audio;
  boost::json::object app_data;  // As the client gave it.
  bool paused = false;
  ortc::ProducerParameters parameters;
};

/// What one participant sends: at most one producer of each media type.
class ProducerHandler {
 public:
  Producer* find(MediaType type);
  const Producer* find(MediaType type) const;
  const Producer* find(ProducerId id) const;

  /// Keeps `producer`; none of its type may be there.
  Producer& add(Producer producer);
  /// None where there is none of this type.
  std::optional<Producer> remove(MediaType type);

  /// The other producers of these parameters' transport that they cannot stand beside, as they name
  /// the same stream.
  struct Conflict {
    bool with_same_type = false;
    bool with_another = false;
  };
  Conflict conflict(MediaType type, const ortc::RtpParameters& parameters) const;

  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& producer : producers_)
      if (producer) visit(*producer);
  }
  std::size_t size() const;

 private:
  std::array<std::optional<Producer>, kMediaTypes> producers_;
};

}  // namespace sfu::service
