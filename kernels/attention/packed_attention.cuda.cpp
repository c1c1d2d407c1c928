// Attention of com.microsoft on CUDA devices: a product, and attention over its rows.
#include "kernels/attention/packed_attention.h"

#include <algorithm>

#include "kernels/attention/attention.h"
#include "kernels/attention/device_heads.h"
#include "kernels/cuda/operand.h"
#include "kernels/matmul/gemm_cuda.h"

namespace mica {
namespace {

enum Input : size_t { kInput, kWeights, kTerms, kMask, kPast, kBias, kPastLength };
enum Output : size_t { kOutput, kPresent };
constexpr PackedInputs kInputs{kTerms, kMask, kPast, kBias, kPastLength};

// Rows of Q, K and V beside each other.
const void* project(const DeviceOperands& io, const PackedGeometry& g) {
  const DType dtype = io.in(kInput).dtype();
  const int64_t depth = io.in(kWeights).shape()[0];
  void* packed = io.scratch<std::byte>(g.rows() * g.packed * (bit_width(dtype) / 8));
  cuda::GemmCall call{
      number_of(dtype), g.rows(), g.packed, depth, {io.data(kInput), depth, 1}, {io.data(kWeights), g.packed, 1},
      packed,           g.packed, {}};
  if (io.has(kTerms)) call.addends[0] = {{io.data(kTerms), 0, 1}, 1};
  launch_gemm(call, io.stream());
  return packed;
}

HeadSource source(const void* packed, const PackedGeometry& g, const HeadDims& dims, int64_t first) {
  HeadSource result;
  result.data = packed;
  result.dims = dims;
  result.layout = dims.packed_bsnh(first, g.packed);
  return result;
}

void run(const PackedAttention& op, const DeviceOperands& io) {
  if (outputs_are_empty(io.shapes())) return;
  const PackedGeometry g(op, io.shapes(), kInputs);
  const void* packed = project(io, g);
  const int64_t hidden = g.q.heads * g.q.width;
  AttentionSources sources{source(packed, g, g.q, 0), source(packed, g, g.k, hidden),
                           source(packed, g, g.v, 2 * hidden)};
  sources.past = g.past;
  sources.keys = g.keys();
  sources.k.cache = sources.v.cache = kv_cache(io.shapes(), kPast, kPresent);  // keys are part 0, values part 1
  sources.v.cache.part = 1;
  sources.k.cache.keep_rest = sources.v.cache.keep_rest = op.past_present_share_buffer && io.has(kPast);
  cuda::AttentionCall call = attention_call(io, sources, io.out(kOutput));
  call.scale = attention_scale<float>(op.scale, g.q.width);
  call.causal = op.unidirectional;
  const Shape scores{call.batch, call.heads, call.rows, call.keys};
  if (io.has(kMask)) call.masks[0] = key_score_mask(io.in(kMask), scores, g.past, op.mask_filter_value);
  if (io.has(kBias)) call.masks[1] = score_mask(io.in(kBias), scores, ShortMask::Broadcast);
  attend(io, call);
}

std::string refuse(const void* params, std::span<const ValueType> inputs) {
  const auto& op = *static_cast<const PackedAttention*>(params);
  if (op.do_rotary) return "does not rotate";
  std::string why = refuse_types(inputs, {kWeights, kTerms, kPast, kBias});
  if (!why.empty()) return why;
  if (op.qkv_hidden_sizes.empty()) return refuse_width(inputs[kWeights], 3 * op.num_heads);
  const int64_t widest = std::ranges::max(op.qkv_hidden_sizes) / op.num_heads;
  return widest > cuda::AttentionCall::kMostWidth ? "takes heads of up to 256 elements" : "";
}

}  // namespace

void cuda_kernels_packed_attention(DeviceKernelTable& table) {
  DeviceKernel attention = device_kernel<PackedAttention>("simt, flash", run, refuse, uint64_t{1} << kPastLength);
  attention.keeps_state = true;
  table.add("Attention", 1, std::move(attention), "com.microsoft");
}

}  // namespace mica
