// Gathering from and scattering to the places that indices name. Updates of one place are combined by one thread, in
// their order, so that results do not depend on who comes first.
#include "kernels/cuda/elements.cuh"
#include "kernels/gather/places_cuda.h"

namespace mica::cuda {
namespace {

__device__ int64_t index_at(const Indices& indices, int64_t i) {
  return indices.wide ? static_cast<const int64_t*>(indices.data)[i] : static_cast<const int32_t*>(indices.data)[i];
}

// -1 where an index is out of range.
__device__ int64_t find_place(const IndexedPlaces& places, int64_t i) {
  int64_t result = places.start.at(i).of[0];
  for (int k = 0; k < places.depth; ++k) {
    const int64_t place = place_of(index_at(places.indices, i * places.depth + k), places.counts[k]);
    if (place < 0) return -1;
    result += place * places.steps[k];
  }
  return result;
}

template <class T>
__global__ void gather_kernel(const __grid_constant__ GatherPlacesCall call) {
  for (int64_t i = first_element(); i < call.count * call.slice; i += element_stride()) {
    const int64_t row = i / call.slice, place = find_place(call.places, row);
    if (place < 0) call.fault.report();
    static_cast<T*>(call.to)[i] = place < 0 ? T{} : static_cast<const T*>(call.from)[place + (i - row * call.slice)];
  }
}

// The first and the last update of each slice: first[2 * slice] and behind it.
__global__ void clear_kernel(const __grid_constant__ ScatterCall call) {
  for (int64_t i = first_element(); i < call.slices; i += element_stride()) {
    call.first[2 * i] = INT32_MAX;
    call.first[2 * i + 1] = -1;
  }
}
__global__ void mark_kernel(const __grid_constant__ ScatterCall call) {
  for (int64_t i = first_element(); i < call.count; i += element_stride()) {
    const int64_t place = find_place(call.places, i);
    call.found[i] = place;
    if (place < 0) {
      call.fault.report();
      continue;
    }
    atomicMin(&call.first[2 * place], static_cast<int32_t>(i));
    atomicMax(&call.first[2 * place + 1], static_cast<int32_t>(i));
  }
}

template <class T>
__global__ void replace_kernel(const __grid_constant__ ScatterCall call) {
  for (int64_t i = first_element(); i < call.count * call.slice; i += element_stride()) {
    const int64_t update = i / call.slice, place = call.found[update];
    if (place < 0 || call.first[2 * place + 1] != update) continue;
    static_cast<T*>(call.to)[place * call.slice + (i - update * call.slice)] = static_cast<const T*>(call.updates)[i];
  }
}

template <class W>
__device__ W combine(Combination combination, W a, W b) {
  switch (combination) {
    case Combination::Add:
      return a + b;
    case Combination::Mul:
      return a * b;
    case Combination::Max:
      return a < b ? b : a;
    default:
      return b < a ? b : a;
  }
}

// Each combination is rounded as it would be stored; those of integers wrap around.
template <class T, class W>
__device__ W combined(Combination combination, W a, W b) {
  if constexpr (W(0.5) != 0) {
    return widen(narrow<T>(combine(combination, a, b)));
  } else {
    const bool wraps = combination == Combination::Add || combination == Combination::Mul;
    return wraps ? static_cast<W>(combine(combination, static_cast<uint64_t>(a), static_cast<uint64_t>(b)))
                 : combine(combination, a, b);
  }
}

// The first update of a place goes through those behind it.
template <class T>
__global__ void combine_kernel(const __grid_constant__ ScatterCall call) {
  using E = Elements<T>;
  for (int64_t i = first_element(); i < call.count * call.slice; i += element_stride()) {
    const int64_t update = i / call.slice, within = i - update * call.slice, place = call.found[update];
    if (place < 0 || call.first[2 * place] != update) continue;
    const int64_t last = call.first[2 * place + 1], to = place * call.slice + within;
    auto value = E::load(call.to, call.number, to);
    for (int64_t j = update; j <= last; ++j) {
      if (call.found[j] != place) continue;
      value = combined<T>(call.combination, value, E::load(call.updates, call.number, j * call.slice + within));
    }
    E::store(call.to, call.number, to, value);
  }
}

// As a whole number, fractions cut off; numbers far beyond any index stay so.
__device__ int64_t whole_number(const OneHotCall& call, int64_t i) {
  if (!is_float(call.number)) return load_integer(call.indices, call.number, i);
  const double x = call.number == Number::F64 ? static_cast<const double*>(call.indices)[i]
                                              : static_cast<double>(load_float(call.indices, call.number, i));
  constexpr double kFar = 0x1p62;
  return fabs(x) < kFar ? static_cast<int64_t>(x) : INT64_MAX;
}

template <class T>
__global__ void one_hot_kernel(const __grid_constant__ OneHotCall call) {
  const T* values = static_cast<const T*>(call.values);
  for (int64_t i = first_element(); i < call.outer * call.depth * call.inner; i += element_stride()) {
    const int64_t inner = i % call.inner, place = i / call.inner % call.depth, outer = i / call.inner / call.depth;
    const int64_t index = whole_number(call, outer * call.inner + inner);
    static_cast<T*>(call.y)[i] = values[(index < 0 ? index + call.depth : index) == place];
  }
}

}  // namespace

void launch_gather_places(const GatherPlacesCall& call, void* stream) {
  if (call.count * call.slice == 0) return;
  visit_width(call.width,
              [&]<class T>() { launch(gather_kernel<T>, over_elements(call.count * call.slice), stream, call); });
}

void launch_scatter(const ScatterCall& call, void* stream) {
  const int64_t elements = call.count * call.slice;
  if (elements == 0) return;
  if (call.slices > 0) launch(clear_kernel, over_elements(call.slices), stream, call);
  launch(mark_kernel, over_elements(call.count), stream, call);
  if (call.combination == Combination::None) {
    visit_width(call.width, [&]<class T>() { launch(replace_kernel<T>, over_elements(elements), stream, call); });
    return;
  }
  visit_elements(call.number, [&]<class T>() { launch(combine_kernel<T>, over_elements(elements), stream, call); });
}

void launch_one_hot(const OneHotCall& call, void* stream) {
  const int64_t elements = call.outer * call.depth * call.inner;
  if (elements == 0) return;
  visit_width(call.width, [&]<class T>() { launch(one_hot_kernel<T>, over_elements(elements), stream, call); });
}

}  // namespace mica::cuda
