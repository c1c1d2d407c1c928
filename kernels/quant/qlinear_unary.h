// The functions of QLinearSigmoid and QLinearLeakyRelu.
#pragma once

#include <cmath>

namespace mica {

struct QLinearSigmoid {
  float operator()(float x) const { return 1 / (1 + std::exp(-x)); }
};

struct QLinearLeakyRelu {
  float alpha = 0.01f;
  float operator()(float x) const { return x < 0 ? alpha * x : x; }
};

}  // namespace mica
