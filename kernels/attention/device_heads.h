// What attention operators on CUDA devices share: their operands on the way into the kernels.
#pragma once

#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/head_operand.h"
#include "kernels/attention/head_rows_cuda.h"
#include "kernels/attention/kv_cache.h"
#include "kernels/attention/score_bias.h"
#include "kernels/device_kernel.h"

namespace mica {

inline constexpr DTypeSet kDeviceAttentionTypes{DType::F32, DType::F16, DType::BF16};

inline cuda::RowLayout row_layout(const HeadLayout& layout) {
  return {layout.start, layout.batch, layout.head, layout.row};
}

/// Queries, keys or values, and what is done to their rows before they are used: see HeadRows.
struct HeadSource {
  const void* data = nullptr;
  HeadDims dims;
  HeadLayout layout;
  const void* terms = nullptr;
  const void* norm_scale = nullptr;
  float epsilon = 0;
  bool rotates = false;
  KvCache cache = {};  ///< of keys and values: rows go behind those that it holds

  HeadSource() = default;
  explicit HeadSource(const HeadOperand& operand)
      : data(operand.tensor->raw()), dims(operand.dims), layout(operand.layout) {}
  bool changes() const { return terms != nullptr || norm_scale != nullptr || rotates; }
};

struct AttentionSources {
  HeadSource q, k, v;
  cuda::RotaryTables rotary = {};
  const cuda::SequenceKeys* sequences = nullptr;  ///< null: all have `past` keys before the new ones
  int64_t past = 0;
  int64_t keys = 0;  ///< of the longest sequence, past ones included
};

/// What there is to do, with everything in place: rows are changed where that is asked for, and caches are extended, by
/// kernels launched before. Rows of `out` are [batch, heads, rows, width] where it has rank 4, else [batch, rows,
/// heads * width]. Masks, scale and what else follows from attributes are left to the caller.
cuda::AttentionCall attention_call(const DeviceOperands& io, const AttentionSources& sources, Tensor& out);

/// A mask as score_bias takes it, of bool or of the queries' type.
cuda::ScoreMask score_mask(const Tensor& mask, const Shape& scores, ShortMask short_mask);
/// A mask as key_mask_bias takes it.
cuda::ScoreMask key_score_mask(const Tensor& mask, const Shape& scores, int64_t past, float hidden);

/// By the kernel that suits the sizes.
void attend(const DeviceOperands& io, const cuda::AttentionCall& call);

/// Whether a node has this input.
bool is_given(std::span<const ValueType> inputs, size_t input);

// For DeviceKernel::accepts: why something is not taken, or nothing.

/// Tensors among these inputs that have not the type of input 0, or that type where no kernel is for it.
std::string refuse_types(std::span<const ValueType> inputs, std::initializer_list<size_t> which);
/// Masks that are neither bool nor of type `dtype`.
std::string refuse_mask(const ValueType& mask, DType dtype);
/// Heads of a width, the last dim of an input over a number of heads, that is too large.
std::string refuse_width(const ValueType& rows, int64_t heads);

}  // namespace mica
