// STFT, ai.onnx 17: the discrete Fourier transforms of frames of a signal, [batch, length, 1 or 2] or [batch, length].
// Frames begin `frame_step` apart; there are as many as fit. Each is multiplied by the window, which is filled up with
// zeros or cut to the length of a frame; without frame_length that is the window's. One-sided, the first
// frame_length / 2 + 1 bins are returned.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/shape/shape_input.h"
#include "kernels/signal/lines.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct Stft {
  bool onesided = true;
};

/// The only element of an integer input; unknown where it is not known.
Dim number(const InferContext& ctx, size_t input) {
  const auto contents = ctx.contents(input);
  return contents && contents->size() == 1 ? contents->front() : ctx.unknown();
}

void infer(const Stft& op, InferContext& ctx) {
  const Dims* signal = ctx.dims(0);
  if (signal != nullptr && signal->size() != 2 && signal->size() != 3) {
    ctx.fail("the signal must be [batch, length, 1 or 2], not " + str(*signal));
  }
  const Dim batch = signal != nullptr ? signal->front() : ctx.unknown();
  const Dim length = signal != nullptr ? (*signal)[1] : ctx.unknown();
  const Dims* window = ctx.dims(2);
  Dim frame = length;
  if (ctx.has(3)) {
    frame = number(ctx, 3);
  } else if (ctx.has(2)) {
    frame = window != nullptr && window->size() == 1 ? window->front() : ctx.unknown();
  }
  const Dim step = number(ctx, 1);
  if (step.is(0)) ctx.fail("frame_step is 0");
  const Dim frames = max(floor_div(length - frame, step) + 1, 0);
  ctx.set(0, ctx.dtype(0), Dims{batch, frames, op.onesided ? floor_div(frame, 2) + 1 : frame, 2});
}

struct Frames {
  int64_t batch, length, parts;  ///< of the signal
  int64_t count, step, n;        ///< of the frames of each signal; n is their length
  const Tensor* window = nullptr;
};

template <class T>
void transform(const Operands& io, const Frames& f) {
  const bool real = f.parts == 1;
  const int64_t bins = io.out(0).shape()[2], total = f.batch * f.count;
  const T* x = widen<T>(io, io.in(0));
  const T* window = widen_optional<T>(io, 2);
  const int64_t open = window != nullptr ? std::min(f.n, io.in(2).elements()) : f.n;
  const WideOutput<T> y(io, io.out(0));
  const Dft<T> dft(f.n, real, false, io.scratch<Complex<T>>(Dft<T>::table_elements(f.n, real)));
  const int64_t room_elements = Dft<T>::room_elements(f.n, real);
  const int64_t parts = std::min<int64_t>(total, io.threads().threads()), share = (total + parts - 1) / parts;
  Complex<T>* rooms = io.scratch<Complex<T>>(parts * room_elements);
  io.threads().parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    Complex<T>* room = rooms + begin * room_elements;
    T* numbers = reinterpret_cast<T*>(room);
    for (int64_t i = begin * share; i < std::min(end * share, total); ++i) {
      const T* from = x + (i / f.count * f.length + i % f.count * f.step) * f.parts;
      window_frame(from, window, open, f.n, f.parts, numbers);
      dft.run(room);
      scatter_line({bins, 2, 2}, room, f.n, real, T{1}, y.data() + 2 * i * bins);
    }
  });
  y.store();
}

void run_cpu(const Stft& op, const Operands& io) {
  const Tensor& signal = io.in(0);
  const Shape& shape = signal.shape();
  const bool flat = shape.rank() == 2;
  if (!flat && (shape.rank() != 3 || (shape[2] != 1 && shape[2] != 2))) {
    bad_input("the signal must be [batch, length, 1 or 2], not " + signal.str());
  }
  Frames f{shape[0], shape[1], flat ? 1 : shape[2], 0, single_integer(io.in(1), "frame_step"), shape[1]};
  if (io.has(2) && io.in(2).shape().rank() != 1) bad_input("the window is " + io.in(2).str() + ", not a vector");
  if (io.has(2)) f.n = io.in(2).elements();
  if (io.has(3)) f.n = single_integer(io.in(3), "frame_length");
  if (f.step < 1 || f.n < 1) {
    bad_input("frame_step is " + std::to_string(f.step) + ", frame_length " + std::to_string(f.n));
  }
  f.count = f.length < f.n ? 0 : (f.length - f.n) / f.step + 1;
  const Shape expected{f.batch, f.count, op.onesided ? f.n / 2 + 1 : f.n, 2};
  if (io.out(0).shape() != expected) bad_input("the output is " + io.out(0).str() + ", not " + expected.str());
  if (expected.elements() == 0) return;
  visit_wide(signal.dtype(), [&]<class T>() { transform<T>(io, f); });
}

}  // namespace

MICA_OP(STFT, 17) {
  return op<Stft>()
      .input("signal", types::floats)
      .input("frame_step", types::index)
      .optional_input("window", types::floats)
      .optional_input("frame_length", types::index)
      .output("output")
      .attribute("onesided", &Stft::onesided)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
