// The innermost loops of products for one instruction set.
#pragma once

#include "kernels/matmul/activate_simd.h"
#include "kernels/matmul/dot_simd.h"
#include "kernels/matmul/pack_simd.h"
#include "kernels/matmul/tile_simd.h"
#include "runtime/base/function_ref.h"

namespace mica {

class Operands;  // kernels/operands.h
struct Product;  // kernels/matmul/gemm.h

struct GemmKernels {
  const TileKernels* tile = &tile_kernels();
  const DotKernels* dot = &dot_kernels();
  const PackKernels* pack = &pack_kernels();
  const ActivateKernels* activations = &activate_kernels();
};

/// gemm.h's, with these loops.
void gemm(const Operands& io, const GemmKernels& kernels, const Product& product);
void gemm_each(const Operands& io, const GemmKernels& kernels, int64_t count,
               FunctionRef<Product(int64_t index)> product);

}  // namespace mica
