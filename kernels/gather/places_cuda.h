// Places in a tensor that indices name, as CUDA kernels find them.
#pragma once

#include "kernels/cuda/walk.h"
#include "kernels/gather/gather_cuda.h"

namespace mica::cuda {

/// Place i is start.at(i) plus, for each k below `depth`, index (i, k) of the rows of `indices` times steps[k]. Index
/// (i, k) lies in [-counts[k], counts[k]).
struct IndexedPlaces {
  static constexpr int kMostAxes = 16;
  Indices indices;
  int depth = 0;
  int64_t counts[kMostAxes] = {}, steps[kMostAxes] = {};
  Walk<1> start;
};

/// to[i] = from[place i] for slices of `slice` elements of `width` bytes, places being counted in elements. For a place
/// that there is not a fault is reported, and zeros stand for what it would have given.
struct GatherPlacesCall {
  IndexedPlaces places;
  const void* from;
  void* to;
  int64_t count, slice, width;
  Fault fault;
};
void launch_gather_places(const GatherPlacesCall& call, void* stream);

enum class Combination : uint8_t { None, Add, Mul, Max, Min };

/// `slice` elements at a time: to[place i] becomes the update, or is combined with it, in the order of i. Of updates
/// whose place there is not a fault is reported, and nothing is written.
struct ScatterCall {
  IndexedPlaces places;  ///< counted in slices
  Number number;         ///< of what is combined: floats, and whole numbers but uint64
  Combination combination;
  const void* updates;
  void* to;
  int64_t count, slices;  ///< updates, and slices of `to`
  int64_t slice, width;
  int64_t* found;  ///< scratch for `count` places
  int32_t* first;  ///< scratch for two numbers of each slice of `to`
  Fault fault;
};
void launch_scatter(const ScatterCall& call, void* stream);

/// y = values[1] where a place along the middle axis of [outer, depth, inner] is that of the index, else values[0].
struct OneHotCall {
  const void* indices;
  Number number;
  const void* values;
  void* y;
  int64_t width, outer, depth, inner;
};
void launch_one_hot(const OneHotCall& call, void* stream);

}  // namespace mica::cuda
