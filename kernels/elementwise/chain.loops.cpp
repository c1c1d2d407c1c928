#include "kernels/elementwise/chain.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "backends/cpu/thread_pool.h"
#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/block_operand.h"

namespace mica {
namespace {

constexpr size_t kMaxInputs = ElementProgram::kMaxInputs;
constexpr size_t kMaxValues = kMaxInputs + ElementProgram::kMaxSteps;
constexpr int64_t kLeastBlock = 128, kLargestBlock = 2048;  // elements
// Bytes of all blocks: half of the smallest first-level caches, whose rest is for what is read and written in place.
constexpr int64_t kBlockBytes = 16 << 10;
constexpr int64_t kMemory = kLeastBlock * static_cast<int64_t>(kMaxValues * sizeof(double));
static_assert(kMemory >= kBlockBytes);
// Runs of a spread operand that are worth ending a block with them, so that they need not be copied.
constexpr int64_t kLongRun = 256;
// Additions of elements in a cache that are worth another thread.
constexpr int64_t kGrain = 2 * kElementwiseGrain;

/// One run of a chain: what its operands are, and how long blocks are.
class Blocks {
 public:
  Blocks(const ElementwiseChain& chain, const Operands& io) : chain_(chain), out_(io.out(0)) {
    int blocks = chain.temporaries;
    const BlockOperand* spread = nullptr;
    for (size_t i = 0; i < chain.parsed.inputs.size(); ++i) {
      const BlockOperand& operand = operands_[i].emplace(io.in(i), out_.shape());
      if (operand.is_spread()) spread = &operand;
      block_of_[i] = operand.is_spread() || widening(chain.parsed.inputs[i]) != nullptr ? blocks++ : kNone;
    }
    block_ = std::min(kLargestBlock, kBlockBytes / std::max<int64_t>(1, blocks * width()) / 64 * 64);
    block_ = std::max(block_, kLeastBlock);
    stride_ = block_ * width();
    if (spread != nullptr) fit_to(*spread);
  }

  void run(int64_t begin, int64_t end) const {
    Memory memory;
    for (int64_t first = begin; first < end;) {
      const int64_t row = row_ == 0 ? block_ : row_ - first % row_;
      const int64_t count = std::min({block_, row, end - first});
      run_block(first, count, memory);
      first += count;
    }
  }

 private:
  static constexpr int kNone = -1;

  struct Memory {
    alignas(64) std::byte blocks[kMemory];
    alignas(64) uint16_t narrow[kLargestBlock];
    std::array<BlockOperand::Copied, kMaxInputs> copied;
  };

  int64_t width() const { return static_cast<int64_t>(chain_.widest); }
  std::byte* block(Memory& memory, int index) const { return memory.blocks + index * stride_; }

  // Blocks that end where runs of the operand do, or at the same place of each repetition of its elements.
  void fit_to(const BlockOperand& operand) {
    if (operand.run() >= kLongRun) {
      row_ = operand.run();
      const int64_t parts = (row_ + block_ - 1) / block_;
      block_ = std::min(block_, ((row_ + parts - 1) / parts + 15) / 16 * 16);
    } else if (operand.period() <= block_) {
      block_ -= block_ % operand.period();
    }
  }

  BlockOperand::Block read(size_t input, int64_t first, int64_t count, Memory& memory) const {
    const ConvertLoop widen = widening(chain_.parsed.inputs[input]);
    std::byte* to = block_of_[input] == kNone ? nullptr : block(memory, block_of_[input]);
    if (widen == nullptr) return operands_[input]->read(first, count, to, memory.copied[input]);
    BlockOperand::Copied none;
    const auto [data, repeated] = operands_[input]->read(first, count, memory.narrow, none);
    widen(data, to, repeated ? 1 : count);
    return {to, repeated};
  }

  void run_block(int64_t first, int64_t count, Memory& memory) const {
    std::array<const void*, kMaxValues> values;
    uint32_t repeated = 0;  // a bit for each value
    size_t value = 0;
    for (; value < chain_.parsed.inputs.size(); ++value) {
      const BlockOperand::Block read_block = read(value, first, count, memory);
      values[value] = read_block.data;
      repeated |= static_cast<uint32_t>(read_block.repeated) << value;
    }
    std::byte* out = static_cast<std::byte*>(out_.mutable_raw()) + first * (bit_width(out_.dtype()) / 8);
    for (const ElementwiseChain::Member& member : chain_.members) {
      void* y = member.temporary == ElementwiseChain::kOutput ? out : block(memory, member.temporary);
      run_member(member, values, repeated, y, count);
      values[value++] = y;
    }
    if (const ConvertLoop narrow = narrowing(out_.dtype())) narrow(values[value - 1], out, count);
  }

  static void run_member(const ElementwiseChain::Member& member, const std::array<const void*, kMaxValues>& values,
                         uint32_t repeated, void* y, int64_t count) {
    ElementBlock block{.types = member.types, .y = y, .n = count};
    bool all = true;
    for (size_t i = 0; i < member.count; ++i) {
      const int operand = member.operands[i];
      if (operand == ElementProgram::kAbsent) continue;
      block.in[i] = values[static_cast<size_t>(operand)];
      block.repeated |= (repeated >> operand & 1) << i;
      all &= block.repeats(i);
    }
    if (all) {  // one result for all of the block
      block.repeated = 0;
      block.n = 1;
    }
    static constexpr Operands::Context kNoContext;
    member.run(member.params.get(), Operands({}, {}, &block, kNoContext));
    const size_t width = computed_width(member.result);
    for (int64_t i = block.n; i < count; ++i) {
      std::memcpy(static_cast<std::byte*>(y) + i * static_cast<int64_t>(width), y, width);
    }
  }

  const ElementwiseChain& chain_;
  Tensor& out_;
  std::array<std::optional<BlockOperand>, kMaxInputs> operands_;
  std::array<int, kMaxInputs> block_of_;  ///< where an operand that is not read in place goes
  int64_t block_ = 0, stride_ = 0;        ///< elements; bytes
  int64_t row_ = 0;                       ///< blocks end at multiples of this, if not 0
};

}  // namespace

void run_chain(const ElementwiseChain& chain, const Operands& io) {
  const int64_t count = io.out(0).elements();
  if (count == 0) return;
  const Blocks blocks(chain, io);
  const int64_t grain = (kGrain / chain.cost + 63) / 64 * 64;
  io.threads().parallel_for(count, grain, [&](int64_t begin, int64_t end) { blocks.run(begin, end); });
}

}  // namespace mica
