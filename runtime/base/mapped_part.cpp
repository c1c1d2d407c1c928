#include "runtime/base/mapped_part.h"

#include <utility>

namespace mica {

std::shared_ptr<const void> MappedPart::hold(std::span<const std::byte> bytes, const MappedFile& file,
                                             std::shared_ptr<const void> owner) {
  return {static_cast<const void*>(bytes.data()), MappedPart{bytes, &file, std::move(owner)}};
}

const MappedPart* MappedPart::of(const Tensor& tensor) {
  return std::get_deleter<MappedPart>(tensor.owner());
}

}  // namespace mica
