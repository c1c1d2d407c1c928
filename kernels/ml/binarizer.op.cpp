// Binarizer, ai.onnx.ml 1:  Y = X > threshold ? 1 : 0
#include "kernels/ml/feature_loops.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct Binarizer {
  float threshold = 0;
};

void run_cpu(const Binarizer& op, const Operands& io) {
  const Tensor& x = io.in(0);
  binarize(x.dtype(), x.raw(), x.elements(), op.threshold, io.out(0).mutable_raw());
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
