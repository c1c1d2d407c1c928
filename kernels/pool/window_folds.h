// Poolings of planes by one function of the elements of a window.
#pragma once

#include "kernels/pool/pool.h"

namespace mica {

/// Powers: sums of |x|^p.
enum class WindowFold : uint8_t { Sum, Powers, Max };

/// y = folds of the windows of x, both `planes` planes of `dtype`: float or double, and of Max int8 or uint8 too. The
/// sum of nothing is 0, its greatest element the least number. In parallel.
void fold_planes(const Operands& io, const WindowGeometry& g, int64_t planes, WindowFold fold, DType dtype,
                 const void* x, void* y, double p = 0);

/// y[i] = y[i]^(1/p) for n floats or doubles.
void take_roots(DType dtype, void* y, int64_t n, double p);

/// y[plane * outputs + i] /= by[i], floats or doubles.
void divide_planes(DType dtype, void* y, const void* by, int64_t planes, int64_t outputs);

/// The greatest elements of the windows of one plane, as Max of `fold_planes`, and their places in it, -1 where a
/// window is all padding.
void find_greatest(const WindowGeometry& g, DType dtype, const void* x, void* y, int64_t* places);

}  // namespace mica
