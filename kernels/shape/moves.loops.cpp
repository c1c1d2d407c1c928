#include "kernels/shape/moves.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>

#include "kernels/shape/elements.h"
#include "kernels/shape/scalar_read.h"

namespace mica {
namespace {

template <class T>
void copy(const void* from, int64_t n, void* to) {
  if (from == to || n == 0) return;
  if constexpr (std::is_same_v<T, std::string>) {
    std::copy_n(static_cast<const T*>(from), n, static_cast<T*>(to));
  } else {
    std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
  }
}

template <class T>
void fill(const void* value, int64_t n, void* to) {
  std::fill_n(static_cast<T*>(to), n, *static_cast<const T*>(value));
}

template <class T>
void clear(int64_t n, void* to) {
  if constexpr (std::is_same_v<T, std::string>) {
    std::fill_n(static_cast<T*>(to), n, T{});
  } else if (n > 0) {
    std::memset(to, 0, static_cast<size_t>(n) * sizeof(T));
  }
}

template <class T>
void gather(const void* from, const int64_t* places, int64_t rows, int64_t width, void* to) {
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  if (width == 1) {
#pragma GCC unroll 4
    for (int64_t r = 0; r < rows; ++r) y[r] = x[scalar_read(places[r])];
  } else {
    for (int64_t r = 0; r < rows; ++r) copy<T>(x + places[r], width, y + r * width);
  }
}

template <class T>
void scatter(const void* from, const int64_t* places, int64_t rows, int64_t width, void* to) {
  const T* x = static_cast<const T*>(from);
  T* y = static_cast<T*>(to);
  if (width == 1) {
    for (int64_t r = 0; r < rows; ++r) y[places[r]] = x[r];
  } else {
    for (int64_t r = 0; r < rows; ++r) copy<T>(x + r * width, width, y + places[r]);
  }
}

template <class T>
void spread(const void* value, const int64_t* places, int64_t rows, void* to) {
  const T& element = *static_cast<const T*>(value);
  for (int64_t r = 0; r < rows; ++r) static_cast<T*>(to)[places[r]] = element;
}

template <class T>
constexpr ElementMoves kMoves{sizeof(T), copy<T>, fill<T>, clear<T>, gather<T>, scatter<T>, spread<T>};

}  // namespace

const ElementMoves& moves_of(DType dtype) {
  const ElementMoves* moves = nullptr;
  visit_storage(dtype, [&]<class T>() { moves = &kMoves<T>; });
  return *moves;
}

}  // namespace mica
