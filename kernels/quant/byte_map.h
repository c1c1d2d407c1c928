// Functions of one 8-bit number as tables of all 256.
#pragma once

#include <cstring>

#include "kernels/quant/parameters.h"
#include "kernels/quant/quantize_simd.h"

namespace mica {

/// From an input that holds the scale and an optional one that holds the zero point.
inline ByteQuantization byte_quantization(const Operands& io, size_t scale, size_t zero) {
  return {one_scale(io, scale), one_zero(io, zero)};
}

/// y = quantize(f(dequantize(x))) for every x, which is looked up by its bits.
template <class T>
class ByteMap {
 public:
  template <class F>
  ByteMap(const ByteQuantization& x, const ByteQuantization& y, F&& f) {
    T codes[256];
    float numbers[256];
    for (int i = 0; i < 256; ++i) codes[i] = static_cast<T>(i);
    ByteLoops<T>::dequantize()(codes, x.scale, x.zero, numbers, 256);
    for (float& number : numbers) number = f(number);
    ByteLoops<T>::quantize()(numbers, y.scale, y.zero, table_, 256);
  }

  /// y may be x.
  void run(const T* x, T* y, int64_t count) const {
    // Eight in a word: bytes that are loaded and stored one by one take twice as long.
    int64_t i = 0;
    for (; i + kWord <= count; i += kWord) {
      uint64_t codes, mapped = 0;
      std::memcpy(&codes, x + i, kWord);
#pragma GCC unroll 8
      for (int64_t j = 0; j < 8 * kWord; j += 8) {
        mapped |= static_cast<uint64_t>(static_cast<uint8_t>(table_[codes >> j & 255])) << j;
      }
      std::memcpy(y + i, &mapped, kWord);
    }
    for (; i < count; ++i) y[i] = table_[static_cast<uint8_t>(x[i])];
  }

 private:
  static constexpr int64_t kWord = sizeof(uint64_t);
  T table_[256];
};

}  // namespace mica
