// Scaler, ai.onnx.ml 1:  Y = (X - offset) * scale, with one offset and scale for each feature, or one for all.
#include "kernels/ml/features.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct Scaler {
  std::vector<float> offset, scale;
};

void prepare(Scaler& op, const NodeFacts&) {
  if (op.offset.empty()) op.offset.assign(1, 0.0f);
  if (op.scale.empty()) op.scale.assign(1, 1.0f);
}

void run_cpu(const Scaler& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const int64_t width = x.shape().rank() == 0 ? 1 : x.shape().back();
  for (const auto* list : {&op.offset, &op.scale}) {
    if (list->size() != 1 && static_cast<int64_t>(list->size()) != width) {
      bad_input(std::to_string(list->size()) + " offsets or scales do not fit the features of " + x.str());
    }
  }
  float* y = io.out(0).mutable_data<float>();
  double* row = io.scratch<double>(3 * width);  // of features, and what each is moved and scaled by
  double *offset = row + width, *scale = offset + width;
  for (int64_t j = 0; j < width; ++j) {
    offset[j] = static_cast<double>(op.offset[op.offset.size() == 1 ? 0 : static_cast<size_t>(j)]);
    scale[j] = static_cast<double>(op.scale[op.scale.size() == 1 ? 0 : static_cast<size_t>(j)]);
  }
  for (int64_t at = 0; at < x.elements(); at += width) {
    read_features(x, at, width, row);
    for (int64_t j = 0; j < width; ++j) y[at + j] = static_cast<float>((row[j] - offset[j]) * scale[j]);
  }
}

}  // namespace

MICA_OP(Scaler, 1, ai_onnx_ml) {
  return op<Scaler>()
      .input("X", kFeatureTypes)
      .output("Y")
      .attribute("offset", &Scaler::offset)
      .attribute("scale", &Scaler::scale)
      .prepare<prepare>()
      .infer(same_dims(DType::F32))
      .cpu<run_cpu>();
}

}  // namespace mica
