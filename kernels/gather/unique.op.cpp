// Unique, ai.onnx 11: the distinct elements, or the distinct slices along an axis, sorted or in the order of their
// first appearance; with the place of each one's first appearance, where each went, and how often it is there.
#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/strided_copy.h"
#include "runtime/base/function_ref.h"
#include "runtime/base/half.h"

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

// A strict order even with NaN, which comes last and equals itself.
template <class T>
int compare(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, std::string>) {
    return a.compare(b);
  } else if constexpr (std::is_integral_v<T>) {
    return a < b ? -1 : b < a ? 1 : 0;
  } else {
    const double x = static_cast<double>(static_cast<float>(a));
    const double y = static_cast<double>(static_cast<float>(b));
    if constexpr (std::is_same_v<T, double>) {
      if (a == a && b == b) return a < b ? -1 : b < a ? 1 : 0;
    }
    const bool no_x = x != x;
    const bool no_y = y != y;
    if (no_x || no_y) return static_cast<int>(no_x) - static_cast<int>(no_y);
    return x < y ? -1 : y < x ? 1 : 0;
  }
}

struct Groups {
  std::vector<int64_t> first, place, count;  ///< first appearance and size of each group; group of each slice
};

// Groups `total` slices by their order, which is negative, 0 or positive as `compare` is.
Groups group(int64_t total, bool sorted, FunctionRef<int(int64_t a, int64_t b)> order_of) {
  std::vector<int64_t> order(static_cast<size_t>(total));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return order_of(a, b) < 0; });
  Groups groups;
  std::vector<size_t> group_of(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || order_of(order[i - 1], order[i]) != 0) {
      groups.first.push_back(order[i]);
      groups.count.push_back(0);
    }
    ++groups.count.back();
    group_of[static_cast<size_t>(order[i])] = groups.first.size() - 1;
  }
  std::vector<size_t> rank(groups.first.size());
  std::iota(rank.begin(), rank.end(), size_t{0});
  if (!sorted) std::ranges::sort(rank, {}, [&](size_t g) { return groups.first[g]; });
  Groups ranked;
  std::vector<int64_t> rank_of(rank.size());
  for (size_t i = 0; i < rank.size(); ++i) {
    ranked.first.push_back(groups.first[rank[i]]);
    ranked.count.push_back(groups.count[rank[i]]);
    rank_of[rank[i]] = static_cast<int64_t>(i);
  }
  for (const size_t g : group_of) ranked.place.push_back(rank_of[g]);
  return ranked;
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

  Groups groups;
  const bool known = visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t,
                                 uint32_t, uint64_t, bool, std::string>(x.dtype(), [&]<class T>() {
    const T* from = slices.data<T>();
    groups = group(total, op.sorted, [&](int64_t a, int64_t b) {
      for (int64_t i = 0; i < width; ++i) {
        if (const int order = compare(from[a * width + i], from[b * width + i]); order != 0) return order;
      }
      return 0;
    });
  });
  if (!known) bad_input("cannot order elements of type " + std::string(name(x.dtype())));
  const int64_t kept = static_cast<int64_t>(groups.first.size());
  Shape shape = flat;
  shape[axis] = kept;
  if (io.wants(0)) {
    Tensor& y = io.allocate(0, x.dtype(), shape);
    visit_storage(x.dtype(), [&]<class T>() {
      for (int64_t g = 0; g < kept; ++g) {
        const T* from = slices.data<T>() + groups.first[static_cast<size_t>(g)] * width;
        for (int64_t row = 0; row < rows; ++row) {
          std::copy_n(from + row * columns, columns, y.mutable_data<T>() + (row * kept + g) * columns);
        }
      }
    });
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
