// Imputer, ai.onnx.ml 1: elements that equal one value (NaN equals NaN) are replaced, by one value for each feature,
// the last axis, or by one for all.
#include "kernels/ml/features.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct Imputer {
  std::vector<float> imputed_floats;
  std::vector<int64_t> imputed_ints;
  float replaced_float = 0;
  int64_t replaced_int = 0;
};

template <class T, class V>
void impute(const Operands& io, const std::vector<V>& imputed, V replaced) {
  const Tensor& x = io.in(0);
  const int64_t width = x.shape().rank() == 0 ? 1 : x.shape().back();
  if (imputed.size() != 1 && static_cast<int64_t>(imputed.size()) != width) {
    bad_input(std::to_string(imputed.size()) + " imputed values do not fit " + x.str());
  }
  T* y = io.out(0).mutable_data<T>();
  const T sought = static_cast<T>(replaced);
  const bool seeks_nan = replaced != replaced;
  for (int64_t at = 0; at < x.elements(); at += width) {
    const T* from = x.data<T>() + at;
    for (int64_t j = 0; j < width; ++j) {
      const T value = from[j];
      const bool replace = value == sought || (seeks_nan && value != value);
      y[at + j] = replace ? static_cast<T>(imputed[imputed.size() == 1 ? 0 : static_cast<size_t>(j)]) : value;
    }
  }
}

void run_cpu(const Imputer& op, const Operands& io) {
  visit_dtype<float, double>(io.in(0).dtype(), [&]<class T>() { impute<T>(io, op.imputed_floats, op.replaced_float); });
  visit_dtype<int32_t, int64_t>(io.in(0).dtype(), [&]<class T>() { impute<T>(io, op.imputed_ints, op.replaced_int); });
}

}  // namespace

MICA_OP(Imputer, 1, ai_onnx_ml) {
  return op<Imputer>()
      .input("X", kFeatureTypes)
      .output("Y")
      .attribute("imputed_value_floats", &Imputer::imputed_floats)
      .attribute("imputed_value_int64s", &Imputer::imputed_ints)
      .attribute("replaced_value_float", &Imputer::replaced_float)
      .attribute("replaced_value_int64", &Imputer::replaced_int)
      .infer(same_as(0))
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

}  // namespace mica
