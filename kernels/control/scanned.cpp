#include "kernels/control/scanned.h"

#include <algorithm>

#include "kernels/sequence/values.h"

namespace mica {
namespace {

Tensor empty_output(const Operands& io, int64_t axis, size_t body_output) {
  const ValueType type = io.subgraphs().output_type(0, body_output);
  if (!type.is_tensor() || type.dtype == DType::Undefined) {
    bad_input("the loop does not run and nothing tells the type of its output");
  }
  Shape shape;
  const Dims dims = type.dims.value_or(Dims{});
  const size_t along = normalize_axis(axis, dims.size() + 1);
  for (size_t k = 0; k <= dims.size(); ++k) {
    if (k == along) shape.push_back(0);
    if (k < dims.size()) shape.push_back(std::max<int64_t>(0, dims[k].constant().value_or(0)));
  }
  return Tensor(type.dtype, shape);
}

}  // namespace

void Scanned::add(std::span<const Datum> values) {
  for (size_t k = 0; k < values_.size(); ++k) values_[k].push_back(values[k]);
}

Tensor Scanned::joined(const Operands& io, size_t k, int64_t axis, bool reversed, size_t body_output) const {
  if (values_[k].empty()) return empty_output(io, axis, body_output);
  if (!reversed) return join_tensors(io, values_[k], axis, true);
  const std::vector<Datum> backwards(values_[k].rbegin(), values_[k].rend());
  return join_tensors(io, backwards, axis, true);
}

}  // namespace mica
