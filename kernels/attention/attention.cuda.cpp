// Attention and SelfAttention on CUDA devices.
#include "kernels/attention/attention.h"

#include <limits>

#include "kernels/attention/attention_op.h"
#include "kernels/attention/device_heads.h"
#include "kernels/attention/sequence_keys_cuda.h"
#include "kernels/cuda/operand.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

// Keys that are valid up to a number given, at whose end the queries stand.
const cuda::SequenceKeys* valid_keys(const DeviceOperands& io, const HeadDims& q, int64_t keys, int64_t shown) {
  const Tensor& valid = io.in(AttentionOp::kValidKeys);
  check_integers(valid, q.batch, "nonpad_kv_seqlen");
  auto* result = io.scratch<cuda::SequenceKeys>(q.batch);
  const int64_t any = std::numeric_limits<int64_t>::max();
  cuda::launch_sequence_keys(
      {valid.raw(), number_of(valid.dtype()), 0, nullptr, q.batch, q.rows, keys, any, shown, true, result, io.fault()},
      io.stream());
  return result;
}

void run_attention(const AttentionOp& op, const DeviceOperands& io) {
  using Op = AttentionOp;
  if (outputs_are_empty(io.shapes())) return;
  const AttentionGeometry g = attention_geometry(op, io.shapes());
  AttentionSources sources{HeadSource(g.q), HeadSource(g.k), HeadSource(g.v)};
  sources.k.cache = kv_cache(io.shapes(), Op::kPastKey, Op::kPresentKey);
  sources.v.cache = kv_cache(io.shapes(), Op::kPastValue, Op::kPresentValue);
  sources.past = g.past;
  sources.keys = g.keys();
  cuda::AttentionCall call = attention_call(io, sources, io.out(Op::kY));
  call.scale = op.scale ? *op.scale : attention_scale<float>(0, g.q.dims.width);
  call.softcap = op.softcap;
  call.causal = op.is_causal;
  if (io.has(Op::kMask)) {
    const Tensor& mask = io.in(Op::kMask);
    call.masks[0] = score_mask(mask, Shape{call.batch, call.heads, call.rows, g.keys()}, op.short_mask);
    call.keys = masked_keys(mask.shape(), g.keys(), op.short_mask);
  }
  if (io.has(Op::kValidKeys)) call.sequences = valid_keys(io, g.q.dims, g.keys(), call.keys);
  attend(io, call);
}

void run_self_attention(const SelfAttention& op, const DeviceOperands& io) {
  if (outputs_are_empty(io.shapes())) return;
  const auto [q, k, v] = packed_heads(op, io.in(0));
  AttentionSources sources{HeadSource(q), HeadSource(k), HeadSource(v)};
  sources.keys = q.dims.rows;
  cuda::AttentionCall call = attention_call(io, sources, io.out(0));
  call.scale = op.scale ? *op.scale : attention_scale<float>(0, q.dims.width);
  call.softcap = op.softcap;
  call.causal = op.is_causal;
  if (io.has(1)) {
    call.masks[0] = score_mask(io.in(1), Shape{call.batch, call.heads, call.rows, call.keys}, ShortMask::Broadcast);
  }
  attend(io, call);
}

std::string refuse_attention(const void* params, std::span<const ValueType> inputs) {
  using Op = AttentionOp;
  const auto& op = *static_cast<const AttentionOp*>(params);
  if (std::string why = refuse_types(inputs, {Op::kK, Op::kV, Op::kPastKey, Op::kPastValue}); !why.empty()) return why;
  if (op.outputs > Op::kScores) return "does not give scores out";
  if (op.softmax_precision == DType::F64) return "computes in float";
  if (inputs.size() > Op::kMask) {
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
  if (std::string why = refuse_types(inputs, {}); !why.empty()) return why;
  if (inputs.size() > 1) {
    if (std::string why = refuse_mask(inputs[1], inputs[0].dtype); !why.empty()) return why;
  }
  return refuse_width(inputs[0], static_cast<const SelfAttention*>(params)->all_heads());
}

}  // namespace

void cuda_kernels_attention(DeviceKernelTable& table) {
  DeviceKernel attention = device_kernel<AttentionOp>("flash fp32", run_attention, refuse_attention);
  attention.keeps_state = true;
  table.add("Attention", DeviceKernelTable::kAllVersions, std::move(attention));
  table.add("SelfAttention", 1, device_kernel<SelfAttention>("flash fp32", run_self_attention, refuse_self_attention),
            "mica");
}

}  // namespace mica
