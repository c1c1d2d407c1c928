// GridSample, ai.onnx 16 (images), 20, 22 (any number of spatial axes): Y[n, c, o] = X[n, c, grid[n, o]], where grid
// gives places in [-1, 1] along each axis, the last axis first, and X is interpolated between its elements.
#include <cmath>
#include <limits>

#include "kernels/op.h"
#include "kernels/wide.h"

namespace mica {
namespace {

struct GridSample {
  std::string mode = "linear", padding_mode = "zeros";
  bool align_corners = false;
  int64_t taps = 2;  ///< along each axis
};

void prepare(GridSample& op, const NodeFacts&) {
  if (op.mode == "nearest") {
    op.taps = 1;
  } else if (op.mode == "linear" || op.mode == "bilinear") {
    op.taps = 2;
  } else if (op.mode == "cubic" || op.mode == "bicubic") {
    op.taps = 4;
  } else {
    throw Error(ErrorCode::InvalidModel, "mode is \"" + op.mode + "\", not linear, nearest or cubic");
  }
  if (op.padding_mode != "zeros" && op.padding_mode != "border" && op.padding_mode != "reflection") {
    throw Error(ErrorCode::InvalidModel,
                "padding_mode is \"" + op.padding_mode + "\", not zeros, border or reflection");
  }
}

void infer(const GridSample&, InferContext& ctx) {
  const Dims* x = ctx.dims(0);
  const Dims* grid = ctx.dims(1);
  if (x == nullptr || grid == nullptr) return ctx.set(0, ctx.dtype(0));
  if (x->size() < 3 || x->size() != grid->size()) {
    ctx.fail("X " + str(*x) + " and grid " + str(*grid) + " do not have the same rank of 3 or more");
  }
  ctx.merge(grid->back(), static_cast<int64_t>(x->size()) - 2, "coordinates in the grid and spatial axes");
  Dims dims{ctx.merge((*x)[0], (*grid)[0], "batch dims of X and grid"), (*x)[1]};
  dims.insert(dims.end(), grid->begin() + 1, grid->end() - 1);
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

/// Mirrors x at the ends of [low, high] until it is inside.
template <class A>
A reflect(A x, A low, A high) {
  const A span = high - low;
  if (!(span > 0)) return low;
  const A distance = x < low ? low - x : x - high;
  if (distance <= 0) return x;
  const A rest = std::fmod(distance, span);
  const bool even = std::fmod(std::floor(distance / span), A{2}) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

/// The elements along one axis that a place is interpolated from; index -1 stands for a zero.
template <class A>
struct AxisTaps {
  std::array<int64_t, 4> index;
  std::array<A, 4> weight;
};

template <class A>
void set_weights(int64_t taps, A part, std::array<A, 4>& weight) {
  constexpr A a = static_cast<A>(-0.75);
  const auto outer = [](A x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  const auto inner = [](A x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  if (taps == 1) weight = {1};
  if (taps == 2) weight = {1 - part, part};
  if (taps == 4) weight = {outer(part + 1), inner(part), inner(1 - part), outer(2 - part)};
}

template <class A>
AxisTaps<A> axis_taps(const GridSample& op, A normal, int64_t length) {
  const A size = static_cast<A>(length);
  const A low = op.align_corners ? 0 : static_cast<A>(-0.5);
  const A high = op.align_corners ? size - 1 : size - static_cast<A>(0.5);
  A place = op.align_corners ? (normal + 1) / 2 * (size - 1) : ((normal + 1) * size - 1) / 2;
  if (op.taps == 1) place = std::nearbyint(place);
  constexpr A kFar = static_cast<A>(1e9);
  place = place > -kFar ? std::min(place, kFar) : -kFar;  // not a number is far outside
  const bool border = op.padding_mode == "border";
  const bool reflection = op.padding_mode == "reflection";
  if (place < low || place > high) {
    if (border) place = std::clamp<A>(place, 0, size - 1);
    if (reflection) place = reflect(place, low, high);
  }
  AxisTaps<A> result{};
  const A base = std::floor(place);
  set_weights(op.taps, place - base, result.weight);
  for (int64_t i = 0; i < op.taps; ++i) {
    int64_t at = static_cast<int64_t>(base) + i - (op.taps == 4 ? 1 : 0);
    if (reflection) at = static_cast<int64_t>(reflect(static_cast<A>(at), low, high));
    if (border || reflection) at = std::clamp<int64_t>(at, 0, length - 1);
    result.index[static_cast<size_t>(i)] = at < 0 || at >= length ? -1 : at;
  }
  return result;
}

template <class T, class A>
T finish(A value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    if (!(value > static_cast<A>(Limits::lowest()))) return Limits::lowest();
    return value >= static_cast<A>(Limits::max()) ? Limits::max() : static_cast<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

/// T: elements; G: of the grid
template <class T, class G>
void run(const GridSample& op, const Operands& io) {
  using A = std::conditional_t<std::is_same_v<G, double> || std::is_same_v<T, double> || std::is_integral_v<T>, double,
                               float>;
  const Shape& shape = io.in(0).shape();
  const size_t rank = shape.rank() - 2;
  const int64_t channels = shape[1];
  const int64_t inputs = shape.elements(2, shape.rank());
  const Shape& out = io.out(0).shape();
  const int64_t outputs = out.elements(2, out.rank());
  int64_t count = 1;
  for (size_t i = 0; i < rank; ++i) count *= op.taps;
  int64_t* offsets = io.scratch<int64_t>(count);
  A* weights = io.scratch<A>(count);
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t o = 0; o < outputs; ++o) {
      const G* place = io.in(1).data<G>() + (n * outputs + o) * static_cast<int64_t>(rank);
      offsets[0] = 0;
      weights[0] = 1;
      int64_t used = 1;  // grows by one axis at a time, in place from the back
      for (size_t i = 0; i < rank; ++i) {
        const auto taps = axis_taps<A>(op, static_cast<A>(place[rank - 1 - i]), shape[i + 2]);
        for (int64_t j = used; j-- > 0;) {
          const int64_t offset = offsets[j];
          const A weight = weights[j];
          for (int64_t tap = op.taps; tap-- > 0;) {
            const int64_t index = taps.index[static_cast<size_t>(tap)];
            offsets[j * op.taps + tap] = offset < 0 || index < 0 ? -1 : offset * shape[i + 2] + index;
            weights[j * op.taps + tap] = weight * taps.weight[static_cast<size_t>(tap)];
          }
        }
        used *= op.taps;
      }
      for (int64_t c = n * channels; c < (n + 1) * channels; ++c) {
        const T* x = io.in(0).data<T>() + c * inputs;
        A sum = 0;
        for (int64_t j = 0; j < used; ++j) {
          if (offsets[j] >= 0) sum += weights[j] * static_cast<A>(x[offsets[j]]);
        }
        io.out(0).mutable_data<T>()[c * outputs + o] = finish<T>(sum);
      }
    }
  }
}

void run_cpu(const GridSample& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& grid = io.in(1).shape();
  const Shape& y = io.out(0).shape();
  bool fits = x.rank() >= 3 && grid.rank() == x.rank() && y.rank() == x.rank() && x[0] == grid[0] && y[0] == x[0] &&
              y[1] == x[1] && grid.back() == static_cast<int64_t>(x.rank()) - 2;
  for (size_t i = 2; fits && i < x.rank(); ++i) fits = y[i] == grid[i - 1];
  if (!fits) bad_input("X " + x.str() + ", grid " + grid.str() + " and Y " + y.str() + " do not fit");
  if (x.rank() > 10) bad_input("X " + x.str() + " has more than 8 spatial axes");
  if (y.elements() == 0) return;
  if (x.elements() == 0) bad_input("X " + x.str() + " is empty");
  visit_dtype<float, double, Half, BFloat16>(io.in(1).dtype(), [&]<class G>() {
    visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t,
                bool>(io.in(0).dtype(), [&]<class T>() { run<T, G>(op, io); });
  });
}

OpBuilder<GridSample> grid_sample() {
  return op<GridSample>()
      .attribute("align_corners", &GridSample::align_corners)
      .attribute("mode", &GridSample::mode)
      .attribute("padding_mode", &GridSample::padding_mode)
      .input("X", types::numeric | types::boolean)
      .input("grid", types::floats)
      .output("Y")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(GridSample, 16) {
  return grid_sample();
}

}  // namespace mica
