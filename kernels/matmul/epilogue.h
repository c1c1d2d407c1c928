// What is done to the elements of a product of matrices before they are stored.
#pragma once

#include <stdint.h>

namespace mica {

/// A matrix that is added to a product: element (i, j) is at data[i * row + j * column], and `column` is 0 or 1. So a
/// bias for each column has row 0 and column 1, one for each row has row 1 and column 0. Null: nothing is added.
struct Addend {
  const float* data = nullptr;
  int64_t row = 0;
  int64_t column = 0;
  float factor = 1;
};

/// f(alpha * product + factor * addend + ...), f being the activation. An addend may be the very memory of the result.
struct Epilogue {
  enum class Activation : uint8_t { None, Relu, Gelu, GeluTanh, Silu, Tanh, Sigmoid };

  float alpha = 1;
  Addend addends[2];
  Activation activation = Activation::None;
};

}  // namespace mica
