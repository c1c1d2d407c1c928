// Products of matrices of floats: the fast path of MatMul, Gemm, Einsum, convolutions, the recurrent operators and
// attention. `multiply` in multiply.h is the yardstick.
//
// The right operand is read in panels of 16 columns, whose rows of 64 bytes lie one behind the other. A constant one is
// packed once by `pack`; another is packed while it is multiplied, a block that fits the cache at a time, or read where
// it lies when few rows make use of it. The left operand is read where it lies unless it is transposed, or its rows lie
// so that they would drive each other out of the cache.
//
// Results do not depend on the number of threads. NaN and infinities propagate as in the sum of products; with k = 0
// the product is 0.
#pragma once

#include <cstdint>

#include "kernels/matmul/epilogue.h"
#include "kernels/matmul/multiply.h"
#include "runtime/base/function_ref.h"

namespace mica {

struct GemmKernels;  // kernels/matmul/gemm_kernels.h
class Operands;      // kernels/operands.h
class ThreadPool;    // backends/cpu/thread_pool.h

/// Rows k0 to k0 + k of columns j0 to j0 + n of a right operand. j0 is a multiple of 16.
struct PanelBlock {
  int64_t index;  ///< `Product::fill_index`
  int64_t k0, k, j0, n;
  int64_t panel;  ///< elements from one panel to the next
};
/// Writes a block in panels: element (k0 + p, j0 + j) to to[j / 16 * panel + p * 16 + j % 16], zeros behind the last
/// column up to a multiple of 16. Called from any thread.
using FillPanels = FunctionRef<void(const PanelBlock& block, float* to)>;

/// Elements k0 to k0 + k of rows i0 to i0 + m of a left operand.
struct RowBlock {
  int64_t index;  ///< `Product::fill_index`
  int64_t i0, m, k0, k;
  int64_t row;  ///< elements from one row to the next where they are written
};
/// Writes a block row by row: element (i0 + i, k0 + p) to to[i * row + p]. Called from any thread.
using FillRows = FunctionRef<void(const RowBlock& block, float* to)>;

/// c = epilogue(a * b), of m x k and k x n elements.
struct Product {
  int64_t m = 0, n = 0, k = 0;
  Matrix<const float> a{};  ///< any strides; fastest with rows of adjacent elements
  /// Any strides; the right operand unless `packed_b` or `fill_b` is set. With `fill_b`, rows of adjacent elements that
  /// it reads from beyond the caches, aligned or not, and that are fetched ahead; or nothing.
  Matrix<const float> b{};
  const float* packed_b = nullptr;  ///< as written by `pack`
  int64_t packed_k = 0;             ///< rows that it was packed with, when it is `k` of them from a later one on; 0: k
  int64_t fill_index = 0;
  const FillRows* fill_a = nullptr;    ///< makes the rows of a left operand that exists nowhere as a matrix
  const FillPanels* fill_b = nullptr;  ///< makes the panels of such a right operand
  bool sums_as_packed = false;         ///< with `fill_b`: results are those that `packed_b` would lead to, to the bit
  float* c = nullptr;                  ///< rows of adjacent elements; overlaps neither operand
  int64_t c_row = 0;                   ///< elements from one row to the next
  Epilogue epilogue{};
  /// Where k is not 0, rows of `a` lie in pieces of k elements, `step` elements from one to the next; not for
  /// transposed operands, and a multiple of it is multiplied.
  struct Pieces {
    int64_t k = 0, step = 0;
  } a_pieces{};
  /// What need not be computed, for i and j with j > i + diagonal: elements (i, j) of the result, which are then of any
  /// value, or products with elements (i, j) of the left operand, which are 0.
  enum class Triangle : uint8_t { None, Result, Left } triangle = Triangle::None;
  int64_t diagonal = 0;
};

/// Elements of scratch that `gemm` needs when `threads` threads take part.
int64_t scratch_elements(const Product& product, int threads = 1);

/// Computes on this thread alone. `scratch` has `scratch_elements(product)` elements, 64-byte aligned.
void gemm(const Product& product, float* scratch);

/// The same, with the loops of a given instruction set.
void gemm(const GemmKernels& kernels, const Product& product, float* scratch);
int64_t scratch_elements(const GemmKernels& kernels, const Product& product, int threads = 1);

/// Splits the work over threads where there is enough of it. `scratch` has
/// `scratch_elements(product, threads.threads())` elements.
void gemm(ThreadPool& threads, const Product& product, float* scratch);

/// The same with a kernel's threads and scratch.
void gemm(const Operands& io, const Product& product);

/// The products `product(0)` to `product(count - 1)`, which differ in where their elements are only. Many go to one
/// thread each; of a few, every one is split.
void gemm_each(const Operands& io, int64_t count, FunctionRef<Product(int64_t index)> product);

/// Elements of a packed k x n operand.
int64_t packed_elements(int64_t k, int64_t n);

/// Packs a right operand for `Product::packed_b`; `to` is 64-byte aligned.
void pack(const Matrix<const float>& b, int64_t k, int64_t n, float* to);

}  // namespace mica
