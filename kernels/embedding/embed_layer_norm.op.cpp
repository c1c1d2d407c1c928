// EmbedLayerNormalization, com.microsoft 1: layer_norm(word[id] + position[p] + segment[s]) * gamma + beta for tokens
// [batch, length]; p is position_ids or 0, 1, 2 ... in each row. Output 1 is how many ones each row of the mask has,
// output 2 the sum that is normalised.
#include "kernels/embedding/embed_layer_norm.h"

#include <algorithm>

#include "kernels/embedding/add_rows.h"
#include "kernels/norm/layer_norm.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using enum EmbedLayerNorm::Input;
using enum EmbedLayerNorm::Output;

void infer(const EmbedLayerNorm&, InferContext& ctx) {
  for (const size_t i : {kPositions, kSegments, kGamma, kBeta}) same_dtype(ctx, kWords, i);
  const Dims* ids = ctx.dims(kIds);
  const Dims* words = ctx.dims(kWords);
  if (ids != nullptr && ids->size() != 2)
    throw_error(ErrorCode::InvalidModel, {"input_ids ", *ids, " must have rank 2"});
  if (words != nullptr && words->size() != 2)
    throw_error(ErrorCode::InvalidModel, {"word_embedding ", *words, " must have rank 2"});
  if (ctx.has(kSegmentIds) != ctx.has(kSegments)) ctx.fail("segment_ids and segment_embedding belong together");
  std::optional<Dims> sum, count;
  if (ids != nullptr) count = Dims{(*ids)[0]};
  if (ids != nullptr && words != nullptr) sum = Dims{(*ids)[0], (*ids)[1], (*words)[1]};
  ctx.set(kOutput, ctx.dtype(kWords), sum);
  ctx.set(kMaskIndex, ctx.dtype(kIds), count);
  ctx.set(kSum, ctx.dtype(kWords), sum);
}

// A table [any, width] and the row of it that each token takes.
struct Lookup {
  const Tensor* table = nullptr;
  const int64_t* rows = nullptr;
};

Lookup lookup(const Operands& io, EmbedLayerNorm::Input table, const Tensor& ids, int64_t tokens, int64_t width) {
  const Tensor& tensor = io.in(table);
  check_lookup(tensor, ids, tokens, width);
  int64_t* rows = io.scratch<int64_t>(tokens);
  for (int64_t i = 0; i < tokens; ++i) {
    rows[i] = integer_at(ids, i);
    if (rows[i] < 0 || rows[i] >= tensor.shape()[0]) {
      throw_error(ErrorCode::InvalidArgument, {"id ", rows[i], " is beyond the rows of ", tensor});
    }
  }
  return {&tensor, rows};
}

Lookup positions(const Operands& io, int64_t batch, int64_t length, int64_t width) {
  if (io.has(kPositionIds) && io.in(kPositionIds).elements() == batch * length) {
    return lookup(io, kPositions, io.in(kPositionIds), batch * length, width);
  }
  int32_t* ids = io.scratch<int32_t>(batch * length);
  if (io.has(kPositionIds)) check_integers(io.in(kPositionIds), length, "position_ids");
  for (int64_t i = 0; i < batch * length; ++i) {
    const int64_t at = i % length;
    ids[i] = static_cast<int32_t>(io.has(kPositionIds) ? integer_at(io.in(kPositionIds), at) : at);
  }
  return lookup(io, kPositions, Tensor::view({batch, length}, ids), batch * length, width);
}

void count_ones(const Operands& io, int64_t batch, int64_t length) {
  if (!io.wants(kMaskIndex)) return;
  int32_t* counts = io.out(kMaskIndex).mutable_data<int32_t>();
  std::fill_n(counts, batch, 0);
  if (!io.has(kMask)) return;
  check_integers(io.in(kMask), batch * length, "mask");
  for (int64_t i = 0; i < batch * length; ++i) counts[i / length] += integer_at(io.in(kMask), i) == 1 ? 1 : 0;
}

void run_cpu(const EmbedLayerNorm& op, const Operands& io) {
  check_embedding(io);
  const Shape& ids = io.in(kIds).shape();
  const int64_t tokens = ids.elements(), width = io.in(kWords).shape()[1];
  count_ones(io, ids[0], ids[1]);
  const Lookup parts[] = {lookup(io, kWords, io.in(kIds), tokens, width), positions(io, ids[0], ids[1], width),
                          io.has(kSegmentIds) ? lookup(io, kSegments, io.in(kSegmentIds), tokens, width) : Lookup{}};
  visit_wide(io.in(kWords).dtype(), [&]<class T>() {
    const WideOutput<T> y(io, io.out(kOutput));
    std::optional<WideOutput<T>> sum;
    T* sums = io.wants(kSum) ? sum.emplace(io, io.out(kSum)).data() : y.data();
    for (const Lookup& part : parts) {
      if (part.table == nullptr) continue;
      const T* before = &part == parts ? nullptr : sums;
      add_rows<T>(io.threads(), before, widen<T>(io, *part.table), part.rows, tokens, tokens, width, sums);
    }
    NormRows<T, T> rows{};
    rows.x = sums;
    rows.y = y.data();
    rows.width = width;
    rows.epsilon = op.epsilon;
    rows.scale = widen<T>(io, io.in(kGamma));
    rows.bias = widen<T>(io, io.in(kBeta));
    normalize_rows<T>(io, rows, tokens);
    y.store();
    if (sum) sum->store();
  });
}

constexpr DTypeSet kInteger{DType::I32};

}  // namespace

void check_embedding(const Operands& io) {
  const Shape& ids = io.in(kIds).shape();
  const Shape& words = io.in(kWords).shape();
  if (ids.rank() != 2 || words.rank() != 2) {
    throw_error(ErrorCode::InvalidArgument, {"input_ids ", ids, " or word_embedding ", words, " has the wrong rank"});
  }
  const int64_t width = words[1];
  if (io.in(kGamma).elements() != width || io.in(kBeta).elements() != width) {
    throw_error(ErrorCode::InvalidArgument,
                {"gamma ", io.in(kGamma), " and beta ", io.in(kBeta), " do not fit ", words});
  }
}

void check_lookup(const Tensor& table, const Tensor& ids, int64_t count, int64_t width) {
  if (table.shape().rank() != 2 || table.shape()[1] != width) {
    throw_error(ErrorCode::InvalidArgument, {"embedding ", table, " does not have width ", width});
  }
  check_integers(ids, count, "ids");
}

MICA_OP(EmbedLayerNormalization, 1, com_microsoft) {
  return op<EmbedLayerNorm>()
      .input("input_ids", kInteger)
      .optional_input("segment_ids", kInteger)
      .input("word_embedding", types::floats)
      .input("position_embedding", types::floats)
      .optional_input("segment_embedding", types::floats)
      .input("gamma", types::floats)
      .input("beta", types::floats)
      .optional_input("mask", kInteger)
      .optional_input("position_ids", kInteger)
      .output("output")
      .optional_output("mask_index")
      .optional_output("embedding_sum")
      .attribute("epsilon", &EmbedLayerNorm::epsilon)
      .ignored_attribute("mask_index_type")
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
