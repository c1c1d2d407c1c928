// Where kernels report contents that make no sense, such as an index out of range, instead of acting on them.
#pragma once

#include <stdint.h>

namespace mica::cuda {

struct Fault {
  uint32_t* word = nullptr;  ///< 0, or 1 + the number of the first step that has reported
  uint32_t step = 0;

  constexpr void report() const {
    if (*word == 0) *word = step + 1;
  }
};

/// The place of an index into `count` elements, negative ones counted from the end; -1 when it is out of range.
constexpr int64_t place_of(int64_t index, int64_t count) {
  const int64_t place = index < 0 ? index + count : index;
  return place >= 0 && place < count ? place : -1;
}

}  // namespace mica::cuda
