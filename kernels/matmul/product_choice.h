// Which kernel of our own multiplies matrices of floats: one table, best first, each way with why it does not take a
// call. The functions look at sizes and at how operands lie, not at what they point to.
#pragma once

#include <string>

#include "kernels/matmul/gemm_mma_cuda.h"
#include "kernels/matmul/gemm_wgmma_cuda.h"
#include "kernels/matmul/gemv_cuda.h"

namespace mica::cuda {

/// What is multiplied: numbers of a type, floats perhaps rounded to tf32. Results may be of a wider type.
struct ProductOperands {
  Number number;
  bool tf32 = false;
};

/// Least compute capability of devices that have tensor cores for these; a large one for others.
constexpr int least_capability_for(ProductOperands operands) {
  constexpr int kNone = 1000000;
  return operands.number == Number::F16    ? kHalfProducts
         : operands.number == Number::BF16 ? kBrainProducts
         : operands.tf32                   ? kTf32Products
                                           : kNone;
}

enum class ProductWay : uint8_t {
  Vectors,     ///< few rows, by reading the matrix once: gemv*.cu
  Warpgroups,  ///< gemm_wgmma.cu
  Fragments,   ///< gemm_mma.cu, gemm_tf32.cu
  Plain,       ///< gemm.cu
};

/// A way, and why it does not take a call; null when it does.
struct ProductRow {
  ProductWay way;
  const char* name;
  const char* (*refuse)(const GemmCall& call, ProductOperands operands, int capability);
};

inline constexpr ProductRow kProductWays[] = {
    {ProductWay::Vectors, "gemv",
     [](const GemmCall& call, ProductOperands operands, int) -> const char* {
       if (!is_gemv(call.m, call.n, call.k)) return "more than 4 rows, or a small matrix";
       const bool mixed = operands.number != call.number;
       return mixed && !is_gemv_of_vectors(call) ? "the matrix does not lie in vectors" : nullptr;
     }},
    {ProductWay::Warpgroups, "wgmma",
     [](const GemmCall& call, ProductOperands operands, int capability) -> const char* {
       if (operands.number != Number::F16 && operands.number != Number::BF16) return "is for 16-bit floats";
       if (capability != kWgmmaCapability) return "is for compute capability 9.0";
       const WgmmaCut cut = wgmma_cut(call.m, call.n, call.k, call.batch.elements);
       if (cut.columns == 0) return "too few tiles, or a short k";
       return wgmma_operands(call, cut).possible ? nullptr : "the copy engine cannot address the operands";
     }},
    {ProductWay::Fragments, "mma",
     [](const GemmCall&, ProductOperands operands, int capability) -> const char* {
       return capability < least_capability_for(operands) ? "no tensor cores for the type" : nullptr;
     }},
    {ProductWay::Plain, "simt", [](const GemmCall&, ProductOperands, int) -> const char* { return nullptr; }}};

/// The first way from `first` on that takes the call.
inline ProductRow choose_product(const GemmCall& call, ProductOperands operands, int capability,
                                 ProductWay first = ProductWay::Vectors) {
  for (const ProductRow& row : kProductWays) {
    if (row.way >= first && row.refuse(call, operands, capability) == nullptr) return row;
  }
  return kProductWays[3];
}

/// "64x64, k in 4 parts".
std::string str(const MmaCut& cut);
/// The way that is taken with its tiles, and why the ones before are not, as text.
std::string explain_product(const GemmCall& call, ProductOperands operands, int capability,
                            ProductWay first = ProductWay::Vectors);

}  // namespace mica::cuda
