// DFT, ai.onnx 17 and 20: the discrete Fourier transform along one axis of a tensor whose last axis holds the real and
// the imaginary part, or the real one alone. The signal is cut, or filled up with zeros, to `dft_length`. The inverse
// is divided by the length. One-sided, the first length / 2 + 1 bins are returned; the inverse takes those of a real
// signal, and returns it. The axis is an attribute before version 20, an input since.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/shape/shape_input.h"
#include "kernels/signal/lines.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct DftOp {
  int64_t axis = -2;
  bool inverse = false, onesided = false;
  bool axis_input = false;

  bool to_real() const { return inverse && onesided; }
};

/// The axis of a signal of this rank, counted from the front.
size_t signal_axis(int64_t axis, size_t rank) {
  const size_t place = normalize_axis(axis, rank);
  if (place + 1 == rank) bad_input("axis " + std::to_string(axis) + " is the one of the parts of complex numbers");
  return place;
}

std::optional<int64_t> known_axis(const DftOp& op, const InferContext& ctx) {
  if (!op.axis_input || !ctx.has(2)) return op.axis;
  const auto axis = ctx.integers(2);
  if (!axis || axis->size() != 1) return std::nullopt;
  return axis->front();
}

void infer(const DftOp& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, ctx.dtype(0));
  if (dims->size() < 2) ctx.fail("the input must be [..., signal, 1 or 2], not " + str(*dims));
  Dims result = *dims;
  result.back() = op.to_real() ? 1 : 2;
  const auto axis = known_axis(op, ctx);
  if (!axis) {
    for (size_t i = 0; i + 1 < result.size(); ++i) result[i] = ctx.unknown();
    return ctx.set(0, ctx.dtype(0), std::move(result));
  }
  const size_t place = ctx.axis(*axis, dims->size());
  if (place + 1 == dims->size()) ctx.fail("the axis is the one of the parts of complex numbers");
  Dim length = op.to_real() ? (result[place] - 1) * 2 : result[place];
  if (ctx.has(1)) {
    const auto given = ctx.contents(1);
    length = given && given->size() == 1 ? given->front() : ctx.unknown();
  }
  result[place] = op.onesided && !op.inverse ? floor_div(length, 2) + 1 : length;
  ctx.set(0, ctx.dtype(0), std::move(result));
}

template <class T>
void transform(const DftOp& op, const Operands& io, size_t axis, int64_t n) {
  const Shape& from = io.in(0).shape();
  const Shape& to = io.out(0).shape();
  const int64_t lines = from.elements(axis + 1, from.rank() - 1);  // beside one another
  const Line in{from[axis], from.back(), lines * from.back()}, out{to[axis], to.back(), lines * to.back()};
  const bool real = !op.inverse && from.back() == 1;
  const T* x = widen<T>(io, io.in(0));
  const WideOutput<T> y(io, io.out(0));
  const Dft<T> dft(n, real, op.inverse, io.scratch<Complex<T>>(Dft<T>::table_elements(n, real)));
  const int64_t total = from.elements(0, axis) * lines, room_elements = Dft<T>::room_elements(n, real);
  const int64_t parts = std::min<int64_t>(total, io.threads().threads()), share = (total + parts - 1) / parts;
  Complex<T>* rooms = io.scratch<Complex<T>>(parts * room_elements);
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * share; i < std::min(end * share, total); ++i) {
      Complex<T>* room = rooms + begin * room_elements;
      gather_line(in, x + i / lines * in.count * in.stride + i % lines * in.parts, n, real, op.to_real(), room);
      dft.run(room);
      scatter_line(out, room, n, real, op.inverse ? T{1} / static_cast<T>(n) : T{1},
                   y.data() + i / lines * out.count * out.stride + i % lines * out.parts);
    }
  });
  y.store();
}

void run_cpu(const DftOp& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if (shape.rank() < 2 || (shape.back() != 1 && shape.back() != 2)) {
    bad_input("the input must be [..., signal, 1 or 2], not " + x.str());
  }
  const bool axis_given = op.axis_input && io.has(2);
  const size_t axis = signal_axis(axis_given ? single_integer(io.in(2), "axis") : op.axis, shape.rank());
  int64_t n = op.to_real() ? 2 * (shape[axis] - 1) : shape[axis];
  if (io.has(1)) n = single_integer(io.in(1), "dft_length");
  if (n < 1) bad_input("the length of the transform of " + x.str() + " is " + std::to_string(n));
  Shape expected = shape;
  expected[axis] = op.onesided && !op.inverse ? n / 2 + 1 : n;
  expected[shape.rank() - 1] = op.to_real() ? 1 : 2;
  if (io.out(0).shape() != expected) bad_input("the output is " + io.out(0).str() + ", not " + expected.str());
  if (expected.elements() == 0) return;
  visit_wide(x.dtype(), [&]<class T>() { transform<T>(op, io, axis, n); });
}

OpBuilder<DftOp> dft(const DftOp& defaults) {
  return op(defaults)
      .input("input", types::floats)
      .optional_input("dft_length", types::index)
      .output("output")
      .attribute("inverse", &DftOp::inverse)
      .attribute("onesided", &DftOp::onesided)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(DFT, 17) {
  return dft({.axis = 1}).attribute("axis", &DftOp::axis);
}

MICA_OP(DFT, 20) {
  return dft({.axis_input = true}).optional_input("axis", types::int64);
}

}  // namespace mica
