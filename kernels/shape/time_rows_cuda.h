// Launchers of CUDA kernels that write rows in an order that numbers on the device say.
#pragma once

#include "kernels/cuda/fault.h"

namespace mica::cuda {

/// The first lengths[b] of the `time` rows of batch element b backwards, the others as they are. A length that is none
/// is reported.
struct ReverseCall {
  const void* from;
  void* to;
  int64_t element_width;
  int64_t batch, time, width, batch_stride, time_stride;
  const int64_t* lengths;
  Fault fault;
};
void launch_reverse(const ReverseCall& call, void* stream);

/// Puts `steps` rows of `width` elements into each of `rows` caches of `length` rows: from row first[i / per_batch] of
/// cache i on, or, with null, from row 0 on. `circular` goes on at row 0 behind the last; else rows that are not there
/// are reported.
struct CacheRowsCall {
  const void* from;
  void* to;
  int64_t element_width;
  int64_t rows, per_batch, steps, length, width;
  const int64_t* first;
  bool circular;
  Fault fault;
};
void launch_cache_rows(const CacheRowsCall& call, void* stream);

}  // namespace mica::cuda
