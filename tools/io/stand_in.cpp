#include "tools/io/stand_in.h"

#include "backends/cpu/thread_pool.h"
#include "kernels/cast/convert.h"

namespace mica::tools {
namespace {

Tensor convert(const Tensor& tensor, DType dtype) {
  Tensor result(dtype, tensor.shape());
  ThreadPool threads(1);
  convert_elements(threads, tensor, result, {.rounding = PowerRounding::Nearest});
  return result;
}

}  // namespace

DType stand_in(DType dtype) {
  if (dtype == DType::I2 || dtype == DType::I4) return DType::I8;
  if (dtype == DType::U2 || dtype == DType::U4) return DType::U8;
  constexpr DTypeSet kNarrowFloats = types::float8 | DTypeSet{DType::BF16, DType::F8E8M0, DType::F4E2M1};
  return kNarrowFloats.contains(dtype) ? DType::F32 : dtype;
}

Tensor to_stand_in(const Tensor& tensor) {
  return convert(tensor, stand_in(tensor.dtype()));
}

Tensor from_stand_in(const Tensor& tensor, DType dtype) {
  if (tensor.dtype() == dtype) return tensor;
  return tensor.dtype() == stand_in(dtype) ? convert(tensor, dtype) : Tensor();
}

}  // namespace mica::tools
