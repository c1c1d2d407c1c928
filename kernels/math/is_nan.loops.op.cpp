// IsNaN, ai.onnx 9, and IsInf, ai.onnx 10: whether an element is NaN, or an infinity of a sign that is looked for.
#include "kernels/math/is_nan.h"

#include "kernels/math/map.h"
#include "kernels/op.h"
#include "kernels/wide.h"

namespace mica {
namespace {

constexpr DTypeSet kTypes = types::floats | types::float8;

template <class F>
void run_cpu(const F& test, const Operands& io) {
  const Tensor& x = io.in(0);
  bool* y = io.out(0).mutable_data<bool>();
  visit_dtype<float, double, Half, BFloat16, Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ>(
      x.dtype(), [&]<class T>() {
        const T* from = x.data<T>();
        using Value = Wide<T>;
        io.threads().parallel_for(x.elements(), kMapGrain, [&](int64_t begin, int64_t end) {
          const F own = test;
          map_each(
              from + begin, y + begin,
              end - begin, [&](T x) __attribute__((always_inline)) { return own(static_cast<Value>(x)); });
        });
      });
}

template <class F>
OpBuilder<F> test() {
  return op<F>().input("X", kTypes).output("Y").infer(same_dims(DType::Bool)).template cpu<run_cpu<F>>();
}

}  // namespace

MICA_OP(IsNaN, 9) {
  return test<IsNaN>();
}
MICA_OP(IsInf, 10) {
  return test<IsInf>()
      .attribute("detect_negative", &IsInf::detect_negative)
      .attribute("detect_positive", &IsInf::detect_positive);
}

}  // namespace mica
