// HannWindow, HammingWindow and BlackmanWindow, ai.onnx 17: with x = 2 pi i / N, where N is the size, or for a
// symmetric window size - 1,
//   Hann      (1 - cos x) / 2
//   Hamming   25/46 - 21/46 cos x
//   Blackman  0.42 - 0.5 cos x + 0.08 cos 2 x
// A symmetric window of one element is 1.
#include <cmath>
#include <numbers>

#include "kernels/op.h"
#include "kernels/shape/shape_input.h"
#include "kernels/signal/numbers.h"

namespace mica {
namespace {

/// a - b cos x + c cos 2 x
struct Window {
  double a = 0, b = 0, c = 0;
  bool periodic = true;
  DType dtype = DType::F32;
};

void infer(const Window& op, InferContext& ctx) {
  if (!kFormulaTypes.contains(op.dtype)) ctx.fail("output_datatype " + std::string(name(op.dtype)) + " is no number");
  const auto size = ctx.contents(0);
  ctx.set(0, op.dtype, Dims{size && size->size() == 1 ? size->front() : ctx.unknown()});
}

void run_cpu(const Window& op, const Operands& io) {
  const int64_t size = single_integer(io.in(0), "size");
  if (io.out(0).elements() != size) bad_input("the window is " + io.out(0).str() + ", not " + std::to_string(size));
  const double period = static_cast<double>(op.periodic ? size : size - 1);
  write_numbers(io.out(0), [&](int64_t i) {
    if (period == 0) return 1.0;
    const double x = 2 * std::numbers::pi * (static_cast<double>(i) / period);
    return op.a - op.b * std::cos(x) + op.c * std::cos(2 * x);
  });
}

OpBuilder<Window> window(double a, double b, double c) {
  return op(Window{a, b, c})
      .input("size", types::index)
      .output("output")
      .attribute("periodic", &Window::periodic)
      .attribute("output_datatype", &Window::dtype)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(HannWindow, 17) {
  return window(0.5, 0.5, 0);
}

MICA_OP(HammingWindow, 17) {
  return window(25.0 / 46, 21.0 / 46, 0);
}

MICA_OP(BlackmanWindow, 17) {
  return window(0.42, 0.5, 0.08);
}

}  // namespace mica
