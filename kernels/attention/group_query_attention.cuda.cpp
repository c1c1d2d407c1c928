// GroupQueryAttention on CUDA devices. How many keys a sequence has is known there only.
#include "kernels/attention/group_query_attention.h"

#include <algorithm>

#include "kernels/attention/attention.h"
#include "kernels/attention/device_heads.h"
#include "kernels/attention/sequence_keys_cuda.h"
#include "kernels/cuda/operand.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

using Op = GroupQueryAttention;

const cuda::SequenceKeys* sequence_keys(const DeviceOperands& io, const GroupQueryGeometry& g) {
  const int64_t batch = g.q.dims.batch;
  check_integers(io.in(Op::kSeqlens), batch, "seqlens_k");
  if (io.has(Op::kQuerySeqlens)) check_integers(io.in(Op::kQuerySeqlens), batch, "query_seqlens");
  auto* result = io.scratch<cuda::SequenceKeys>(batch);
  const cuda::Number number = number_of(io.in(Op::kSeqlens).dtype());
  cuda::launch_sequence_keys({io.data(Op::kSeqlens), number, 1, io.data(Op::kQuerySeqlens), batch, g.q.dims.rows,
                              g.total, g.past_capacity, g.total, false, result, io.fault()},
                             io.stream());
  return result;
}

cuda::RotaryTables rotary_tables(const Op& op, const DeviceOperands& io, const GroupQueryGeometry& g) {
  const Tensor& cos = io.in(Op::kCos);
  check_rotary_tables(cos, io.in(Op::kSin), g.q.dims.width);
  cuda::RotaryTables tables{cos.raw(), io.data(Op::kSin), cos.shape()[0], 2 * cos.shape()[1], op.rotary_interleaved};
  if (cos.shape()[0] == 0) bad_input("cos_cache " + cos.str() + " has no rows");
  const int64_t rows = g.q.dims.rows;
  const bool given = io.has(Op::kPositions) && (!g.first_prompt || io.in(Op::kPositions).elements() > 0);
  if (!given) {
    tables.after_past = true;
    tables.row_step = 1;
    return tables;
  }
  const Tensor& positions = io.in(Op::kPositions);
  tables.ids = positions.raw();
  tables.id_number = number_of(positions.dtype());
  if (g.first_prompt) {
    tables.row_step = 1;
    return tables;
  }
  check_integers(positions, g.q.dims.batch * rows, "position_ids");
  tables.id_batch = rows;
  tables.id_row = 1;
  return tables;
}

void add_norm(const DeviceOperands& io, Op::Input weight, float epsilon, HeadSource& source) {
  if (!io.has(weight)) return;
  if (io.in(weight).elements() != source.dims.width) bad_input("the weight of a norm is not as wide as a head");
  source.norm_scale = io.data(weight);
  source.epsilon = epsilon;
}

void run(const Op& op, const DeviceOperands& io) {
  if (outputs_are_empty(io.shapes())) return;
  const GroupQueryGeometry g = group_query_geometry(op, io.shapes());
  AttentionSources sources{HeadSource(g.q), HeadSource(g.k), HeadSource(g.v)};
  sources.sequences = sequence_keys(io, g);
  sources.keys = g.total;
  sources.k.cache = kv_cache(io.shapes(), Op::kPastKey, Op::kPresentKey);
  sources.v.cache = kv_cache(io.shapes(), Op::kPastValue, Op::kPresentValue);
  add_norm(io, Op::kQueryNorm, op.epsilon_of_queries(), sources.q);
  add_norm(io, Op::kKeyNorm, op.epsilon_of_keys(), sources.k);
  sources.q.rotates = sources.k.rotates = op.do_rotary;
  if (op.do_rotary) sources.rotary = rotary_tables(op, io, g);
  if (io.has(Op::kSink) && io.in(Op::kSink).elements() != op.num_heads) {
    bad_input("head_sink must have one element for each head");
  }
  cuda::AttentionCall call = attention_call(io, sources, io.out(Op::kOutput));
  call.scale = attention_scale<float>(op.scale, g.q.dims.width);
  call.softcap = op.softcap;
  call.causal = op.causal;
  call.window = std::max<int64_t>(0, op.local_window_size);
  call.sinks = io.data(Op::kSink);
  call.zero_sinks = op.smooth_softmax == 1;
  if (io.has(Op::kBias)) {
    const Shape scores{call.batch, call.heads, call.rows, call.keys};
    call.masks[0] = score_mask(io.in(Op::kBias), scores, ShortMask::Broadcast);
  }
  attend(io, call);
}

std::string refuse(const void* params, std::span<const ValueType> inputs) {
  const Op& op = *static_cast<const Op*>(params);
  if (op.outputs > Op::kScores) return "does not give scores out";
  std::string why = refuse_types(inputs, {Op::kKey, Op::kValue, Op::kPastKey, Op::kPastValue, Op::kCos, Op::kSin,
                                          Op::kBias, Op::kSink, Op::kQueryNorm, Op::kKeyNorm});
  if (!why.empty()) return why;
  if (is_given(inputs, Op::kValue)) {
    if (why = refuse_width(inputs[Op::kValue], op.kv_num_heads); !why.empty()) return why;
    return refuse_width(inputs[Op::kQuery], op.num_heads);
  }
  return refuse_width(inputs[Op::kQuery], op.num_heads + 2 * op.kv_num_heads);
}

}  // namespace

void cuda_kernels_group_query_attention(DeviceKernelTable& table) {
  DeviceKernel attention = device_kernel<Op>("flash", run, refuse, uint64_t{1} << Op::kTotal);
  attention.keeps_state = true;
  table.add("GroupQueryAttention", 1, std::move(attention), "com.microsoft");
}

}  // namespace mica
