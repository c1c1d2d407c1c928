// Dims compiled for quick evaluation, once per binding of a model's input dims.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "graph/dim.h"

namespace mica {

/// A straight-line program of integer operations. Register i < number of symbols holds symbol i; every dim that is
/// added gets a register, equal (sub)expressions share one.
class DimProgram {
 public:
  explicit DimProgram(std::vector<std::string> symbols);

  /// The register of the dim's value; nullopt when it has a symbol that is not one of the program's.
  std::optional<uint32_t> add(const Dim& dim);

  const std::vector<std::string>& symbols() const { return symbols_; }
  size_t registers() const { return symbols_.size() + code_.size(); }
  /// Which symbols a register's value depends on: bit i for symbol i, the last bit for all from 63 on.
  uint64_t depends(uint32_t reg) const {
    return reg < symbols_.size() ? symbol_bit(reg) : depends_[reg - symbols_.size()];
  }
  static uint64_t symbol_bit(size_t symbol) { return uint64_t{1} << std::min<size_t>(symbol, 63); }

  /// Fills all registers. False on overflow or a division by zero.
  bool evaluate(std::span<const int64_t> symbols, std::span<int64_t> registers) const;

 private:
  enum class Op : uint8_t { Constant, Add, Multiply, FloorDiv, TruncateDiv, Min, Max, Broadcast };
  struct Instruction {
    Op op;
    int64_t constant;
    uint32_t a, b;
  };
  using Key = std::tuple<Op, int64_t, uint32_t, uint32_t>;

  uint32_t emit(Op op, int64_t constant, uint32_t a, uint32_t b);

  std::vector<std::string> symbols_;
  std::vector<Instruction> code_;
  std::vector<uint64_t> depends_;  ///< one an instruction
  std::map<Key, uint32_t> known_;
};

}  // namespace mica
