// NonZero, ai.onnx 9: the indices of the elements that are not zero, one column each, in row-major order.
#include <algorithm>

#include "kernels/gather/set_elements.h"
#include "kernels/op.h"
#include "kernels/shape/moves.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  const Dim rank = dims != nullptr ? Dim(static_cast<int64_t>(dims->size())) : ctx.unknown();
  ctx.set(0, DType::I64, Dims{rank, ctx.unknown()});
}

void run_cpu(const NoParams&, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  const size_t rank = shape.rank();
  const int64_t count = count_set(x.dtype(), x.raw(), x.elements());
  Tensor& y = io.allocate(0, DType::I64, {static_cast<int64_t>(rank), count});
  if (rank == 0 || count == 0) return;
  int64_t* to = y.mutable_data<int64_t>();
  const int64_t width = shape.back();
  const int64_t size = moves_of(x.dtype()).size;
  std::array<int64_t, Shape::kMaxRank> index{};
  for (int64_t at = 0; at < x.elements(); at += width) {
    const int64_t n =
        list_set(x.dtype(), x.data<std::byte>() + at * size, width, to + static_cast<int64_t>(rank - 1) * count);
    for (size_t k = 0; k + 1 < rank; ++k) std::fill_n(to + static_cast<int64_t>(k) * count, n, index[k]);
    to += n;
    for (size_t k = rank - 1; k-- > 0;) {
      if (++index[k] < shape[k]) break;
      index[k] = 0;
    }
  }
}

}  // namespace

MICA_OP(NonZero, 9) {
  return op().input("X", types::any).output("Y").infer<infer>().data_dependent().cpu<run_cpu>();
}

}  // namespace mica
