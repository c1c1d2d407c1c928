#include "kernels/wide_constant.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "kernels/float_conversion.h"
#include "kernels/round_up.h"

namespace mica {

std::shared_ptr<const PackedBytes> pack_widened(const Tensor* tensor) {
  if (tensor == nullptr || (tensor->dtype() != DType::F16 && tensor->dtype() != DType::BF16)) return nullptr;
  constexpr int64_t kPiece = int64_t{1} << 16;
  PackTask task;
  task.form = "floats";
  task.bytes = static_cast<size_t>(tensor->elements()) * sizeof(float);
  task.parts = ceil_div(tensor->elements(), kPiece);
  task.fill = [](const Tensor& constant, std::byte* to, int64_t begin, int64_t end) {
    const int64_t first = begin * kPiece, count = std::min(constant.elements(), end * kPiece) - first;
    std::vector<uint16_t> halves(static_cast<size_t>(count));  // where they are may be unaligned
    std::memcpy(halves.data(), constant.data<std::byte>() + first * 2, halves.size() * 2);
    convert_floats(constant.dtype(), halves.data(), DType::F32, reinterpret_cast<float*>(to) + first, count);
  };
  return pack(*tensor, std::move(task));
}

}  // namespace mica
