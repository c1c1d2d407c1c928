// Arithmetic that many operators share, for OpBuilder::flops: two for each product that is added.
#pragma once

#include "graph/op_def.h"

namespace mica {

/// Of matrices: every result is a sum over the last axis of input 0, or over the one before it where that is
/// transposed.
Dim product_flops(const OperandDims& dims);
Dim product_flops_of_transposed(const OperandDims& dims);
template <class Params>
Dim product_flops_by(const Params& op, const OperandDims& dims) {
  return op.trans_a ? product_flops_of_transposed(dims) : product_flops(dims);
}

/// Every result is a sum over one filter; the first axis of input `weights` are the filters.
Dim convolution_flops(const OperandDims& dims, size_t weights);
template <size_t weights>
Dim convolution_flops(const OperandDims& dims) {
  return convolution_flops(dims, weights);
}

/// Queries, keys and values are inputs 0, 1 and 2, or all in input 0 where there is no key. Keys are [batch, heads,
/// keys, width], or of another rank with the keys along axis 1; `past` is the input with those from before, [batch,
/// heads, keys, width]. Scores and their products with the values.
Dim attention_flops(const OperandDims& dims, size_t past);
template <size_t past>
Dim attention_flops(const OperandDims& dims) {
  return attention_flops(dims, past);
}

/// Input 0 [batch, sequence, width] is multiplied by input 1 [width, queries, keys and values], and then as
/// `attention_flops`; `past` is [2, batch, heads, keys, width].
Dim projected_attention_flops(const OperandDims& dims, size_t past);
template <size_t past>
Dim projected_attention_flops(const OperandDims& dims) {
  return projected_attention_flops(dims, past);
}

/// All weights, inputs 1 and 2, for each step of each sequence, input 0 [steps, batch, width] or [batch, steps, width].
Dim recurrent_flops(const OperandDims& dims);

}  // namespace mica
