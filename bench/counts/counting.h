#pragma once

namespace sfu::counts {

/// Callgrind counts the instructions of this thread from begin_counting() to end_counting(), but
/// none inside an Uncounted. Outside of callgrind all of this does nothing. Both functions are
/// called inside an Uncounted.
void begin_counting();
void end_counting();

/// Wherever the worker calls the program that measures it.
class Uncounted {
 public:
  Uncounted();
  ~Uncounted();
  Uncounted(const Uncounted&) = delete;
  Uncounted& operator=(const Uncounted&) = delete;
};

}  // namespace sfu::counts
