#include "kernels/gather/along_axis.h"

#include "kernels/gather/indices.h"

namespace mica {

void check_along_axis(const InferContext& ctx, int64_t axis, const Dims& data, const Dims& indices) {
  const auto fail = [&] { ctx.fail("indices " + str(indices) + " do not fit data " + str(data)); };
  if (data.size() != indices.size()) fail();
  const size_t along = ctx.axis(axis, data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    if (i == along || !data[i].is_constant() || !indices[i].is_constant()) continue;
    if (indices[i].value() > data[i].value()) fail();
  }
}

const int64_t* offsets_along_axis(const Operands& io, int64_t axis, const Tensor& data, const Tensor& indices) {
  const Shape& from = data.shape();
  const Shape& shape = indices.shape();
  bool fits = from.rank() == shape.rank();
  const size_t along = normalize_axis(axis, from.rank());
  for (size_t i = 0; fits && i < from.rank(); ++i) fits = i == along || shape[i] <= from[i];
  if (!fits) bad_input("indices " + indices.str() + " do not fit data " + data.str());
  check_integers(indices, indices.elements(), "indices");
  const auto strides = from.strides();
  const size_t rank = shape.rank();
  int64_t* offsets = io.scratch<int64_t>(indices.elements());
  if (rank == 0 || indices.elements() == 0) return offsets;
  const int64_t width = shape.back();
  const int64_t step = along + 1 == rank ? 0 : 1;  // between neighbours of a row
  std::array<int64_t, Shape::kMaxRank> index{};
  for (int64_t at = 0; at < indices.elements(); at += width) {
    int64_t first = 0;
    for (size_t k = 0; k + 1 < rank; ++k) first += k == along ? 0 : index[k] * strides[k];
    index_places(indices, at, width, from[along], strides[along], first, step, offsets + at);
    for (size_t k = rank - 1; k-- > 0;) {
      if (++index[k] < shape[k]) break;
      index[k] = 0;
    }
  }
  return offsets;
}

}  // namespace mica
