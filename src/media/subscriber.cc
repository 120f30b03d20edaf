#include "media/subscriber.h"

#include "media/source.h"

namespace sfu::media {

Subscriber::~Subscriber() {
  if (source_) source_->unsubscribe(*this);
}

}  // namespace sfu::media
