#include "kernels/reduce/reduce.h"

#include <algorithm>

namespace mica {

ReductionAxes reduction_axes(const Shape& shape, uint32_t reduced) {
  ReductionAxes axes;
  const auto strides = shape.strides();
  bool previous = false;
  bool any = false;
  for (size_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] == 1) continue;
    const bool kind = (reduced >> i & 1) != 0;
    auto& groups = kind ? axes.reduced : axes.kept;
    size_t& count = kind ? axes.reduced_count : axes.kept_count;
    if (any && kind == previous) {
      groups[count - 1].size *= shape[i];
      groups[count - 1].stride = strides[i];
    } else {
      groups[count++] = {shape[i], strides[i]};
    }
    previous = kind;
    any = true;
  }
  axes.inner_reduced = any && previous;
  if (!axes.inner_reduced && axes.kept_count == 0) axes.kept_count = 1;  // a single element
  return axes;
}

void for_each_reduction(ThreadPool& threads, const ReductionAxes& axes,
                        FunctionRef<void(int64_t o, int64_t count)> rows,
                        FunctionRef<void(int64_t o, int64_t count, int64_t first)> columns) {
  const int64_t cost = std::max<int64_t>(1, axes.reduced_elements());
  if (axes.inner_reduced) {
    threads.parallel_for(axes.outputs(), std::max<int64_t>(1, 4096 / cost), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; o += kReducedOutputs) rows(o, std::min(kReducedOutputs, end - o));
    });
    return;
  }
  const int64_t width = axes.kept[axes.kept_count - 1].size;
  if (width == 0) return;
  const int64_t blocks = (width + kReducedOutputs - 1) / kReducedOutputs;
  const int64_t grain = std::max<int64_t>(1, 4096 / (cost * std::min(kReducedOutputs, width)));
  threads.parallel_for(axes.outputs() / width * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t outer = block / blocks, first = block % blocks * kReducedOutputs;
      columns(outer * width + first, std::min(kReducedOutputs, width - first),
              ReductionAxes::offset(axes.kept, axes.kept_count - 1, outer) + first);
    }
  });
}

int64_t ReductionAxes::product(const std::array<Group, Shape::kMaxRank>& groups, size_t count) {
  int64_t result = 1;
  for (size_t i = 0; i < count; ++i) result *= groups[i].size;
  return result;
}

int64_t ReductionAxes::offset(const std::array<Group, Shape::kMaxRank>& groups, size_t count, int64_t index) {
  int64_t at = 0;
  for (size_t i = count; i-- > 0;) {
    at += index % groups[i].size * groups[i].stride;
    index /= groups[i].size;
  }
  return at;
}

}  // namespace mica
