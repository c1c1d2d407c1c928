// The tests of IsNaN and IsInf.
#pragma once

#include <cmath>

namespace mica {

struct IsNaN {
  bool operator()(float x) const { return std::isnan(x); }
  bool operator()(double x) const { return std::isnan(x); }
};

struct IsInf {
  bool detect_negative = true;
  bool detect_positive = true;

  template <class T>
  bool operator()(T x) const {
    return std::isinf(x) && (x > 0 ? detect_positive : detect_negative);
  }
};

}  // namespace mica
