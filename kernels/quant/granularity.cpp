#include "kernels/quant/granularity.h"

#include <algorithm>

#include "runtime/base/concat.h"

namespace mica {

Granularity::Granularity(const Shape& x, const Shape& scale, int64_t axis, int64_t block) {
  const auto refuse = [&] {
    throw_error(ErrorCode::InvalidArgument,
                {"a scale of dims ", scale, " does not fit a tensor of dims ", x, " along axis ", axis,
                 (block > 0 ? " in blocks of " + std::to_string(block) : "")});
  };
  if (scale.elements() == 1 && (block == 0 || scale.rank() == 0)) {
    length_ = pitch_ = x.elements();
    return;
  }
  if (x.rank() == 0) refuse();
  const size_t at = normalize_axis(axis, x.rank());
  const int64_t dim = x[at];
  const int64_t inner = x.elements(at + 1, x.rank());
  outer_ = x.elements(0, at);
  pitch_ = dim * inner;
  if (block == 0) {
    if (scale.rank() != 1 || scale[0] != dim) refuse();
    runs_ = inner == 1 ? 1 : dim;
    length_ = inner == 1 ? dim : inner;
    step_ = inner == 1 ? 1 : 0;
    run_first_ = 1;
    return;
  }
  const int64_t blocks = (dim - 1) / block + 1;
  Shape wanted = x;
  wanted[at] = dim == 0 ? 0 : blocks;
  if (scale != wanted) refuse();
  runs_ = inner == 1 ? blocks : dim;
  length_ = inner == 1 ? std::min(block, dim) : inner;
  step_ = inner == 1 ? 0 : 1;
  per_parameter_ = inner == 1 ? 1 : block;
  run_first_ = inner;
  outer_first_ = blocks * inner;
}

void Granularity::for_each(ThreadPool& threads, Body body) const {
  const int64_t chunks = (length_ + kChunk - 1) / kChunk;
  threads.parallel_for(outer_ * runs_ * chunks, std::max<int64_t>(1, kChunk * 4 / (length_ + 1)),
                       [&](int64_t begin, int64_t end) {
                         for (int64_t task = begin; task < end; ++task) {
                           const int64_t chunk = task % chunks * kChunk;
                           const int64_t run = task / chunks % runs_;
                           const int64_t outer = task / chunks / runs_;
                           const int64_t at = run * length_ + chunk;
                           const int64_t count = std::min({kChunk, length_ - chunk, pitch_ - at});
                           const int64_t first = outer * outer_first_ + run / per_parameter_ * run_first_;
                           if (count > 0) body(outer * pitch_ + at, count, first + chunk * step_, step_);
                         }
                       });
}

void check_granularity(const InferContext& ctx, int64_t axis, int64_t block) {
  const Dims* x = ctx.dims(0);
  const Dims* scale = ctx.dims(1);
  if (ctx.has(2) && ctx.dims(2) != nullptr && scale != nullptr) {
    const Dims& zero = *ctx.dims(2);
    for (size_t i = 0; i < scale->size() && zero.size() == scale->size(); ++i) {
      ctx.merge((*scale)[i], zero[i], "dims of the scale and of the zero point");
    }
  }
  if (x == nullptr || scale == nullptr || scale->empty()) return;
  if (block > 0 && scale->size() != x->size()) {
    throw_error(ErrorCode::InvalidModel, {"blocks need a scale of the input's rank: ", *x, " and ", *scale});
  }
  if (scale->size() != 1 || (*scale)[0].is(1)) return;
  if (x->empty()) throw_error(ErrorCode::InvalidModel, {"a scalar has one scale, not ", (*scale)[0]});
  const Dim& dim = (*x)[ctx.axis(axis, x->size())];
  if (block == 0 && (*scale)[0].is_constant()) ctx.merge(dim, (*scale)[0], "sizes of the axis and of the scale");
}

}  // namespace mica
