// What the optimisers of ai.onnx.preview.training share: inputs are the learning rate R, the update count T, and then n
// tensors X to be optimised, their n gradients G, and n tensors of each kind of state; outputs are the new X and
// states.
#pragma once

#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "runtime/base/concat.h"

namespace mica {

inline constexpr DTypeSet kTrained{DType::F32, DType::F64};

/// Outputs have the types of X and of the states; `kStates` kinds of these.
template <int kStates>
void infer_optimizer(InferContext& ctx) {
  constexpr size_t kKinds = kStates + 2;
  const size_t count = (ctx.inputs() - 2) / kKinds;
  if (count == 0 || ctx.inputs() != 2 + count * kKinds || ctx.outputs() > count * (kStates + 1)) {
    ctx.fail("the tensors to be optimised, their gradients and states are not equally many");
  }
  for (size_t i = 0; i < ctx.outputs(); ++i) {
    ctx.set(i, ctx.type(2 + i % count + (i < count ? 0 : (i / count + 1) * count)));
  }
}

inline double single_real(const Tensor& tensor, const char* what) {
  double value = 0;
  if (tensor.elements() != 1) throw_error(ErrorCode::InvalidArgument, {what, " must be one number, not ", tensor});
  visit_dtype<float, double, int64_t>(tensor.dtype(),
                                      [&]<class T>() { value = static_cast<double>(*tensor.data<T>()); });
  return value;
}

/// For each element of each tensor: update(x, g, states), which changes x and the states. In the type of the tensor.
template <int kStates, class F>
void run_optimizer(const Operands& io, F update) {
  const size_t count = (io.inputs() - 2) / (kStates + 2);
  for (size_t k = 0; k < count; ++k) {
    const Tensor& x = io.in(2 + k);
    for (size_t kind = 1; kind < kStates + 2; ++kind) {
      const Tensor& other = io.in(2 + kind * count + k);
      if (other.dtype() != x.dtype() || other.shape() != x.shape()) {
        throw_error(ErrorCode::InvalidArgument, {"the gradient or a state of ", x, " is ", other});
      }
    }
    visit_dtype<float, double>(x.dtype(), [&]<class T>() {
      io.threads().parallel_for(x.elements(), 1024, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          T values[kStates + 1] = {x.data<T>()[i]};
          for (size_t s = 0; s < kStates; ++s) values[s + 1] = io.in(2 + (s + 2) * count + k).template data<T>()[i];
          update(values[0], io.in(2 + count + k).template data<T>()[i], values + 1);
          for (size_t s = 0; s <= kStates; ++s) {
            if (io.wants(s * count + k)) io.out(s * count + k).template mutable_data<T>()[i] = values[s];
          }
        }
      });
    });
  }
}

/// With the inputs and outputs of an optimiser.
template <class T>
OpBuilder<T> optimizer() {
  return op<T>()
      .input("R", kTrained)
      .input("T", types::int64)
      .variadic_input("inputs", kTrained)
      .variadic_output("outputs");
}

}  // namespace mica
