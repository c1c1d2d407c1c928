// Resize: first, for every place along each axis, which elements it is made of; then the elements.
#include <type_traits>

#include "kernels/cuda/elements.cuh"
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

// What a sum of whole numbers becomes: rounded and saturated.
__device__ int64_t saturated(Number number, int64_t width, double value) {
  const bool is_signed =
      number == Number::I8 || number == Number::I16 || number == Number::I32 || number == Number::I64;
  const int bits = static_cast<int>(8 * width) - (is_signed ? 1 : 0);
  const int64_t highest = bits == 63 ? INT64_MAX : (int64_t{1} << bits) - 1, lowest = is_signed ? -highest - 1 : 0;
  const double rounded = rint(value);
  if (!(rounded > static_cast<double>(lowest))) return lowest;
  return rounded < static_cast<double>(highest) ? static_cast<int64_t>(rounded) : highest;
}

template <class T>
__global__ void filter_kernel(const __grid_constant__ ResizeCall call) {
  using E = Elements<T>;
  constexpr bool kWhole = sizeof(typename E::W) == sizeof(int64_t) && typename E::W(0.5) == 0;
  using W = std::conditional_t<kWhole, double, typename E::W>;
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
      if (weight != 0) sum += weight * static_cast<W>(E::load(call.x, call.number, at));
    }
    if (!inside) sum = W(call.extrapolation);
    if constexpr (kWhole) {
      E::store(call.y, call.number, i, saturated(call.number, call.width, sum));
    } else {
      E::store(call.y, call.number, i, sum);
    }
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
  visit_elements(call.number, [&]<class T>() { launch(filter_kernel<T>, over_elements(call.elements), stream, call); });
}

}  // namespace mica::cuda
