#pragma once

#include <tl/expected.hpp>
#include <utility>

namespace sfu {

/// The value, or why there is none. For input that we do not control; a broken invariant is a bug
/// and fails an SFU_CHECK instead.
template <class T, class Error>
using Result = tl::expected<T, Error>;

template <class Error>
constexpr auto fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace sfu
