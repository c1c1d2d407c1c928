// Pad, ai.onnx 1: adds elements around a tensor (or takes some away where a pad is negative): a constant, the nearest
// element (edge), the mirrored ones (reflect), or those of the other end (wrap). Pads are an attribute before version
// 11, an input since; from version 18 on they may be given for some axes only.
#include "kernels/shape/pad.h"

#include <algorithm>

#include "kernels/float_conversion.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/moves.h"
#include "kernels/shape/shape_input.h"

namespace mica {
namespace {

void prepare(Pad& op, const NodeFacts&) {
  const std::string_view names[] = {"constant", "reflect", "edge", "wrap"};
  const auto found = std::ranges::find(names, op.mode_name);
  if (found == std::end(names)) {
    throw Error(ErrorCode::InvalidModel,
                "attribute \"mode\" is \"" + op.mode_name + "\"; ONNX knows constant, " + "reflect, edge and wrap");
  }
  op.mode = static_cast<Pad::Mode>(found - names);
}

Dim padded(const InferContext& ctx, const Dim& dim, const Dim& begin, const Dim& end) {
  Dim size = dim + begin + end;
  if (size.is_constant() && size.value() < 0) {
    ctx.fail("pads " + begin.str() + " and " + end.str() + " take more than the " + dim.str() + " elements there are");
  }
  return size;
}

void infer(const Pad& op, InferContext& ctx) {
  const Dims* from = ctx.dims(0);
  if (from == nullptr) return ctx.set(0, ctx.dtype(0));
  const size_t rank = from->size();
  std::vector<int64_t> all;
  for (size_t i = 0; i < rank; ++i) all.push_back(static_cast<int64_t>(i));
  const auto given = ctx.has(3) ? ctx.integers(3) : all;
  if (!given) return ctx.set(0, ctx.dtype(0), unknown_dims(ctx, rank));
  const auto axes = distinct_axes(ctx, *given, rank);
  const auto pads = op.from_attributes ? Dims(op.pads.begin(), op.pads.end()) : ctx.contents(1);
  if (pads && pads->size() != 2 * axes.size()) {
    ctx.fail("pads has " + std::to_string(pads->size()) + " elements for " + std::to_string(axes.size()) + " axes");
  }
  Dims dims = *from;
  for (size_t i = 0; i < axes.size(); ++i) {
    Dim& dim = dims[axes[i]];
    dim = pads ? padded(ctx, dim, (*pads)[i], (*pads)[axes.size() + i]) : ctx.unknown();
  }
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

using PerAxis = std::array<int64_t, Shape::kMaxRank>;

struct Pads {
  PerAxis begin{}, end{};
};

constexpr int64_t kLargest = int64_t{1} << 60;  // so that sums do not overflow

Pads read_pads(const Pad& op, const Operands& io) {
  const size_t rank = io.in(0).shape().rank();
  const size_t count = !op.from_attributes && io.has(3) ? static_cast<size_t>(io.in(3).elements()) : rank;
  if (op.from_attributes ? op.pads.size() != 2 * rank : false) bad_input("pads do not fit " + io.in(0).str());
  if (!op.from_attributes) check_integers(io.in(1), static_cast<int64_t>(2 * count), "pads");
  Pads pads;
  for (size_t i = 0; i < count; ++i) {
    const bool some = !op.from_attributes && io.has(3);
    const size_t axis = some ? normalize_axis(integer_at(io.in(3), static_cast<int64_t>(i)), rank) : i;
    const auto at = [&](size_t k) {
      const int64_t number = op.from_attributes ? op.pads[k] : integer_at(io.in(1), static_cast<int64_t>(k));
      if (number > kLargest || number < -kLargest) bad_input("pad " + std::to_string(number) + " is out of range");
      return number;
    };
    pads.begin[axis] = at(i);
    pads.end[axis] = at(count + i);
  }
  return pads;
}

PadSpan span_of(int64_t dim, int64_t begin, int64_t end) {
  const int64_t kept = std::min(dim, std::max<int64_t>(0, -begin));
  const int64_t stop = dim - std::min(dim, std::max<int64_t>(0, -end));
  return {kept, std::max<int64_t>(0, stop - kept), std::max<int64_t>(0, begin)};
}

void pad_mirrored(const Operands& io, Pad::Mode mode, std::span<const PadSpan> spans, const ElementMoves& moves,
                  const void* from, void* to) {
  const Shape& shape = io.out(0).shape();
  const auto strides = io.in(0).shape().strides();
  const size_t rank = shape.rank();
  int64_t entries = 0;
  for (const int64_t dim : shape) entries += dim;
  int64_t* offsets = io.scratch<int64_t>(entries);  // of each place along each axis, in the input
  std::array<const int64_t*, Shape::kMaxRank> along{};
  for (size_t k = 0; k < rank; ++k) {
    along[k] = offsets;
    for (int64_t i = 0; i < shape[k]; ++i) {
      *offsets++ = (spans[k].kept + cuda::mirrored(mode, i - spans[k].at, spans[k].count)) * strides[k];
    }
  }
  const int64_t width = shape.back();
  const int64_t rows = io.out(0).elements() / width;
  PerAxis index{};
  for (int64_t row = 0; row < rows; ++row) {
    int64_t start = 0;
    for (size_t k = 0; k + 1 < rank; ++k) start += along[k][index[k]];
    moves.gather(moves.at(from, start), along[rank - 1], width, 1, moves.at(to, row * width));
    for (size_t k = rank - 1; k-- > 0;) {
      if (++index[k] < shape[k]) break;
      index[k] = 0;
    }
  }
}

// `n` elements of the constant that is padded with: zeros, empty strings or false unless it is given.
void fill_constant(const Pad& op, const Operands& io, const ElementMoves& moves, int64_t n, void* to) {
  const DType dtype = io.in(0).dtype();
  if (!op.from_attributes) {
    if (!io.has(2) || !io.in(2).defined()) return moves.clear(n, to);
    if (io.in(2).elements() != 1 || io.in(2).dtype() != dtype) {
      bad_input("constant_value must be one " + std::string(name(dtype)) + ", not " + io.in(2).str());
    }
    return moves.fill(load(io, io.in(2)), n, to);
  }
  if (!is_float(dtype)) return moves.clear(n, to);
  double number = 0;  // room for any float
  convert_floats(DType::F32, &op.value, dtype, &number, 1);
  moves.fill(&number, n, to);
}

void run_cpu(const Pad& op, const Operands& io) {
  const Tensor& x = io.in(0);
  Tensor& y = io.out(0);
  const PadSpans all = pad_spans(op, io);
  const std::span<const PadSpan> spans(all.data(), x.shape().rank());
  if (y.elements() == 0) return;
  const ElementMoves& moves = moves_of(x.dtype());
  const void* source = load(io, x);
  void* target = stage(io, y);
  if (op.mode == Pad::Mode::Constant || spans.empty()) {
    const StridedCopy copy = kept_elements(x.shape(), y.shape(), spans);
    fill_constant(op, io, moves, copy.elements() < y.elements() ? y.elements() : 0, target);
    copy.run(io.threads(), x.dtype(), source, target);
  } else {
    pad_mirrored(io, op.mode, spans, moves, source, target);
  }
  store(target, y);
}

OpBuilder<Pad> pad(Pad prototype = {}) {
  return op<Pad>(prototype)
      .input("data", types::any)
      .output("output")
      .attribute("mode", &Pad::mode_name)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

OpBuilder<Pad> pad_by_inputs() {
  return pad().input("pads", types::int64).optional_input("constant_value", types::any);
}

OpBuilder<Pad> pad_by_attributes() {
  Pad prototype;
  prototype.from_attributes = true;
  return pad(prototype).attribute("value", &Pad::value);
}

}  // namespace

PadSpans pad_spans(const Pad& op, const Operands& io) {
  const Tensor &x = io.in(0), &y = io.out(0);
  const Shape& from = x.shape();
  const Shape& to = y.shape();
  const Pads pads = read_pads(op, io);
  PadSpans all{};
  bool fits = from.rank() == to.rank();
  for (size_t i = 0; fits && i < from.rank(); ++i) {
    const PadSpan span = span_of(from[i], pads.begin[i], pads.end[i]);
    all[i] = span;
    fits = from[i] + pads.begin[i] + pads.end[i] == to[i] && span.at + span.count <= to[i];
    if (fits && op.mode != Pad::Mode::Constant && span.count == 0 && to[i] > 0)
      bad_input("cannot pad nothing by " + op.mode_name);
  }
  if (!fits) bad_input("cannot pad " + x.str() + " to " + y.str());
  return all;
}

StridedCopy kept_elements(const Shape& from, const Shape& to, std::span<const PadSpan> spans) {
  const auto strides = from.strides();
  const auto targets = to.strides();
  int64_t source = 0;
  int64_t target = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    source += spans[i].kept * strides[i];
    target += spans[i].at * targets[i];
  }
  StridedCopy copy(source, target);
  for (size_t i = 0; i < spans.size(); ++i) copy.add(spans[i].count, strides[i], targets[i]);
  return copy;
}

MICA_OP(Pad, 18) {
  return pad_by_inputs().optional_input("axes", types::index);
}

MICA_OP(Pad, 11) {
  return pad_by_inputs();
}

MICA_OP(Pad, 2) {
  return pad_by_attributes().required("pads", &Pad::pads);
}

MICA_OP(Pad, 1) {
  return pad_by_attributes().required("paddings", &Pad::pads);
}

}  // namespace mica
