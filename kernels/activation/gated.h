// What Gated, mica 1, is given.
#pragma once

#include <string>
#include <string_view>

#include "kernels/activation/unary_simd.h"

namespace mica {

struct GatedFunction {
  std::string_view name;
  UnaryLoop UnaryKernels::*loop;
  double (*wide)(double);
};

struct Gated {
  std::string activation;
  const GatedFunction* f = nullptr;  ///< by that
};

}  // namespace mica
