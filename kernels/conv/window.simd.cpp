#include "kernels/conv/window_simd.h"
#include "kernels/simd/in_register.h"
#include "kernels/simd/lanes.h"

namespace mica::MICA_ISA {
namespace {

// What is done over a window: `first` begins, `fold` takes an element in, `last` ends.
struct Depthwise {
  static constexpr bool kWeighted = true;
  template <class Lanes>
  static MICA_INLINE Vec first(const WindowCall& call, int64_t c, Lanes lanes) {
    return call.bias != nullptr ? lanes.load(call.bias + c) : zero();
  }
  static MICA_INLINE Vec fold(Vec sum, Vec x, Vec w) { return fma(w, x, sum); }
  template <class Lanes>
  static MICA_INLINE Vec last(const WindowCall& call, Vec sum, int64_t at, Lanes lanes) {
    if (call.addend != nullptr) sum = sum + lanes.load(call.addend + at);
    return clamp(sum, call.bounds.low, call.bounds.high);
  }
};

struct Sum {
  static constexpr bool kWeighted = false;
  template <class Lanes>
  static MICA_INLINE Vec first(const WindowCall&, int64_t, Lanes) {
    return zero();
  }
  static MICA_INLINE Vec fold(Vec sum, Vec x, Vec) { return sum + x; }
  template <class Lanes>
  static MICA_INLINE Vec last(const WindowCall& call, Vec sum, int64_t, Lanes) {
    return splat(call.factor) * sum;
  }
};

struct Max {
  static constexpr bool kWeighted = false;
  template <class Lanes>
  static MICA_INLINE Vec first(const WindowCall&, int64_t, Lanes) {
    return splat(-__builtin_inff());
  }
  static MICA_INLINE Vec fold(Vec best, Vec x, Vec) { return max(x, best); }
  template <class Lanes>
  static MICA_INLINE Vec last(const WindowCall&, Vec best, int64_t, Lanes) {
    return best;
  }
};

// `Vectors` vectors of channels from `c` on, of `Outputs` outputs from `o` on.
template <class Window, int Outputs, int Vectors, class Lanes>
MICA_INLINE void block(const WindowCall& call, int64_t o, int64_t c, Lanes lanes) {
  Vec results[Outputs][Vectors];
#pragma GCC unroll kUnrolled
  for (int v = 0; v < Vectors; ++v) {
    const Vec first = Window::first(call, c + v * kLanes, lanes);
#pragma GCC unroll kUnrolled
    for (int i = 0; i < Outputs; ++i) results[i][v] = first;
  }
  const int64_t step = call.x_step;
  for (int64_t row = 0; row < call.rows; ++row) {
    const float* x = call.x + o * step + row * call.x_row + c;
    const float* w = Window::kWeighted ? call.w + row * call.w_row + c : nullptr;
    for (int64_t column = 0; column < call.columns; ++column, x += call.x_column) {
#pragma GCC unroll kUnrolled
      for (int v = 0; v < Vectors; ++v) {
        const Vec factor = Window::kWeighted ? lanes.load(w + v * kLanes) : zero();
#pragma GCC unroll kUnrolled
        for (int i = 0; i < Outputs; ++i) {
          results[i][v] = Window::fold(results[i][v], lanes.load(x + i * step + v * kLanes), factor);
        }
      }
      if (Window::kWeighted) w += call.w_column;
    }
  }
#pragma GCC unroll kUnrolled
  for (int i = 0; i < Outputs; ++i) {
#pragma GCC unroll kUnrolled
    for (int v = 0; v < Vectors; ++v) {
      const int64_t at = (o + i) * call.y_step + c + v * kLanes;
      lanes.store(call.y + at, Window::last(call, results[i][v], at, lanes));
    }
  }
}

// All channels of `Outputs` outputs: what they see in common is in the cache then.
template <class Window, int Outputs>
MICA_INLINE void outputs(const WindowCall& call, int64_t o) {
  int64_t c = 0;
  if constexpr (kLanes > 1) {
    for (; c + 2 * kLanes <= call.channels; c += 2 * kLanes) block<Window, Outputs, 2>(call, o, c, Whole{});
  }
  for (; c + kLanes <= call.channels; c += kLanes) block<Window, Outputs, 1>(call, o, c, Whole{});
  if (c < call.channels) block<Window, Outputs, 1>(call, o, c, First{static_cast<int>(call.channels - c)});
}

template <class Window>
MICA_INLINE void windows_from(const WindowCall& call, int64_t o) {
  for (; o + 4 <= call.outputs; o += 4) outputs<Window, 4>(call, o);
  for (; o < call.outputs; ++o) outputs<Window, 1>(call, o);
}

// As `block` of one vector, where windows of `Taps` columns lie `Stride` of these apart: what several of them see is
// loaded once.
template <class Window, int Taps, int Stride, int Outputs, class Lanes>
MICA_INLINE void sliding_block(const WindowCall& call, int64_t o, int64_t c, Lanes lanes) {
  Vec results[Outputs];
  const Vec first = Window::first(call, c, lanes);
#pragma GCC unroll kUnrolled
  for (int i = 0; i < Outputs; ++i) results[i] = first;
  for (int64_t row = 0; row < call.rows; ++row) {
    const float* x = call.x + o * call.x_step + row * call.x_row + c;
    const float* w = call.w + row * call.w_row + c;
    Vec factors[Taps];
#pragma GCC unroll kUnrolled
    for (int k = 0; k < Taps; ++k) factors[k] = lanes.load(w + k * call.w_column);
#pragma GCC unroll kUnrolled
    for (int at = 0; at < (Outputs - 1) * Stride + Taps; ++at, x += call.x_column) {
      const Vec seen = in_register(lanes.load(x));
#pragma GCC unroll kUnrolled
      for (int i = 0; i < Outputs; ++i) {
        const int k = at - i * Stride;
        if (k >= 0 && k < Taps) results[i] = Window::fold(results[i], seen, factors[k]);
      }
    }
  }
  const int64_t at = o * call.y_step + c;
#pragma GCC unroll kUnrolled
  for (int i = 0; i < Outputs; ++i) results[i] = Window::last(call, results[i], at + i * call.y_step, lanes);
#pragma GCC unroll kUnrolled
  for (int i = 0; i < Outputs; ++i) lanes.store(call.y + at + i * call.y_step, results[i]);
}

template <class Window, int Taps, int Stride, int Outputs>
[[gnu::noinline]] void rest_of_block(const WindowCall& call, int64_t o, int64_t c, First lanes) {
  sliding_block<Window, Taps, Stride, Outputs>(call, o, c, lanes);
}

// The longer vectors are, the more often there is an incomplete one of channels.
template <class Window, int Taps, int Stride, int Outputs>
MICA_INLINE int64_t sliding_outputs(const WindowCall& call, int64_t o) {
  for (; o + Outputs <= call.outputs; o += Outputs) {
    int64_t c = 0;
    for (; c + kLanes <= call.channels; c += kLanes) sliding_block<Window, Taps, Stride, Outputs>(call, o, c, Whole{});
    if (c == call.channels) continue;
    const First rest{static_cast<int>(call.channels - c)};
    if constexpr (kLanes == 16 || Outputs < 4) {
      sliding_block<Window, Taps, Stride, Outputs>(call, o, c, rest);
    } else {
      for (int i = 0; i < Outputs; i += 4) rest_of_block<Window, Taps, Stride, 4>(call, o + i, c, rest);
    }
  }
  return o;
}

// Returns the outputs that are done: of windows that have this form.
template <class Window, int Taps, int Stride>
MICA_INLINE int64_t sliding_windows(const WindowCall& call) {
  if (call.columns != Taps || call.x_step != Stride * call.x_column) return 0;
  int64_t o = sliding_outputs<Window, Taps, Stride, 8>(call, 0);
  o = sliding_outputs<Window, Taps, Stride, 4>(call, o);
  return sliding_outputs<Window, Taps, Stride, 2>(call, o);
}

// Calls are copied: no store changes a copy.
template <class Window>
void windows(const WindowCall& given) {
  const WindowCall call = given;
  windows_from<Window>(call, 0);
}

void depthwise(const WindowCall& given) {
  const WindowCall call = given;
  int64_t o = 0;
  if constexpr (kLanes > 1) {
    o = sliding_windows<Depthwise, 3, 1>(call);
    if (o == 0) o = sliding_windows<Depthwise, 3, 2>(call);
    if (o == 0) o = sliding_windows<Depthwise, 5, 1>(call);
    if (o == 0) o = sliding_windows<Depthwise, 5, 2>(call);
  }
  windows_from<Depthwise>(call, o);
}

void copy(const float* from, int64_t from_row, float* to, int64_t to_row, int64_t rows, int64_t width) {
  const int64_t whole = width / kLanes * kLanes;
  const int rest = static_cast<int>(width - whole);
  for (int64_t i = 0; i < rows; ++i, from += from_row, to += to_row) {
    for (int64_t j = 0; j < whole; j += kLanes) store(to + j, load(from + j));
    if (rest > 0) store(to + whole, load(from + whole, rest), rest);
  }
}

}  // namespace

MICA_SIMD_TABLE(WindowKernels, window_kernels) = {
    .depthwise = depthwise,
    .sum = windows<Sum>,
    .max = windows<Max>,
    .copy = copy,
};

}  // namespace mica::MICA_ISA
