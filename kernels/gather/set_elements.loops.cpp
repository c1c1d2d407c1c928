#include "kernels/gather/set_elements.h"

#include <algorithm>
#include <string>

#include "kernels/operands.h"

namespace mica {
namespace {

template <class T>
bool is_set(const T& element, T mask) {
  return (element & mask) != 0;
}
bool is_set(const std::string& element, const std::string&) {
  return !element.empty();
}

template <class T>
int64_t count(const void* x, int64_t n, const T& mask) {
  int64_t result = 0;
  for (int64_t i = 0; i < n; ++i) result += is_set(static_cast<const T*>(x)[i], mask) ? 1 : 0;
  return result;
}

template <class T>
int64_t list(const void* x, int64_t n, const T& mask, int64_t* places) {
  constexpr int64_t kBlock = 256;
  int64_t block[kBlock];  // every place is written, and overwritten by the next where the element is not set
  int64_t* to = places;
  for (int64_t first = 0; first < n; first += kBlock) {
    const int64_t end = std::min(first + kBlock, n);
    int64_t found = 0;
    for (int64_t i = first; i < end; ++i) {
      block[found] = i;
      found += is_set(static_cast<const T*>(x)[i], mask) ? 1 : 0;
    }
    to = std::copy_n(block, found, to);
  }
  return to - places;
}

// Calls f(mask) with the bits that make an element of the type other than zero: of floats all but the sign.
template <class F>
int64_t with_mask(DType dtype, F&& f) {
  if (dtype == DType::String) return f(std::string());
  if (!types::numeric.contains(dtype) && dtype != DType::Bool) {
    bad_input("cannot tell zeros of type " + std::string(name(dtype)));
  }
  const uint64_t all = ~uint64_t{0};
  const int bits = bit_width(dtype);
  const uint64_t mask = is_float(dtype) ? all ^ (uint64_t{1} << (bits - 1)) : all;
  if (bits == 8) return f(static_cast<uint8_t>(mask));
  if (bits == 16) return f(static_cast<uint16_t>(mask));
  if (bits == 32) return f(static_cast<uint32_t>(mask));
  return f(mask);
}

}  // namespace

int64_t count_set(DType dtype, const void* x, int64_t n) {
  return with_mask(dtype, [&]<class T>(const T& mask) { return count(x, n, mask); });
}

int64_t list_set(DType dtype, const void* x, int64_t n, int64_t* places) {
  return with_mask(dtype, [&]<class T>(const T& mask) { return list(x, n, mask, places); });
}

}  // namespace mica
