// Attention and SelfAttention on CUDA devices.
#include "kernels/attention/attention.h"

#include "kernels/attention/attention_cuda.h"
#include "kernels/attention/attention_op.h"
#include "kernels/attention/head_operand.h"
#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/shape/copy_cuda.h"

namespace mica {
namespace {

constexpr DTypeSet kTypes{DType::F32, DType::F16, DType::BF16};

cuda::RowLayout rows_of(const HeadLayout& layout) {
  return {layout.start, layout.batch, layout.head, layout.row};
}

/// Rows on the device.
struct DeviceRows {
  const void* data;
  HeadLayout layout;
};

DeviceRows rows_of(const HeadOperand& operand) {
  return {operand.tensor->raw(), operand.layout};
}

void copy_rows(const DeviceRows& from, void* to, const HeadLayout& to_layout, const HeadDims& dims, int64_t width,
               void* stream) {
  cuda::Walk<2> walk;
  walk.start = {{from.layout.start, to_layout.start}};
  walk.add(dims.width, {{1, 1}});
  walk.add(dims.rows, {{from.layout.row, to_layout.row}});
  walk.add(dims.heads, {{from.layout.head, to_layout.head}});
  walk.add(dims.batch, {{from.layout.batch, to_layout.batch}});
  cuda::launch_copy(from.data, to, width, walk, stream);
}

// Keys or values of earlier runs and, behind them, those of this one: in the output `present`, or in scratch where that
// is not wanted.
DeviceRows with_past(const DeviceOperands& io, size_t past, size_t present, const HeadOperand& fresh) {
  if (!io.has(past) && !io.wants(present)) return rows_of(fresh);
  const int64_t width = bit_width(fresh.tensor->dtype()) / 8;
  HeadDims old = fresh.dims, all = fresh.dims;
  old.rows = io.has(past) ? io.in(past).shape()[2] : 0;
  all.rows += old.rows;
  void* to = io.wants(present) ? io.out(present).mutable_raw() : io.scratch<std::byte>(all.elements() * width);
  const HeadLayout layout = all.bnsh();
  if (io.has(past)) copy_rows({io.data(past), old.bnsh()}, to, layout, old, width, io.stream());
  copy_rows(rows_of(fresh), to, layout.from_row(old.rows), fresh.dims, width, io.stream());
  return {to, layout};
}

cuda::AttentionCall call_for(const HeadOperand& q, const DeviceRows& k, const DeviceRows& v, int64_t kv_heads,
                             int64_t keys, int64_t v_width, Tensor& out) {
  cuda::AttentionCall call{};
  call.number = number_of(out.dtype());
  call.q = q.tensor->raw();
  call.k = k.data;
  call.v = v.data;
  call.out = out.mutable_raw();
  call.q_layout = rows_of(q.layout);
  call.k_layout = rows_of(k.layout);
  call.v_layout = rows_of(v.layout);
  call.batch = q.dims.batch;
  call.heads = q.dims.heads;
  call.kv_heads = kv_heads;
  call.rows = q.dims.rows;
  call.keys = keys;
  call.width = q.dims.width;
  call.v_width = v_width;
  const HeadDims dims{q.dims.batch, q.dims.heads, q.dims.rows, v_width};
  call.out_layout = rows_of(out.shape().rank() == 4 ? dims.bnsh() : dims.bsnh());
  return call;
}

cuda::ScoreMask mask_of(const Tensor& mask, const Shape& scores, ShortMask short_mask) {
  const auto steps = mask_steps(mask, scores, short_mask);
  return {mask.raw(), number_of(mask.dtype()), steps[0], steps[1], steps[2], steps[3]};
}

void run_attention(const AttentionOp& op, const DeviceOperands& io) {
  using Op = AttentionOp;
  const int64_t kv_heads = op.kv_num_heads.value_or(0);
  const HeadOperand q = whole_heads(io.in(Op::kQ), op.q_num_heads.value_or(0));
  const HeadOperand k = whole_heads(io.in(Op::kK), kv_heads), v = whole_heads(io.in(Op::kV), kv_heads);
  check_attention(q, k, v);
  const int64_t past =
      io.has(Op::kPastKey) && io.in(Op::kPastKey).shape().rank() == 4 ? io.in(Op::kPastKey).shape()[2] : 0;
  for (const auto& [input, fresh] : {std::pair{Op::kPastKey, &k}, std::pair{Op::kPastValue, &v}}) {
    const HeadDims& dims = fresh->dims;
    if (io.has(input) && io.in(input).shape() != Shape{dims.batch, dims.heads, past, dims.width}) {
      bad_input("the past " + io.in(input).str() + " does not fit K and V");
    }
  }
  const DeviceRows keys = with_past(io, Op::kPastKey, Op::kPresentKey, k);
  const DeviceRows values = with_past(io, Op::kPastValue, Op::kPresentValue, v);
  const int64_t count = past + k.dims.rows;
  cuda::AttentionCall call = call_for(q, keys, values, k.dims.heads, count, v.dims.width, io.out(Op::kY));
  call.scale = op.scale ? *op.scale : attention_scale<float>(0, q.dims.width);
  call.softcap = op.softcap;
  call.causal = op.is_causal;
  call.offset = past;
  if (io.has(Op::kMask)) {
    const Tensor& mask = io.in(Op::kMask);
    call.mask = mask_of(mask, Shape{q.dims.batch, q.dims.heads, q.dims.rows, count}, op.short_mask);
    call.keys = masked_keys(mask.shape(), count, op.short_mask);
  }
  launch_attention(call, io.stream());
}

void run_self_attention(const SelfAttention& op, const DeviceOperands& io) {
  const auto [q, k, v] = packed_heads(op, io.in(0));
  const int64_t rows = q.dims.rows, width = q.dims.width;
  cuda::AttentionCall call = call_for(q, rows_of(k), rows_of(v), op.kv_num_heads, rows, width, io.out(0));
  call.scale = op.scale ? *op.scale : attention_scale<float>(0, width);
  call.softcap = op.softcap;
  call.causal = op.is_causal;
  if (io.has(1)) {
    call.mask = mask_of(io.in(1), Shape{q.dims.batch, op.q_num_heads, rows, rows}, ShortMask::Broadcast);
  }
  launch_attention(call, io.stream());
}

std::string refuse_mask(const ValueType& mask, DType dtype) {
  const bool known = mask.dtype == DType::Undefined || mask.dtype == DType::Bool || mask.dtype == dtype;
  return known ? "" : "takes masks of bool or of the type of the queries";
}

// Why heads of this width, the last dim of an input over a number of heads, are not taken.
std::string refuse_width(const ValueType& rows, int64_t heads) {
  const auto width = rows.dims && !rows.dims->empty() ? rows.dims->back().constant() : std::nullopt;
  if (!width) return "needs to know the width of heads";
  if (*width > heads * cuda::AttentionCall::kMostWidth) return "takes heads of up to 256 elements";
  return "";
}

std::string refuse_attention(const void* params, std::span<const ValueType> inputs) {
  using Op = AttentionOp;
  const auto& op = *static_cast<const AttentionOp*>(params);
  const auto given = [&](size_t i) { return i < inputs.size() && inputs[i].dtype != DType::Undefined; };
  if (!kTypes.contains(inputs[Op::kQ].dtype)) return "does not take " + std::string(name(inputs[Op::kQ].dtype));
  for (const size_t i : {Op::kK, Op::kV, Op::kPastKey, Op::kPastValue}) {
    if (given(i) && inputs[i].dtype != inputs[Op::kQ].dtype) return "takes tensors of one type";
  }
  if (op.outputs > Op::kScores) return "does not give scores out";
  if (given(Op::kValidKeys)) return "takes no number of valid keys";
  if (op.softmax_precision == DType::F64) return "computes in float";
  if (given(Op::kMask)) {
    if (std::string why = refuse_mask(inputs[Op::kMask], inputs[Op::kQ].dtype); !why.empty()) return why;
  }
  for (const size_t i : {Op::kQ, Op::kV}) {
    const auto heads = i == Op::kQ ? op.q_num_heads : op.kv_num_heads;
    const bool split = inputs[i].dims && inputs[i].dims->size() == 4;
    if (std::string why = refuse_width(inputs[i], split ? 1 : heads.value_or(1)); !why.empty()) return why;
  }
  return "";
}

std::string refuse_self_attention(const void* params, std::span<const ValueType> inputs) {
  if (!kTypes.contains(inputs[0].dtype)) return "does not take " + std::string(name(inputs[0].dtype));
  if (inputs.size() > 1) {
    if (std::string why = refuse_mask(inputs[1], inputs[0].dtype); !why.empty()) return why;
  }
  return refuse_width(inputs[0], static_cast<const SelfAttention*>(params)->all_heads());
}

}  // namespace

void cuda_kernels_attention(DeviceKernelTable& table) {
  DeviceKernel attention = device_kernel<AttentionOp>("flash fp32", run_attention);
  attention.accepts = refuse_attention;
  table.add("Attention", DeviceKernelTable::kAllVersions, std::move(attention));
  DeviceKernel self_attention = device_kernel<SelfAttention>("flash fp32", run_self_attention);
  self_attention.accepts = refuse_self_attention;
  table.add("SelfAttention", 1, std::move(self_attention), "mica");
}

}  // namespace mica
