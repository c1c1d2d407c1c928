// SplitToSequence, ai.onnx 11: cuts a tensor along an axis into a sequence: by the sizes that a vector gives, or into
// pieces of one size (1 unless given) of which the last may be smaller. Without sizes the axis goes unless keepdims.
#include <algorithm>

#include "kernels/op.h"
#include "kernels/sequence/values.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

struct SplitToSequence {
  int64_t axis = 0;
  bool keepdims = true;
};

void infer(const SplitToSequence& op, InferContext& ctx) {
  const Dims* from = ctx.dims(0);
  if (from == nullptr) return ctx.set(0, ValueType::sequence(ValueType::tensor(ctx.dtype(0))));
  Dims dims = *from;
  const size_t axis = ctx.axis(op.axis, dims.size());
  if (ctx.has(1)) {
    dims[axis] = ctx.unknown();
  } else if (op.keepdims) {
    dims[axis] = 1;
  } else {
    dims.erase(dims.begin() + static_cast<ptrdiff_t>(axis));
  }
  ctx.set(0, ValueType::sequence(ValueType::tensor(ctx.dtype(0), std::move(dims))));
}

std::vector<int64_t> sizes_of(const Operands& io, int64_t whole) {
  std::vector<int64_t> sizes;
  const bool given = io.has(1);
  if (given) check_integers(io.in(1), io.in(1).elements(), "split");
  if (given && io.in(1).shape().rank() > 0) {
    int64_t rest = whole;
    for (int64_t i = 0; i < io.in(1).elements(); ++i) {
      sizes.push_back(integer_at(io.in(1), i));
      if (sizes.back() < 0 || sizes.back() > rest) bad_input("split does not fit the size " + std::to_string(whole));
      rest -= sizes.back();
    }
    if (rest != 0) bad_input("split leaves " + std::to_string(rest) + " of " + std::to_string(whole) + " over");
    return sizes;
  }
  const int64_t size = given ? integer_at(io.in(1), 0) : 1;
  if (size < 1) bad_input("split is " + std::to_string(size));
  for (int64_t rest = whole; rest > 0; rest -= std::min(size, rest)) sizes.push_back(std::min(size, rest));
  return sizes;
}

void run_cpu(const SplitToSequence& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const size_t axis = normalize_axis(op.axis, x.shape().rank());
  const bool drop = !io.has(1) && !op.keepdims;
  std::vector<Datum> items;
  int64_t begin = 0;
  for (const int64_t size : sizes_of(io, x.shape()[axis])) {
    items.emplace_back(part_of(io, x, axis, begin, size, drop));
    begin += size;
  }
  io.set(0, Datum::sequence(std::move(items)));
}

}  // namespace

MICA_OP(SplitToSequence, 11) {
  return op<SplitToSequence>()
      .input("input", types::any)
      .optional_input("split", types::index)
      .output("output_sequence")
      .attribute("axis", &SplitToSequence::axis)
      .attribute("keepdims", &SplitToSequence::keepdims)
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
