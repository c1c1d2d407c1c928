#include "kernels/shape/strided_copy.h"

#include "backends/cpu/thread_pool.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/transpose_words.h"

namespace mica {

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

StridedCopy::Loops StridedCopy::plan() const {
  Loops loops;
  if (elements_ == 0) return loops;
  size_t tile = rank_;
  if (rank_ > 0) {
    loops.inner = axes_[rank_ - 1];
    if (loops.inner.from != 1) {
      const auto first = axes_.begin();
      tile = static_cast<size_t>(std::find_if(first, first + rank_ - 1, [](const Axis& a) { return a.from == 1; }) -
                                 first);
      if (tile == rank_ - 1) tile = rank_;
    }
  }
  loops.tiled = tile < rank_;
  if (loops.tiled) loops.tile = axes_[tile];
  for (size_t k = 0; k + 1 < rank_; ++k) {
    if (k != tile) loops.outer[loops.outer_rank++] = axes_[k];
  }
  loops.cut(loops.tiled ? kTile : kChunk);
  return loops;
}

void StridedCopy::Loops::cut(int64_t length) {
  const int64_t extent = tiled ? tile.extent : inner.extent;
  piece = length;
  pieces = (extent + piece - 1) / piece;
  tasks = pieces;
  for (size_t k = 0; k < outer_rank; ++k) tasks *= outer[k].extent;
}

template <class T>
void StridedCopy::run(ThreadPool& threads, const T* from, T* to) const {
  Loops loops = plan();
  if (loops.tasks == 0) return;
  const bool words = std::is_same_v<T, uint32_t> && loops.is_matrix();
  if (words) loops.cut(std::max(kTile, kChunk / 2 / loops.inner.extent / kTile * kTile));
  const int64_t grain = std::max<int64_t>(1, kChunk * loops.tasks / elements_);
  threads.parallel_for(loops.tasks, grain, [&](int64_t begin, int64_t end) {
    if constexpr (std::is_same_v<T, uint32_t>) {
      if (words) {
        return run_tasks(loops, from, to, begin, end, [](const T* x, T* y, const Axis& inner, const Axis& tile) {
          transpose_words(x, inner.from, inner.extent, tile.extent, y, tile.to);
        });
      }
    }
    run_tasks(loops, from, to, begin, end);
  });
}

void StridedCopy::run(const Operands& io, const Tensor& from, Tensor& to) const {
  visit_storage(from.dtype(), [&]<class T>() {
    const T* source = load<T>(io, from);
    T* target = stage<T>(io, to);
    run(io.threads(), source, target);
    store(target, to);
  });
}

template void StridedCopy::run(ThreadPool&, const uint8_t*, uint8_t*) const;
template void StridedCopy::run(ThreadPool&, const uint16_t*, uint16_t*) const;
template void StridedCopy::run(ThreadPool&, const uint32_t*, uint32_t*) const;
template void StridedCopy::run(ThreadPool&, const uint64_t*, uint64_t*) const;
template void StridedCopy::run(ThreadPool&, const Bytes16*, Bytes16*) const;
template void StridedCopy::run(ThreadPool&, const std::string*, std::string*) const;

void copy_contents(InferContext& ctx, size_t input, const StridedCopy& copy, size_t output) {
  const auto contents = ctx.contents(input);
  const auto shape = ctx.dims(input) != nullptr ? to_shape(*ctx.dims(input)) : std::nullopt;
  if (!contents || !shape || shape->elements() != static_cast<int64_t>(contents->size())) return;
  if (copy.elements() > static_cast<int64_t>(InferContext::kMaxContents)) return;
  Dims result(static_cast<size_t>(copy.elements()));
  copy.run(contents->data(), result.data());
  ctx.set_contents(output, std::move(result));
}

}  // namespace mica
