// OneHotEncoder, ai.onnx.ml 1: each element as a row that has a 1 in the place of its category, the last one of equal
// categories. Numbers are looked up as integers, towards zero. One that is no category has zeros only, or with `zeros`
// 0 is refused.
#include <cmath>
#include <map>

#include "kernels/ml/features.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct OneHotEncoder {
  std::vector<int64_t> ints;
  std::vector<std::string> strings;
  bool zeros = true;
  std::map<int64_t, int64_t> int_places;
  std::map<std::string, int64_t> string_places;

  int64_t size() const { return static_cast<int64_t>(std::max(ints.size(), strings.size())); }
};

void prepare(OneHotEncoder& op, const NodeFacts&) {
  if (op.ints.empty() == op.strings.empty()) {
    throw Error(ErrorCode::InvalidModel, "one of cats_int64s and cats_strings must be given");
  }
  for (size_t i = 0; i < op.ints.size(); ++i) op.int_places[op.ints[i]] = static_cast<int64_t>(i);
  for (size_t i = 0; i < op.strings.size(); ++i) op.string_places[op.strings[i]] = static_cast<int64_t>(i);
}

void infer(const OneHotEncoder& op, InferContext& ctx) {
  std::optional<Dims> dims = ctx.type(0).dims;
  if (dims) dims->push_back(op.size());
  ctx.set(0, DType::F32, std::move(dims));
}

/// -1 for what is no category.
template <class T>
int64_t place_of(const OneHotEncoder& op, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    const auto found = op.string_places.find(value);
    return found == op.string_places.end() ? -1 : found->second;
  } else {
    if constexpr (std::is_floating_point_v<T>) {
      if (!(std::abs(value) < T(0x1p63))) return -1;
    }
    const auto found = op.int_places.find(static_cast<int64_t>(value));
    return found == op.int_places.end() ? -1 : found->second;
  }
}

void run_cpu(const OneHotEncoder& op, const Operands& io) {
  const Tensor& x = io.in(0);
  if ((x.dtype() == DType::String) != op.ints.empty()) bad_input("the categories are not of the type of " + x.str());
  float* y = io.out(0).mutable_data<float>();
  std::fill_n(y, x.elements() * op.size(), 0.0f);
  visit_dtype<float, double, int32_t, int64_t, std::string>(x.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < x.elements(); ++i) {
      const int64_t place = place_of(op, x.data<T>()[i]);
      if (place >= 0) {
        y[i * op.size() + place] = 1;
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
