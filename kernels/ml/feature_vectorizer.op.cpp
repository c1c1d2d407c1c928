// FeatureVectorizer, ai.onnx.ml 1: inputs [N,C] beside one another, a vector being one row. Each is cut, or filled up
// with zeros, to its number of `inputdimensions`; without these it is taken as it is.
#include "kernels/ml/features.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct FeatureVectorizer {
  std::vector<int64_t> widths;
};

void prepare(FeatureVectorizer& op, const NodeFacts& facts) {
  if (!op.widths.empty() && op.widths.size() != facts.inputs) {
    throw Error(ErrorCode::InvalidModel, "there are " + std::to_string(op.widths.size()) + " inputdimensions for " +
                                             std::to_string(facts.inputs) + " inputs");
  }
  for (const int64_t width : op.widths) {
    if (width < 0) throw Error(ErrorCode::InvalidModel, "inputdimensions has " + std::to_string(width));
  }
}

void infer(const FeatureVectorizer& op, InferContext& ctx) {
  Dim rows = feature_row_count(ctx, 0), width = 0;
  for (size_t i = 0; i < ctx.inputs(); ++i) {
    same_dtype(ctx, 0, i);
    rows = ctx.merge(rows, feature_row_count(ctx, i), "numbers of rows");
    const Dims* dims = ctx.dims(i);
    width = width + (!op.widths.empty() ? Dim(op.widths[i]) : dims != nullptr ? dims->back() : ctx.unknown());
  }
  ctx.set(0, DType::F32, Dims{rows, width});
}

void run_cpu(const FeatureVectorizer& op, const Operands& io) {
  Tensor& y = io.out(0);
  int64_t offset = 0;
  const int64_t pitch = y.shape().back();
  std::fill_n(y.mutable_data<float>(), y.elements(), 0.0f);
  for (size_t i = 0; i < io.inputs(); ++i) {
    const FeatureRows rows(io.in(i));
    const int64_t width = op.widths.empty() ? rows.width : op.widths[i];
    if (rows.count != y.shape()[0] || width > pitch - offset) {
      bad_input("the input " + io.in(i).str() + " does not fit " + y.str());
    }
    double* features = io.scratch<double>(rows.width);
    for (int64_t row = 0; row < rows.count; ++row) {
      rows.read(row, features);
      float* to = y.mutable_data<float>() + row * pitch + offset;
      for (int64_t k = 0; k < std::min(width, rows.width); ++k) to[k] = static_cast<float>(features[k]);
    }
    offset += width;
  }
}

}  // namespace

MICA_OP(FeatureVectorizer, 1, ai_onnx_ml) {
  return op<FeatureVectorizer>()
      .variadic_input("X", kFeatureTypes)
      .output("Y")
      .attribute("inputdimensions", &FeatureVectorizer::widths)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
