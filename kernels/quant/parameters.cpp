#include "kernels/quant/parameters.h"

#include "kernels/quant/codes.h"
#include "kernels/shape/elements.h"
#include "runtime/base/concat.h"

namespace mica {

template <class T>
T* load_parameters(const Operands& io, size_t input, int64_t count) {
  T* values = io.scratch<T>(count);
  if (!io.has(input)) {
    std::fill_n(values, count, T{});
    return values;
  }
  const Tensor& tensor = io.in(input);
  if (tensor.elements() != count) {
    throw_error(ErrorCode::InvalidArgument, {"there are ", count, " scales, and zero points ", tensor});
  }
  const bool numbers = visit_dtype<float, Half, BFloat16, Float8E8M0, int32_t, int16_t, uint16_t, int8_t, uint8_t>(
      tensor.dtype(), [&]<class S>() {
        const S* from = tensor.data<S>();
        for (int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(from[i]);
      });
  if (numbers) return values;
  const CodeTable table(tensor.dtype());
  const uint8_t* codes = load<uint8_t>(io, tensor);
  for (int64_t i = 0; i < count; ++i) values[i] = static_cast<T>(table.values[codes[i]]);
  return values;
}

template float* load_parameters<float>(const Operands&, size_t, int64_t);
template double* load_parameters<double>(const Operands&, size_t, int64_t);
template int32_t* load_parameters<int32_t>(const Operands&, size_t, int64_t);

float one_scale(const Operands& io, size_t input) {
  if (io.in(input).elements() != 1)
    throw_error(ErrorCode::InvalidArgument, {"a scale is one number, not ", io.in(input)});
  return *load_parameters<float>(io, input, 1);
}

int32_t one_zero(const Operands& io, size_t input) {
  if (!io.has(input)) return 0;
  if (io.in(input).elements() != 1)
    throw_error(ErrorCode::InvalidArgument, {"a zero point is one number, not ", io.in(input)});
  return *load_parameters<int32_t>(io, input, 1);
}

}  // namespace mica
