// Values that hold other values: types of their elements, and tensors joined out of them.
#pragma once

#include <span>
#include <vector>

#include "graph/infer_context.h"
#include "kernels/operands.h"

namespace mica {

/// The type that covers both: what they agree on. Dims that differ become unknown ones. Fails when the element types
/// of two tensors differ.
ValueType join_types(const InferContext& ctx, const ValueType& a, const ValueType& b);

/// The element type of a sequence or optional input; unknown when it has none. An unknown symbol in it may stand for
/// another number in each element and is made another one each time.
ValueType element_type(const InferContext& ctx, size_t input);

/// The value itself when it owns its memory, else a copy: what outlives the step that made it.
Datum owned(const Datum& value);

/// The items of a sequence input; throws when it is something else.
const std::vector<Datum>& sequence_items(const Operands& io, size_t input);

/// Tensors of one dtype joined along `axis`, which is a new one when `stacked`: then all have the same shape, else they
/// differ at most along the axis. There is at least one.
Tensor join_tensors(const Operands& io, std::span<const Datum> items, int64_t axis, bool stacked);

/// The part [begin, begin + size) of a tensor along an axis; without the axis when `drop` (of a part of size 1).
Tensor part_of(const Operands& io, const Tensor& tensor, size_t axis, int64_t begin, int64_t size, bool drop);

}  // namespace mica
