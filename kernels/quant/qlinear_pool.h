// Parameters of QLinearAveragePool and QLinearGlobalAveragePool (qlinear_pool.loops.op.cpp).
#pragma once

#include "kernels/conv/window.h"

namespace mica {

struct QLinearPool : Window {
  enum Input : size_t { kX, kXScale, kXZero, kYScale, kYZero };

  bool count_include_pad = false, channels_last = false;
};

/// The window at the dims at hand, or with `global` that of a whole plane. Throws when these do not fit.
WindowGeometry qlinear_pool_geometry(const QLinearPool& op, const Shape& x, const Shape& y, bool global);

/// Whether every window is a whole plane, small enough for a sum of its codes in int32.
bool sees_planes(const WindowGeometry& g);

}  // namespace mica
