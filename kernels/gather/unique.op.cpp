// Unique, ai.onnx 11: the distinct elements, or the distinct slices along an axis, sorted or in the order of their
// first appearance; with the place of each one's first appearance, where each went, and how often it is there.
#include <algorithm>

#include "kernels/gather/groups.h"
#include "kernels/op.h"
#include "kernels/reduce/order_keys.h"
#include "kernels/reduce/ranking.h"
#include "kernels/reduce/stable_order.h"
#include "kernels/shape/moves.h"
#include "kernels/shape/strided_copy.h"

namespace mica {
namespace {

struct Unique {
  std::optional<int64_t> axis;
  bool sorted = true;
};

void infer(const Unique& op, InferContext& ctx) {
  const Dim count = ctx.unknown();
  const Dims* from = ctx.dims(0);
  std::optional<Dims> dims;
  if (!op.axis) dims = Dims{count};
  if (op.axis && from != nullptr) {
    dims = *from;
    (*dims)[ctx.axis(*op.axis, from->size())] = count;
  }
  ctx.set(0, ctx.dtype(0), std::move(dims));
  ctx.set(1, DType::I64, Dims{count});
  ctx.set(3, DType::I64, Dims{count});
  Dim all = ctx.unknown();
  if (from != nullptr) all = op.axis ? (*from)[ctx.axis(*op.axis, from->size())] : product(*from);
  ctx.set(2, DType::I64, Dims{all});
}

void give(const Operands& io, size_t output, const std::vector<int64_t>& values) {
  if (!io.wants(output)) return;
  Tensor& y = io.allocate(output, DType::I64, {static_cast<int64_t>(values.size())});
  std::ranges::copy(values, y.mutable_data<int64_t>());
}

void run_cpu(const Unique& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape flat = op.axis ? x.shape() : Shape{x.elements()};
  const size_t axis = op.axis ? normalize_axis(*op.axis, flat.rank()) : 0;
  const int64_t total = flat[axis];
  const int64_t rows = flat.elements(0, axis);
  const int64_t columns = flat.elements(axis + 1, flat.rank());
  const int64_t width = rows * columns;

  // The slices one after another; those kept go back in the same way.
  Tensor slices(x.dtype(), {total, width});
  StridedCopy apart;
  apart.add(total, columns, width);
  apart.add(rows, total * columns, columns);
  apart.add(columns, 1, 1);
  apart.run(io, x, slices);

  std::vector<uint64_t> keys;
  const std::string* strings = nullptr;
  if (x.dtype() == DType::String) {
    strings = slices.data<std::string>();
  } else {
    keys.resize(static_cast<size_t>(total * width));
    if (!order_keys(x.dtype(), slices.raw(), total * width, 1, false, true, keys.data())) {
      bad_input("cannot order elements of type " + std::string(name(x.dtype())));
    }
  }
  const auto order_of_strings = [&](int64_t a, int64_t b) {
    for (int64_t i = 0; i < width; ++i) {
      if (const int order = strings[a * width + i].compare(strings[b * width + i]); order != 0) return order;
    }
    return 0;
  };
  const auto order_of_keys = [&](int64_t a, int64_t b) {
    return compare_keys(keys.data() + a * width, keys.data() + b * width, width);
  };
  std::vector<int64_t> order;
  if (strings != nullptr) {
    order = stable_order(total, [&](int64_t a, int64_t b) { return order_of_strings(a, b) < 0; });
  } else if (width == 1) {
    RankedKey* ranked = io.scratch<RankedKey>(total);
    rank_keys(keys.data(), total, total, ranked);
    for (int64_t i = 0; i < total; ++i) order.push_back(ranked[i].index);
  } else {
    order = stable_order(total, [&](int64_t a, int64_t b) { return order_of_keys(a, b) < 0; });
  }
  const Groups groups = group(order, op.sorted, [&](int64_t a, int64_t b) {
    return (strings != nullptr ? order_of_strings(a, b) : order_of_keys(a, b)) == 0;
  });
  const int64_t kept = static_cast<int64_t>(groups.first.size());
  Shape shape = flat;
  shape[axis] = kept;
  if (io.wants(0)) {
    Tensor& y = io.allocate(0, x.dtype(), shape);
    const ElementMoves& moves = moves_of(x.dtype());
    for (int64_t g = 0; g < kept; ++g) {
      const int64_t from = groups.first[static_cast<size_t>(g)] * width;
      for (int64_t row = 0; row < rows; ++row) {
        moves.copy(moves.at(slices.raw(), from + row * columns), columns,
                   moves.at(y.mutable_raw(), (row * kept + g) * columns));
      }
    }
  }
  give(io, 1, groups.first);
  give(io, 2, groups.place);
  give(io, 3, groups.count);
}

}  // namespace

MICA_OP(Unique, 11) {
  return op<Unique>()
      .input("X", types::any)
      .output("Y")
      .optional_output("indices")
      .optional_output("inverse_indices")
      .optional_output("counts")
      .attribute("axis", &Unique::axis)
      .attribute("sorted", &Unique::sorted)
      .infer<infer>()
      .data_dependent()
      .cpu<run_cpu>();
}

}  // namespace mica
