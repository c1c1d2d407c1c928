// Normalizer, ai.onnx.ml 1: each row of [N,C] or [C] divided by its largest element (MAX), by the sum of its magnitudes
// (L1), or by the root of the sum of its squares (L2). A row for which that is 0 stays as it is.
#include <cmath>

#include "kernels/ml/features.h"
#include "kernels/op.h"

namespace mica {
namespace {

enum class Norm { Max, L1, L2 };

struct Normalizer {
  std::string name = "MAX";
  Norm norm = Norm::Max;
};

void prepare(Normalizer& op, const NodeFacts&) {
  if (op.name == "L1") {
    op.norm = Norm::L1;
  } else if (op.name == "L2") {
    op.norm = Norm::L2;
  } else if (op.name != "MAX") {
    throw Error(ErrorCode::InvalidModel, "norm is \"" + op.name + "\"; MAX, L1 and L2 are known");
  }
}

void infer(const Normalizer&, InferContext& ctx) {
  feature_row_count(ctx, 0);
  ctx.set(0, DType::F32, ctx.type(0).dims);
}

double norm_of(Norm norm, std::span<const double> row) {
  double result = norm == Norm::Max && !row.empty() ? row[0] : 0;
  for (const double value : row) {
    result =
        norm == Norm::Max ? std::max(result, value) : result + (norm == Norm::L1 ? std::abs(value) : value * value);
  }
  return norm == Norm::L2 ? std::sqrt(result) : result;
}

void run_cpu(const Normalizer& op, const Operands& io) {
  const FeatureRows rows(io.in(0));
  const std::span<double> features(io.scratch<double>(rows.width), static_cast<size_t>(rows.width));
  float* y = io.out(0).mutable_data<float>();
  for (int64_t row = 0; row < rows.count; ++row) {
    rows.read(row, features.data());
    const double norm = norm_of(op.norm, features);
    for (const double value : features) *y++ = static_cast<float>(norm == 0 ? value : value / norm);
  }
}

}  // namespace

MICA_OP(Normalizer, 1, ai_onnx_ml) {
  return op<Normalizer>()
      .input("X", kFeatureTypes)
      .output("Y")
      .attribute("norm", &Normalizer::name)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
