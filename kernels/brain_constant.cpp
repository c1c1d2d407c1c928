#include "kernels/brain_constant.h"

#include "kernels/float_conversion.h"
#include "runtime/base/unaligned.h"

namespace mica {

Tensor brain_constant(const Tensor& floats) {
  Tensor result(DType::BF16, floats.shape());
  convert_floats(DType::F32, aligned(floats).raw(), DType::BF16, result.mutable_raw(), floats.elements());
  return result;
}

}  // namespace mica
