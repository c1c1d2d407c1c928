// SelfAttention, mica 1: Attention of ai.onnx 23 without a cache, whose Q, K and V lie beside each other in the rows of
// one tensor, [batch, length, (q_num_heads + 2 * kv_num_heads) * width], and are read where they lie. The mask has all
// the columns of the scores.
#include "kernels/attention/attention.h"
#include "kernels/attention/attention_op.h"
#include "kernels/attention/head_operand.h"
#include "kernels/attention/score_bias.h"
#include "kernels/flop_rules.h"
#include "kernels/op.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Input : size_t { kPacked, kMask };

void prepare(SelfAttention& op, const NodeFacts&) {
  for (const int64_t heads : {op.q_num_heads, op.kv_num_heads}) check_heads(heads);
}

void infer(const SelfAttention& op, InferContext& ctx) {
  ctx.set(0, ctx.dtype(kPacked));
  const Dims* x = ctx.dims(kPacked);
  if (x == nullptr) return;
  if (x->size() != 3) throw_error(ErrorCode::InvalidModel, {"rows of Q, K and V must have rank 3, not ", *x});
  const Dim width = floor_div((*x)[2], op.all_heads());
  ctx.set(0, ctx.dtype(kPacked), Dims{(*x)[0], (*x)[1], width * Dim(op.q_num_heads)});
}

void run_cpu(const SelfAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const Tensor& packed = io.in(kPacked);
  const auto [q, k, v] = packed_heads(op, packed);
  const int64_t rows = q.dims.rows, width = q.dims.width;
  Sequence* sequences = io.scratch<Sequence>(q.dims.batch);
  std::fill_n(sequences, q.dims.batch, Sequence{rows, 0});
  visit_wide(packed.dtype(), [&, &q = q, &k = k, &v = v]<class T>() {
    Attention<T> task{q.dims.batch, op.q_num_heads, op.kv_num_heads, rows, rows, width, width};
    task.q = q.read<T>(io);
    task.k = k.read<T>(io);
    task.v = v.read<T>(io);
    task.scale = op.scale ? static_cast<T>(*op.scale) : attention_scale<T>(0, width);
    task.softcap = static_cast<T>(op.softcap);
    task.causal = op.is_causal;
    task.sequences = sequences;
    if (io.has(kMask)) {
      const Shape scores{q.dims.batch, op.q_num_heads, rows, rows};
      task.bias[0] = score_bias<T>(io, io.in(kMask), scores, ShortMask::Broadcast);
    }
    const WideOutput<T> y(io, io.out(0));
    task.out = {y.data(), q.dims.bsnh()};
    attention(io, task);
    y.store();
  });
}

}  // namespace

PackedHeads packed_heads(const SelfAttention& op, const Tensor& packed) {
  if (packed.shape().rank() != 3 || packed.shape()[2] % op.all_heads() != 0) {
    throw_error(ErrorCode::InvalidArgument, {packed, " does not divide into ", op.all_heads(), " heads"});
  }
  const int64_t width = packed.shape()[2] / op.all_heads();
  PackedHeads heads{heads_of_row(packed, 0, op.q_num_heads, width),
                    heads_of_row(packed, op.q_num_heads * width, op.kv_num_heads, width),
                    heads_of_row(packed, (op.q_num_heads + op.kv_num_heads) * width, op.kv_num_heads, width)};
  check_attention(heads.q, heads.k, heads.v);
  return heads;
}

MICA_OP(SelfAttention, 1, mica) {
  return op<SelfAttention>()
      .input("QKV", types::floats)
      .optional_input("attn_mask", types::numeric | types::boolean)
      .output("Y")
      .required("q_num_heads", &SelfAttention::q_num_heads)
      .required("kv_num_heads", &SelfAttention::kv_num_heads)
      .attribute("scale", &SelfAttention::scale)
      .attribute("softcap", &SelfAttention::softcap)
      .attribute("is_causal", &SelfAttention::is_causal)
      .prepare<prepare>()
      .infer<infer>()
      .flops<attention_flops<SIZE_MAX>>()
      .cpu<run_cpu>();
}

}  // namespace mica
