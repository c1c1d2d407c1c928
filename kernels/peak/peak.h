// Kernels of devices that no model has: what others are measured by. They stand in the table of device kernels under
// this domain.
#pragma once

#include <cstdint>
#include <string_view>

namespace mica {

inline constexpr std::string_view kPeakDomain = "mica.peak";

/// "MultiplyAdd": every element of output 0, of floats, is the result of `operations` multiply-adds on registers.
struct MultiplyAddPeak {
  int64_t operations = 0;  ///< a multiple of 8
};

/// "Product": output 0 [m, n] = input 0 [m, k] by input 1 [k, n], by the device's own library.
struct ProductPeak {};

}  // namespace mica
