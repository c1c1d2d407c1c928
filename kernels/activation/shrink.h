// The parameters of Shrink.
#pragma once

namespace mica {

struct Shrink {
  float bias = 0;
  float lambd = 0.5f;

  template <class T>
  [[gnu::always_inline]] T operator()(T x) const {
    const T limit = static_cast<T>(lambd);
    const T shift = static_cast<T>(bias);
    return x < -limit ? x + shift : x > limit ? x - shift : T{0};
  }
};

}  // namespace mica
