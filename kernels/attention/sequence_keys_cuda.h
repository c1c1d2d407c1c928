// Launcher of the CUDA kernel that works out the keys of each sequence of a batch from numbers on the device.
#pragma once

#include "kernels/attention/row_layout.h"
#include "kernels/cuda/fault.h"
#include "kernels/cuda/number.h"

namespace mica::cuda {

/// Sequence b has lengths[b] + extra keys, of which the last fresh[b], or without these as many as there are rows, are
/// new. Numbers that do not fit report a fault and count as no keys.
struct SequenceKeysCall {
  const void* lengths;
  Number number;  ///< of lengths and fresh: int32 or int64
  int64_t extra;
  const void* fresh;  ///< null: none
  int64_t batch, rows;
  int64_t most_keys;     ///< a length that is larger is a fault
  int64_t most_past;     ///< so are more keys that are not new
  int64_t shown_keys;    ///< keys from here on do not count
  bool needs_rows;       ///< queries begin `rows` before the end, be there that many keys or not
  SequenceKeys* result;  ///< of each sequence
  Fault fault;
};
void launch_sequence_keys(const SequenceKeysCall& call, void* stream);

}  // namespace mica::cuda
