// MultiHeadAttention and DecoderMaskedMultiHeadAttention on CUDA devices.
#include "kernels/attention/multi_head_attention.h"

#include "kernels/attention/attention.h"
#include "kernels/attention/device_heads.h"

namespace mica {
namespace {

using Op = MultiHeadAttention;

// One term for each element of Q, then of K and of V.
void add_terms(const Op& op, const DeviceOperands& io, const MultiHeadGeometry& g, AttentionSources& sources) {
  if (!io.has(op.slots.bias)) return;
  const Tensor& bias = io.in(op.slots.bias);
  const auto* bytes = static_cast<const std::byte*>(bias.raw());
  const int64_t part = g.q.dims.heads * g.q.dims.width * (bit_width(bias.dtype()) / 8);
  sources.q.terms = bytes;
  if (g.projected) return;
  sources.k.terms = bytes + part;
  sources.v.terms = bytes + 2 * part;
}

void run(const Op& op, const DeviceOperands& io) {
  if (outputs_are_empty(io.shapes())) return;
  const MultiHeadGeometry g = multi_head_geometry(op, io.shapes());
  AttentionSources sources{HeadSource(g.q), HeadSource(g.k), HeadSource(g.v)};
  add_terms(op, io, g, sources);
  sources.k.cache = kv_cache(io.shapes(), op.slots.past_key, Op::kPresentKey);
  sources.v.cache = kv_cache(io.shapes(), op.slots.past_value, Op::kPresentValue);
  sources.k.cache.keep_rest = sources.v.cache.keep_rest = op.shares_buffer(io);
  sources.past = g.past;
  sources.keys = g.keys();
  cuda::AttentionCall call = attention_call(io, sources, io.out(Op::kOutput));
  call.scale = attention_scale<float>(op.scale, g.q.dims.width);
  call.causal = op.unidirectional && call.rows > 1;  // a single query is taken to be the last position
  const Shape scores{call.batch, call.heads, call.rows, call.keys};
  if (io.has(op.slots.mask)) {
    call.masks[0] = key_score_mask(io.in(op.slots.mask), scores, g.past, op.mask_filter_value);
  }
  if (io.has(op.slots.attention_bias)) {
    call.masks[1] = score_mask(io.in(op.slots.attention_bias), scores, ShortMask::Broadcast);
  }
  attend(io, call);
}

std::string refuse(const void* params, std::span<const ValueType> inputs) {
  const Op& op = *static_cast<const Op*>(params);
  if (op.outputs > Op::kScores) return "does not give scores out";
  if (is_given(inputs, op.slots.indirection)) return "does not take past rows from other beams";
  std::string why = refuse_types(
      inputs, {Op::kKey, Op::kValue, op.slots.bias, op.slots.attention_bias, op.slots.past_key, op.slots.past_value});
  if (!why.empty()) return why;
  const auto refuse_heads = [&](size_t i, int64_t parts) {
    const bool split = inputs[i].dims && inputs[i].dims->size() > 3;
    return refuse_width(inputs[i], split ? 1 : parts * op.num_heads);
  };
  why = refuse_heads(Op::kQuery, is_given(inputs, Op::kKey) ? 1 : 3);
  return why.empty() && is_given(inputs, Op::kValue) ? refuse_heads(Op::kValue, 1) : why;
}

DeviceKernel kernel(const Op::Slots& slots) {
  DeviceKernel made = device_kernel<Op>("flash", run, refuse, uint64_t{1} << slots.past_length);
  made.keeps_state = true;
  return made;
}

}  // namespace

void cuda_kernels_multi_head_attention(DeviceKernelTable& table) {
  table.add("MultiHeadAttention", 1, kernel(Op::kMultiHead), "com.microsoft");
  table.add("DecoderMaskedMultiHeadAttention", 1, kernel(Op::kDecoder), "com.microsoft");
}

}  // namespace mica
