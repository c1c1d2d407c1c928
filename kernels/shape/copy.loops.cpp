#include "kernels/shape/copy.h"

#include <algorithm>
#include <cstring>

namespace mica {

void copy_elements(const Tensor& from, Tensor& to) {
  if (from.elements() != to.elements()) bad_input("cannot see " + from.str() + " as " + to.str());
  if (from.raw() == to.raw() || from.elements() == 0) return;
  if (from.dtype() == DType::String) {
    std::copy_n(from.data<std::string>(), from.elements(), to.mutable_data<std::string>());
  } else {
    std::memcpy(to.mutable_raw(), from.raw(), from.bytes());
  }
}

}  // namespace mica
