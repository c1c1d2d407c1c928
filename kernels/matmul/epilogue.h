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
  /// Clip: min(max(x, low), high). HardSwish: x * min(1, max(0, x / 6 + 1 / 2)).
  enum class Activation : uint8_t { None, Relu, Clip, HardSwish, Gelu, GeluTanh, Silu, Tanh, Sigmoid };

  float alpha = 1;
  Addend addends[2];
  Activation activation = Activation::None;
  float low = 0, high = 0;
};

/// The interval that an element is brought into as it is stored.
struct Bounds {
  float low, high;
};

/// Of activations that are nothing but that; all numbers for the others.
inline Bounds bounds_of(const Epilogue& e) {
  constexpr float kInfinity = __builtin_inff();
  if (e.activation == Epilogue::Activation::Clip) return {e.low, e.high};
  return {e.activation == Epilogue::Activation::Relu ? 0 : -kInfinity, kInfinity};
}

/// Whether the activation is a function of its own, applied to what is stored.
inline bool is_separate(Epilogue::Activation f) {
  return f > Epilogue::Activation::Clip;
}

}  // namespace mica
