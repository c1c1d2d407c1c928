// Outputs of any number type that hold a formula's values.
#pragma once

#include "kernels/operands.h"
#include "kernels/wide.h"

namespace mica {

inline constexpr DTypeSet kFormulaTypes = types::numeric;

/// y[i] = f(i), towards zero where the element is an integer. The values must be in its range.
template <class F>
void write_numbers(Tensor& y, F f) {
  visit_dtype<float, double, Half, BFloat16, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>(
      y.dtype(), [&]<class T>() {
        T* to = y.mutable_data<T>();
        for (int64_t i = 0, count = y.elements(); i < count; ++i) {
          if constexpr (std::is_integral_v<T>) {
            to[i] = static_cast<T>(f(i));
          } else {
            to[i] = static_cast<T>(static_cast<Wide<T>>(f(i)));
          }
        }
      });
}

}  // namespace mica
