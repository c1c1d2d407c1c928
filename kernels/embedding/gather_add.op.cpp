// GatherAdd, of Mica's own domain: an embedding on top of what is there.
//   Y[i.., :] = X[i.., :] + table[indices[i..], :]
// X is [..., n, w], the table [rows, w]; indices has an element for each row of X, or for each of the last few axes of
// rows, and is then repeated. An index below 0 counts from the back.
#include <cstring>

#include "kernels/embedding/add_rows.h"
#include "kernels/gather/indices.h"
#include "kernels/op.h"
#include "kernels/packing.h"
#include "runtime/base/concat.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

enum Input : size_t { kX, kTable, kIndices };

void infer(const NoParams&, InferContext& ctx) {
  const Dims* x = ctx.dims(kX);
  const Dims* table = ctx.dims(kTable);
  if (table != nullptr && table->size() != 2)
    throw_error(ErrorCode::InvalidModel, {"table ", *table, " must have rank 2"});
  std::optional<Dims> dims;
  if (x != nullptr) dims = *x;
  if (x != nullptr && x->empty()) ctx.fail("X has no axis of rows");
  if (dims && table != nullptr) dims->back() = ctx.merge(dims->back(), (*table)[1], "widths of X and of the table");
  ctx.set(0, ctx.dtype(kX), std::move(dims));
}

// A table that lies unaligned stays there, and the rows that are wanted are copied.
std::shared_ptr<const void> prepack(const NoParams&, const ConstantOperands& constants) {
  return leave(constants.in(kTable));
}

// The rows that `picks` indices name, one behind the other, with indices for them.
const float* copied_rows(const Operands& io, const Tensor& table, int64_t picks, const int64_t*& indices) {
  const int64_t width = table.shape()[1];
  float* rows = io.scratch<float>(picks * width);
  int64_t* order = io.scratch<int64_t>(picks);
  for (int64_t i = 0; i < picks; ++i) {
    const size_t bytes = static_cast<size_t>(width) * sizeof(float);
    std::memcpy(rows + i * width, table.data<std::byte>() + static_cast<size_t>(indices[i]) * bytes, bytes);
    order[i] = i;
  }
  indices = order;
  return rows;
}

void run_cpu(const NoParams&, const Operands& io) {
  const Tensor& x = io.in(kX);
  const Shape& table = io.in(kTable).shape();
  const int64_t picks = io.in(kIndices).elements();
  if (table.rank() != 2 || x.shape().rank() == 0 || x.shape()[x.shape().rank() - 1] != table[1]) {
    throw_error(ErrorCode::InvalidArgument, {"rows of ", x, " and of the table ", io.in(kTable), " differ"});
  }
  const int64_t width = table[1], rows = x.shape().elements(0, x.shape().rank() - 1);
  if (rows == 0 || width == 0) return;
  if (picks == 0 || rows % picks != 0)
    throw_error(ErrorCode::InvalidArgument, {"indices ", io.in(kIndices), " do not fit ", x});
  const int64_t* indices = checked_indices(io, io.in(kIndices), table[0]);
  const Tensor& data = io.in(kTable);
  const float* from = is_aligned(data) ? data.data<float>() : copied_rows(io, data, picks, indices);
  add_rows(io.threads(), x.data<float>(), from, indices, picks, rows, width, io.out(0).mutable_data<float>());
}

constexpr DTypeSet kFloat{DType::F32};

}  // namespace

MICA_OP(GatherAdd, 1, mica) {
  return op()
      .input("X", kFloat)
      .input("table", kFloat)
      .input("indices", types::index)
      .output("Y")
      .infer<infer>()
      .may_overwrite(0, kX)
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
