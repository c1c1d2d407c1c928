// OneHotEncoder, ai.onnx.ml 1: each element as a row that has a 1 in the place of its category, the last one of equal
// categories. Numbers are looked up as integers, towards zero. One that is no category has zeros only, or with `zeros`
// 0 is refused.
#include <cmath>

#include "kernels/ml/features.h"
#include "kernels/ml/vocabulary.h"
#include "kernels/op.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

struct OneHotEncoder : Vocabulary {
  bool zeros = true;
};

void prepare(OneHotEncoder& op, const NodeFacts&) {
  op.number("cats_int64s and cats_strings");
}

void infer(const OneHotEncoder& op, InferContext& ctx) {
  std::optional<Dims> dims = ctx.type(0).dims;
  if (dims) dims->push_back(op.size());
  ctx.set(0, DType::F32, std::move(dims));
}

/// -1 for what is no category.
template <class T>
int64_t place_of(const Vocabulary& categories, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return categories.find(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::abs(value) < T(0x1p63) ? categories.find(static_cast<int64_t>(value)) : -1;
  } else {
    return categories.find(int64_t{value});
  }
}

void run_cpu(const OneHotEncoder& op, const Operands& io) {
  const Tensor& x = io.in(0);
  if ((x.dtype() == DType::String) != op.ints.empty()) bad_input("the categories are not of the type of " + x.str());
  float* y = io.out(0).mutable_data<float>();
  const int64_t size = op.size();
  moves_of(DType::F32).clear(x.elements() * size, y);
  visit_dtype<float, double, int32_t, int64_t, std::string>(x.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < x.elements(); ++i) {
      const int64_t place = place_of(op, x.data<T>()[i]);
      if (place >= 0) {
        y[i * size + place] = 1;
      } else if (!op.zeros) {
        bad_input("element " + std::to_string(i) + " of " + x.str() + " is no category");
      }
    }
  });
}

}  // namespace

MICA_OP(OneHotEncoder, 1, ai_onnx_ml) {
  return op<OneHotEncoder>()
      .input("X", kFeatureTypes | types::string)
      .output("Y")
      .attribute("cats_int64s", &OneHotEncoder::ints)
      .attribute("cats_strings", &OneHotEncoder::strings)
      .attribute("zeros", &OneHotEncoder::zeros)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
