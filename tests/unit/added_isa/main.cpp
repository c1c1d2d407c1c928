// Succeeds when the instruction set "twin" is in the build, is the one chosen, and computes.
#include <cmath>
#include <cstdio>

#include "kernels/activation/unary_simd.h"
#include "kernels/simd/isa.h"

int main() {
  const mica::Isa& chosen = mica::isas()[mica::isa_choice().index];
  const float x[3] = {0.0f, 1.0f, -2.0f};
  float y[3];
  mica::unary_kernels().exp(x, y, 3);
  bool right = chosen.name == "twin";
  for (int i = 0; i < 3; ++i) right = right && std::abs(y[i] - std::exp(x[i])) <= 1e-6f * std::exp(x[i]);
  std::printf("chosen: %.*s, exp(1) = %g\n", static_cast<int>(chosen.name.size()), chosen.name.data(), y[1]);
  return right ? 0 : 1;
}
