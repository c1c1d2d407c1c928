#include "kernels/shape/strided_copy.h"

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/strided_rows.h"
#include "kernels/shape/transpose_words.h"

namespace mica {
namespace {

using Axis = StridedCopy::Axis;

constexpr int64_t kTile = StridedRows::kTile;
constexpr int64_t kChunk = 1 << 14;  // elements of a row handled at a time

// A copy in tasks, which are numbered over the outer axes and, innermost, over pieces of the axis that is cut.
struct Loops {
  std::array<Axis, 2 * Shape::kMaxRank + 1> outer;
  size_t outer_rank = 0;
  Axis inner{1, 1, 1};  // the innermost of the target
  Axis tile{1, 0, 0};   // the innermost of the source, where that is another
  bool tiled = false;
  int64_t piece = 1;  // how much of the cut axis (tile when tiled, else inner) one task takes
  int64_t pieces = 1;
  int64_t tasks = 0;

  explicit Loops(const StridedCopy& copy) {
    if (copy.elements() == 0) return;
    const auto axes = copy.axes();
    const size_t rank = axes.size();
    size_t tiled_axis = rank;
    if (rank > 0) {
      inner = axes[rank - 1];
      const auto outside = axes.first(rank - 1);
      const auto adjacent = std::ranges::find_if(outside, [](const Axis& a) { return a.from == 1; });
      if (inner.from != 1 && adjacent != outside.end()) tiled_axis = static_cast<size_t>(adjacent - outside.begin());
    }
    tiled = tiled_axis < rank;
    if (tiled) tile = axes[tiled_axis];
    for (size_t k = 0; k + 1 < rank; ++k) {
      if (k != tiled_axis) outer[outer_rank++] = axes[k];
    }
    cut(tiled ? kTile : kChunk);
  }

  // Whether a task transposes rows of adjacent elements into such.
  bool is_matrix() const { return tiled && inner.to == 1 && tile.from == 1; }

  // In pieces of this length.
  void cut(int64_t length) {
    const int64_t extent = tiled ? tile.extent : inner.extent;
    piece = length;
    pieces = (extent + piece - 1) / piece;
    tasks = pieces;
    for (size_t k = 0; k < outer_rank; ++k) tasks *= outer[k].extent;
  }
};

}  // namespace

void StridedCopy::add(int64_t extent, int64_t from, int64_t to) {
  elements_ *= extent;
  if (extent == 1) return;
  if (rank_ > 0) {
    Axis& last = axes_[rank_ - 1];
    if (last.from == extent * from && last.to == extent * to) {
      last = {last.extent * extent, from, to};
      return;
    }
  }
  axes_.at(rank_++) = {extent, from, to};
}

void StridedCopy::run(ThreadPool& threads, DType dtype, const void* from, void* to) const {
  Loops loops(*this);
  if (loops.tasks == 0) return;
  const StridedRows& rows = strided_rows(dtype);
  const bool words = rows.size == sizeof(uint32_t) && loops.is_matrix();
  if (words) loops.cut(std::max(kTile, kChunk / 2 / loops.inner.extent / kTile * kTile));
  const Axis cut = loops.tiled ? loops.tile : loops.inner;
  const int64_t grain = std::max<int64_t>(1, kChunk * loops.tasks / elements_);
  threads.parallel_for(loops.tasks, grain, [&](int64_t begin, int64_t end) {
    std::array<int64_t, 2 * Shape::kMaxRank + 1> index;  // along the outer axes
    int64_t source = from_start_, target = to_start_, rest = begin / loops.pieces;
    int64_t first = begin % loops.pieces * loops.piece;
    for (size_t k = loops.outer_rank; k-- > 0; rest /= loops.outer[k].extent) {
      index[k] = rest % loops.outer[k].extent;
      source += index[k] * loops.outer[k].from;
      target += index[k] * loops.outer[k].to;
    }
    for (int64_t task = begin; task < end; ++task) {
      const Axis part{std::min(loops.piece, cut.extent - first), cut.from, cut.to};
      const std::byte* x = static_cast<const std::byte*>(from) + (source + first * cut.from) * rows.size;
      std::byte* y = static_cast<std::byte*>(to) + (target + first * cut.to) * rows.size;
      if (words) {
        transpose_words(reinterpret_cast<const uint32_t*>(x), loops.inner.from, loops.inner.extent, part.extent,
                        reinterpret_cast<uint32_t*>(y), part.to);
      } else if (loops.tiled) {
        rows.transpose(x, y, loops.inner, part);
      } else {
        rows.copy(x, y, part);
      }
      first += loops.piece;
      if (first < cut.extent) continue;
      first = 0;
      for (size_t k = loops.outer_rank; k-- > 0;) {
        const Axis& axis = loops.outer[k];
        source += axis.from;
        target += axis.to;
        if (++index[k] < axis.extent) break;
        index[k] = 0;
        source -= axis.extent * axis.from;
        target -= axis.extent * axis.to;
      }
    }
  });
}

void StridedCopy::run(const Operands& io, const Tensor& from, Tensor& to) const {
  const void* source = load(io, from);
  void* target = stage(io, to);
  run(io.threads(), from.dtype(), source, target);
  store(target, to);
}

void StridedCopy::for_each(FunctionRef<void(int64_t from, int64_t to)> copy) const {
  for (int64_t element = 0; element < elements_; ++element) {
    int64_t rest = element, source = from_start_, target = to_start_;
    for (size_t k = rank_; k-- > 0;) {
      const int64_t i = rest % axes_[k].extent;
      rest /= axes_[k].extent;
      source += i * axes_[k].from;
      target += i * axes_[k].to;
    }
    copy(source, target);
  }
}

void copy_contents(InferContext& ctx, size_t input, const StridedCopy& copy, size_t output) {
  const auto contents = ctx.contents(input);
  const auto shape = ctx.dims(input) != nullptr ? to_shape(*ctx.dims(input)) : std::nullopt;
  if (!contents || !shape || shape->elements() != static_cast<int64_t>(contents->size())) return;
  if (copy.elements() > static_cast<int64_t>(InferContext::kMaxContents)) return;
  Dims result(static_cast<size_t>(copy.elements()));
  copy.for_each(
      [&](int64_t from, int64_t to) { result[static_cast<size_t>(to)] = (*contents)[static_cast<size_t>(from)]; });
  ctx.set_contents(output, std::move(result));
}

}  // namespace mica
