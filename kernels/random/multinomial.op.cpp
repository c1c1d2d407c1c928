// Multinomial, ai.onnx 7: for each row of unnormalised log-probabilities, `sample_size` classes drawn with replacement.
// A seed makes every run draw the same.
#include <algorithm>
#include <cmath>

#include "kernels/op.h"
#include "kernels/random/generator.h"
#include "runtime/base/concat.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

struct Multinomial {
  std::optional<float> seed;
  int64_t sample_size = 1;
  DType dtype = DType::I32;
};

void infer(const Multinomial& op, InferContext& ctx) {
  if (!types::index.contains(op.dtype))
    throw_error(ErrorCode::InvalidModel, {"dtype ", name(op.dtype), " is not int32 or int64"});
  if (op.sample_size < 1) throw_error(ErrorCode::InvalidModel, {"sample_size is ", op.sample_size});
  const Dims* dims = ctx.dims(0);
  if (dims != nullptr && dims->size() != 2)
    throw_error(ErrorCode::InvalidModel, {"the input must be [batch, classes], not ", *dims});
  ctx.set(0, op.dtype, Dims{dims != nullptr ? dims->front() : ctx.unknown(), op.sample_size});
}

/// The running sums of exp(x - max x).
template <class T>
void sum_up(const T* x, std::span<double> sums) {
  double highest = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < sums.size(); ++i) highest = std::max(highest, static_cast<double>(x[i]));
  double sum = 0;
  for (size_t i = 0; i < sums.size(); ++i) sums[i] = sum += std::exp(static_cast<double>(x[i]) - highest);
  if (!(sum > 0)) bad_input("a row of log-probabilities holds NaN, or nothing but -infinity");
}

void run_cpu(const Multinomial& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  if (x.shape().rank() != 2 || y.elements() != x.shape()[0] * op.sample_size) {
    throw_error(ErrorCode::InvalidArgument, {"the input must be [batch, classes], not ", x});
  }
  const int64_t classes = x.shape()[1];
  if (classes == 0 && y.elements() > 0) throw_error(ErrorCode::InvalidArgument, {"there are no classes in ", x});
  const RandomNumbers numbers(op.seed);
  const std::span<double> sums(io.scratch<double>(classes), static_cast<size_t>(classes));
  for (int64_t row = 0; row < x.shape()[0]; ++row) {
    visit_dtype<float, double, Half, BFloat16>(x.dtype(),
                                               [&]<class T>() { sum_up(x.data<T>() + row * classes, sums); });
    for (int64_t i = row * op.sample_size; i < (row + 1) * op.sample_size; ++i) {
      // The first class whose sum is above the number; a class of probability 0 adds nothing to the sum before it.
      const auto drawn = std::ranges::upper_bound(sums, numbers.uniform(i) * sums.back());
      const int64_t chosen = std::min<int64_t>(drawn - sums.begin(), classes - 1);
      visit_dtype<int32_t, int64_t>(y.dtype(), [&]<class T>() { y.mutable_data<T>()[i] = static_cast<T>(chosen); });
    }
  }
}

}  // namespace

MICA_OP(Multinomial, 7) {
  return op<Multinomial>()
      .input("input", types::floats)
      .output("output")
      .attribute("seed", &Multinomial::seed)
      .attribute("sample_size", &Multinomial::sample_size)
      .attribute("dtype", &Multinomial::dtype)
      .infer<infer>()
      .impure()
      .cpu<run_cpu>();
}

}  // namespace mica
