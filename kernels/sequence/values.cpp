#include "kernels/sequence/values.h"

#include <algorithm>

#include "kernels/shape/elements.h"
#include "kernels/shape/strided_copy.h"

namespace mica {
namespace {

using Kind = ValueType::Kind;

bool has_unknown_symbol(const Dim& dim) {
  const auto symbols = dim.symbols();
  return std::ranges::any_of(symbols, [](const std::string& symbol) { return is_unknown_symbol(symbol); });
}

Tensor join_parts(const Operands& io, std::span<const Datum> items, size_t axis, const Shape& shape,
                  std::span<const int64_t> sizes) {
  Tensor y(items[0].tensor.dtype(), shape);
  const int64_t rows = shape.elements(0, axis);
  const int64_t column = shape.elements(axis + 1, shape.rank());
  const int64_t pitch = shape[axis] * column;
  void* to = stage(io, y);
  int64_t offset = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const int64_t width = sizes[i] * column;
    StridedCopy copy(0, offset);
    copy.add(rows, width, pitch);
    copy.add(width, 1, 1);
    copy.run(io.threads(), y.dtype(), load(io, items[i].tensor), to);
    offset += width;
  }
  store(to, y);
  return y;
}

}  // namespace

ValueType join_types(const InferContext& ctx, const ValueType& a, const ValueType& b) {
  if (a.kind != b.kind) return {};
  if (!a.is_tensor()) {
    ValueType result = a;
    if (a.element && b.element)
      result.element = std::make_shared<const ValueType>(join_types(ctx, *a.element, *b.element));
    return result;
  }
  if (a.dtype == DType::Undefined) return ValueType::tensor(b.dtype);
  if (b.dtype == DType::Undefined) return ValueType::tensor(a.dtype);
  if (a.dtype != b.dtype) {
    ctx.fail("element types differ: " + std::string(name(a.dtype)) + " and " + std::string(name(b.dtype)));
  }
  if (!a.dims || !b.dims || a.dims->size() != b.dims->size()) return ValueType::tensor(a.dtype);
  Dims dims = *a.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (!(dims[i] == (*b.dims)[i])) dims[i] = ctx.unknown();
  }
  return ValueType::tensor(a.dtype, std::move(dims));
}

ValueType element_type(const InferContext& ctx, size_t input) {
  const ValueType& type = ctx.type(input);
  if ((type.kind != Kind::Sequence && type.kind != Kind::Optional) || !type.element) return {};
  ValueType element = *type.element;
  if (!element.dims) return element;
  for (Dim& dim : *element.dims) {
    if (has_unknown_symbol(dim)) dim = ctx.unknown();
  }
  return element;
}

Datum owned(const Datum& value) {
  Datum copy = value;
  if (copy.tensor.defined() && !copy.tensor.owns()) copy.tensor = copy.tensor.clone();
  for (Datum& item : copy.items) item = owned(item);
  return copy;
}

const std::vector<Datum>& sequence_items(const Operands& io, size_t input) {
  const Datum& value = io.datum(input);
  if (value.kind != Datum::Kind::Sequence) bad_input("a sequence is needed, not " + value.str());
  return value.items;
}

Tensor join_tensors(const Operands& io, std::span<const Datum> items, int64_t axis, bool stacked) {
  if (items.empty()) bad_input("there is nothing to join");
  const Shape& first = items[0].tensor.shape();
  const size_t along = normalize_axis(axis, first.rank() + (stacked ? 1 : 0));
  Shape shape;
  for (size_t k = 0; k < first.rank(); ++k) {
    if (k == along) shape.push_back(0);
    if (k != along || stacked) shape.push_back(first[k]);
  }
  if (along == shape.rank()) shape.push_back(0);
  std::vector<int64_t> sizes;
  for (const Datum& item : items) {
    const Shape& part = item.tensor.shape();
    bool fits = item.is_tensor() && item.tensor.dtype() == items[0].tensor.dtype() && part.rank() == first.rank();
    for (size_t k = 0; fits && k < part.rank(); ++k) fits = (k == along && !stacked) || part[k] == first[k];
    if (!fits)
      bad_input("cannot join " + items[0].str() + " and " + item.str() + " along axis " + std::to_string(along));
    sizes.push_back(stacked ? 1 : part[along]);
    shape[along] += sizes.back();
  }
  return join_parts(io, items, along, shape, sizes);
}

Tensor part_of(const Operands& io, const Tensor& tensor, size_t axis, int64_t begin, int64_t size, bool drop) {
  const Shape& from = tensor.shape();
  Shape to;
  for (size_t k = 0; k < from.rank(); ++k) {
    if (k != axis) to.push_back(from[k]);
    if (k == axis && !drop) to.push_back(size);
  }
  Tensor part(tensor.dtype(), to);
  const int64_t column = from.elements(axis + 1, from.rank());
  StridedCopy copy(begin * column);
  copy.add(from.elements(0, axis), from[axis] * column, size * column);
  copy.add(size * column, 1, 1);
  copy.run(io, tensor, part);
  return part;
}

}  // namespace mica
