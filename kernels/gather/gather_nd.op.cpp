// GatherND, ai.onnx 11: each row of `indices` names a slice of `data` by its first axes behind the batch axes.
#include "kernels/gather/gather.h"
#include "kernels/gather/indices.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

void infer(const GatherNd& op, InferContext& ctx) {
  const Dims* data = ctx.dims(0);
  const Dims* indices = ctx.dims(1);
  const DType dtype = ctx.dtype(0);
  if (data == nullptr || indices == nullptr) return ctx.set(0, dtype);
  const size_t batch = static_cast<size_t>(op.batch_dims);
  if (op.batch_dims < 0 || indices->empty() || batch >= indices->size() || batch >= data->size()) {
    ctx.fail("batch_dims " + std::to_string(op.batch_dims) + " does not fit data " + str(*data) + " and indices " +
             str(*indices));
  }
  for (size_t i = 0; i < batch; ++i) ctx.merge((*data)[i], (*indices)[i], "batch dims");
  const auto depth = indices->back().constant();
  if (!depth) return ctx.set(0, dtype);
  if (*depth < 0 || *depth > static_cast<int64_t>(data->size() - batch)) {
    ctx.fail("indices " + str(*indices) + " name more axes than data " + str(*data) + " has behind its batch");
  }
  Dims dims(indices->begin(), indices->end() - 1);
  dims.insert(dims.end(), data->begin() + static_cast<ptrdiff_t>(batch) + static_cast<ptrdiff_t>(*depth), data->end());
  if (dims.size() > Shape::kMaxRank) ctx.fail("the rank of the output is above the limit");
  ctx.set(0, dtype, std::move(dims));
}

void run_cpu(const GatherNd& op, const Operands& io) {
  const Tensor& data = io.in(0);
  const Tensor& indices = io.in(1);
  Tensor& y = io.out(0);
  const Shape& from = data.shape();
  const Shape& by = indices.shape();
  const size_t batch = static_cast<size_t>(op.batch_dims);
  bool fits = batch < by.rank() && batch < from.rank();
  for (size_t i = 0; fits && i < batch; ++i) fits = from[i] == by[i];
  if (!fits || by.back() > static_cast<int64_t>(from.rank() - batch)) {
    bad_input("indices " + indices.str() + " do not fit data " + data.str());
  }
  check_integers(indices, indices.elements(), "indices");
  const size_t depth = static_cast<size_t>(by.back());
  const auto strides = from.strides();
  const int64_t width = from.elements(batch + depth, from.rank());
  const int64_t rows = by.elements(0, by.rank() - 1);
  const int64_t per_batch = by.elements(batch, by.rank() - 1);
  const int64_t batch_width = from.elements(batch, from.rank());
  const int64_t* offsets =
      row_offsets(io, indices, from.dims().subspan(batch, depth), std::span(strides).subspan(batch, depth),
                  {batch > 0 ? per_batch : 0, batch_width});
  if (y.elements() != rows * width) bad_input("gathering from " + data.str() + " does not fit " + y.str());
  void* to = stage(io, y);
  moves_of(data.dtype()).gather(load(io, data), offsets, rows, width, to);
  store(to, y);
}

OpBuilder<GatherNd> gather_nd() {
  return op<GatherNd>()
      .input("data", types::any)
      .input("indices", types::int64)
      .output("output")
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(GatherND, 12) {
  return gather_nd().attribute("batch_dims", &GatherNd::batch_dims);
}

MICA_OP(GatherND, 11) {
  return gather_nd();
}

}  // namespace mica
