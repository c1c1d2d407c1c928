// Resize: first, for every place along each axis, which elements it is made of; then the elements.
#include "kernels/cuda/element.cuh"
#include "kernels/image/resize_cuda.h"

namespace mica::cuda {
namespace {

int64_t table_entries(const ResizeCall& call) {
  int64_t count = 0;
  for (int k = 0; k < call.rank; ++k) count += call.axes[k].first != nullptr ? call.axes[k].of.output : 0;
  return count;
}

__global__ void table_kernel(const __grid_constant__ ResizeCall call, int64_t entries) {
  for (int64_t i = first_element(); i < entries; i += element_stride()) {
    int64_t x = i;
    int k = 0;
    for (; call.axes[k].first == nullptr || x >= call.axes[k].of.output; ++k) {
      if (call.axes[k].first != nullptr) x -= call.axes[k].of.output;
    }
    const ResizeCall::Axis& axis = call.axes[k];
    axis.first[x] = axis.weights != nullptr ? call.form.weigh(axis.of, x, axis.weights + x * axis.taps)
                                            : nearest_element(call.form.coordinates, call.rounding, axis.of, x);
  }
}

template <class T>
__global__ void nearest_kernel(const __grid_constant__ ResizeCall call, T extrapolation) {
  for (int64_t i = first_element(); i < call.elements; i += element_stride()) {
    int64_t rest = i, from = 0;
    bool inside = true;
    for (int k = 0; k < call.rank; ++k) {
      const ResizeCall::Axis& axis = call.axes[k];
      const int64_t outer = rest / axis.of.output;
      int64_t place = rest - outer * axis.of.output;
      if (axis.first != nullptr) place = axis.first[place];
      inside = inside && place >= 0;
      from += place * axis.x_step;
      rest = outer;
    }
    static_cast<T*>(call.y)[i] = inside ? static_cast<const T*>(call.x)[from] : extrapolation;
  }
}

// Elements of floats, or by number of integers, which are computed in double.
template <class T>
struct Elements {
  using W = Wide<T>;
  __device__ static W load(const ResizeCall& call, int64_t i) { return widen(static_cast<const T*>(call.x)[i]); }
  __device__ static void store(const ResizeCall& call, int64_t i, W value) {
    static_cast<T*>(call.y)[i] = narrow<T>(value);
  }
};
template <>
struct Elements<int64_t> {
  using W = double;
  __device__ static W load(const ResizeCall& call, int64_t i) {
    return static_cast<double>(load_integer(call.x, call.number, i));
  }
  __device__ static void store(const ResizeCall& call, int64_t i, W value) {
    const bool is_signed = call.number == Number::I8 || call.number == Number::I16 || call.number == Number::I32 ||
                           call.number == Number::I64;
    const int bits = static_cast<int>(8 * call.width) - (is_signed ? 1 : 0);
    const int64_t highest = bits == 63 ? INT64_MAX : (int64_t{1} << bits) - 1, lowest = is_signed ? -highest - 1 : 0;
    const double rounded = rint(value);
    const int64_t inside = rounded > static_cast<double>(lowest) && rounded < static_cast<double>(highest)
                               ? static_cast<int64_t>(rounded)
                           : rounded >= static_cast<double>(highest) ? highest
                                                                     : lowest;
    store_integer(call.y, call.number, i, inside);
  }
};

template <class T>
__global__ void filter_kernel(const __grid_constant__ ResizeCall call) {
  using W = typename Elements<T>::W;
  for (int64_t i = first_element(); i < call.elements; i += element_stride()) {
    int64_t rest = i, from = 0, taps = 1;
    bool inside = true;
    int64_t places[ResizeCall::kMostAxes];
    for (int k = 0; k < call.rank; ++k) {
      const ResizeCall::Axis& axis = call.axes[k];
      const int64_t outer = rest / axis.of.output;
      places[k] = rest - outer * axis.of.output;
      rest = outer;
      if (axis.first == nullptr) {
        from += places[k] * axis.x_step;
      } else {
        taps *= axis.taps;
        inside = inside && !isnan(axis.weights[places[k] * axis.taps]);
      }
    }
    W sum = 0;
    for (int64_t tap = 0; inside && tap < taps; ++tap) {
      int64_t at = from;
      rest = tap;
      W weight = 1;
      for (int k = 0; k < call.rank; ++k) {
        const ResizeCall::Axis& axis = call.axes[k];
        if (axis.first == nullptr) continue;
        const int64_t outer = rest / axis.taps, own = rest - outer * axis.taps;
        const int64_t element = axis.first[places[k]] + own, last = axis.of.input - 1;
        weight *= W(axis.weights[places[k] * axis.taps + own]);
        at += (element < 0 ? 0 : element > last ? last : element) * axis.x_step;
        rest = outer;
      }
      if (weight != 0) sum += weight * Elements<T>::load(call, at);
    }
    Elements<T>::store(call, i, inside ? sum : W(call.extrapolation));
  }
}

void launch_tables(const ResizeCall& call, void* stream) {
  const int64_t entries = table_entries(call);
  if (entries > 0) launch(table_kernel, over_elements(entries), stream, call, entries);
}

}  // namespace

void launch_resize_nearest(const ResizeCall& call, void* stream) {
  if (call.elements == 0) return;
  launch_tables(call, stream);
  visit_width(call.width, [&]<class T>() {
    T extrapolation{};
    if constexpr (sizeof(T) <= sizeof call.extrapolation_bits) extrapolation = static_cast<T>(call.extrapolation_bits);
    launch(nearest_kernel<T>, over_elements(call.elements), stream, call, extrapolation);
  });
}

void launch_resize_filtered(const ResizeCall& call, void* stream) {
  if (call.elements == 0) return;
  launch_tables(call, stream);
  const auto start = [&]<class T>() { launch(filter_kernel<T>, over_elements(call.elements), stream, call); };
  if (!visit_float(call.number, start)) start.template operator()<int64_t>();
}

}  // namespace mica::cuda
