#include "kernels/elementwise/binary.h"

#include <algorithm>

namespace mica {
namespace {

/// Part of a row in the types that the loops compute in.
class Block {
 public:
  static constexpr int64_t kElements = 512;

  /// What to read at element `first` of an operand, converted where there is a conversion. A repeated element is
  /// converted once per row.
  const void* read(size_t operand, const void* row, size_t width, bool repeats, int64_t first, int64_t count,
                   ConvertLoop widen) {
    const void* from = static_cast<const std::byte*>(row) + (repeats ? 0 : first * static_cast<int64_t>(width));
    if (widen == nullptr) return from;
    if (!repeats || first == 0) widen(from, buffers_[operand], repeats ? 1 : count);
    return buffers_[operand];
  }
  void* result() { return buffers_[2]; }

 private:
  alignas(64) std::byte buffers_[3][kElements * sizeof(double)];
};

}  // namespace

void run_binary(ThreadPool& threads, const BinaryKernel& kernel, const BroadcastOperand& a, const BroadcastOperand& b,
                const BroadcastOperand& y) {
  const BroadcastWalk walk(y, std::array{a, b});
  const bool repeats_a = walk.repeats(0);
  const bool repeats_b = walk.repeats(1);
  const BinaryLoop loop = choose(kernel.loops, repeats_a, repeats_b);
  const int64_t grain = std::max<int64_t>(1, kElementwiseGrain / kernel.cost);
  if (kernel.widen_a == nullptr && kernel.widen_b == nullptr && kernel.narrow == nullptr) {
    return walk.run(threads, grain,
                    [&](const BroadcastWalk::Row& row) { loop(row.in[0], row.in[1], row.out, row.count); });
  }
  walk.run(threads, grain, [&](const BroadcastWalk::Row& row) {
    Block block;
    for (int64_t first = 0; first < row.count; first += Block::kElements) {
      const int64_t count = std::min(Block::kElements, row.count - first);
      const void* x = block.read(0, row.in[0], a.width, repeats_a, first, count, kernel.widen_a);
      const void* z = block.read(1, row.in[1], b.width, repeats_b, first, count, kernel.widen_b);
      void* to = row.out + first * static_cast<int64_t>(y.width);
      loop(x, z, kernel.narrow != nullptr ? block.result() : to, count);
      if (kernel.narrow != nullptr) kernel.narrow(block.result(), to, count);
    }
  });
}

void run_binary(const Operands& io, const BinaryKernel& kernel, const Shape& b_shape) {
  BroadcastOperand b(io.in(1));
  b.shape = &b_shape;
  run_binary(io.threads(), kernel, BroadcastOperand(io.in(0)), b, BroadcastOperand(io.out(0)));
}

}  // namespace mica
