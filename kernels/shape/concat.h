// What the operators that join tensors along one axis share. Their tensors are the inputs first, first + step, ...
#pragma once

#include "kernels/op.h"

namespace mica {

/// Dims of the joined tensor; nullopt when a rank is unknown.
std::optional<Dims> concat_dims(const InferContext& ctx, int64_t axis, size_t first = 0, size_t step = 1);

/// Calls copy(input, from, to, count) for all runs of elements to copy. A first part that lies where the output does is
/// in its place already: a state that is lengthened. Throws when the inputs do not fit output 0.
template <class Copy>
void join(const Operands& io, int64_t axis, size_t first, size_t step, Copy&& copy) {
  const Shape& shape = io.out(0).shape();
  const size_t at = normalize_axis(axis, shape.rank());
  const int64_t rows = shape.elements(0, at);
  const int64_t whole = shape.elements(at, shape.rank());
  const int64_t pitch = io.out(0).pitch() != 0 ? io.out(0).pitch() : whole;
  int64_t offset = 0;
  for (size_t i = first; i < io.inputs(); i += step) {
    const Shape& part = io.in(i).shape();
    if (part.rank() != shape.rank()) bad_input("ranks differ: " + part.str() + " and " + shape.str());
    const int64_t width = part.elements(at, part.rank());
    if (part.elements(0, at) != rows || offset + width > whole) bad_input("dims besides the axis differ");
    const bool in_place = i == first && io.in(first).raw() == io.out(0).raw();
    for (int64_t row = 0; row < rows && !in_place; ++row) copy(i, row * width, row * pitch + offset, width);
    offset += width;
  }
}

/// Calls part(input, to, width, pitch) for all inputs that have elements to copy: runs of `width` go to place `to` of
/// output 0 and, each time, `pitch` further.
template <class Part>
void join_parts(const Operands& io, int64_t axis, size_t first, size_t step, Part&& part) {
  const Shape& shape = io.out(0).shape();
  const int64_t dense = shape.elements(normalize_axis(axis, shape.rank()), shape.rank());
  const int64_t pitch = io.out(0).pitch() != 0 ? io.out(0).pitch() : dense;
  // Runs of one part begin at even distances, so the first one tells where all are.
  size_t last = io.inputs();
  join(io, axis, first, step, [&](size_t i, int64_t, int64_t to, int64_t width) {
    if (i == last || width == 0) return;
    last = i;
    part(i, to, width, pitch);
  });
}

}  // namespace mica
