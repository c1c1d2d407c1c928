// Kernels of MatMul, Gemm and Linear that multiply floats in less than their precision. Those named "bf16" and
// "int8-dynamic" are for plans of that precision (runtime/precision.h) alone; "bfloat16" is for tensors of that type.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "graph/type.h"
#include "kernels/matmul/bf16_gemm.h"
#include "kernels/matmul/gemm_node.h"
#include "kernels/quant/int8_dynamic.h"

namespace mica {

/// Why products are not computed so; empty when they can be.
std::string refuse_bf16(const Gemm& op, std::span<const ValueType> inputs);
std::string refuse_bfloat16_tensors(const Gemm& op, std::span<const ValueType> inputs);
std::string refuse_int8_dynamic(const Gemm& op, std::span<const ValueType> inputs);

/// For the operands that were not refused.
void run_bf16(const Gemm& op, const Epilogue& epilogue, const Operands& io, const Bf16Weights& weights);
void run_int8_dynamic(const Gemm& op, const Epilogue& epilogue, const Operands& io, const Int8Weights& weights);

}  // namespace mica
