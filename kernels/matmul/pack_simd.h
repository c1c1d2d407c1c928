// Rearranging matrices for the innermost loops of products.
#pragma once

#include <stdint.h>

#include "kernels/simd/table.h"

namespace mica {

/// How the elements of a matrix that is packed are stored; see F32, F16 and BF16 in kernels/simd/vec.h.
enum class Storage : uint8_t { F32, F16, BF16 };

struct PackKernels {
  /// Packs a k x n matrix in panels of 16 columns, the last filled up with zeros. Element (p, j) is at
  /// from[p * stride + j], or, `transposed`, at from[j * stride + p]. It goes to to[j / 16 * to_panel + p * 16 + j %
  /// 16].
  using Panels = void (*)(const void* from, int64_t stride, int64_t k, int64_t n, float* to, int64_t to_panel);
  Panels panels[3];  ///< by Storage
  Panels transposed_panels[3];

  /// to[j * to_row + i] = from[i * from_row + j] for i < rows, j < columns.
  void (*transpose)(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row);
};

const PackKernels& pack_kernels();
IsaTables<PackKernels> pack_kernels_all();

}  // namespace mica
