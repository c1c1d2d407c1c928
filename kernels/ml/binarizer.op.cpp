// Binarizer, ai.onnx.ml 1:  Y = X > threshold ? 1 : 0
#include "kernels/op.h"

namespace mica {
namespace {

struct Binarizer {
  float threshold = 0;
};

void run_cpu(const Binarizer& op, const Operands& io) {
  const Tensor& x = io.in(0);
  visit_dtype<float, double, int32_t, int64_t>(x.dtype(), [&]<class T>() {
    T* to = io.out(0).mutable_data<T>();
    for (int64_t i = 0; i < x.elements(); ++i) {
      to[i] = static_cast<double>(x.data<T>()[i]) > static_cast<double>(op.threshold) ? T(1) : T(0);
    }
  });
}

}  // namespace

MICA_OP(Binarizer, 1, ai_onnx_ml) {
  return op<Binarizer>()
      .input("X", types::f32 | types::index | DTypeSet{DType::F64})
      .output("Y")
      .attribute("threshold", &Binarizer::threshold)
      .infer(same_as(0))
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
