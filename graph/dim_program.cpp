#include "graph/dim_program.h"

#include <algorithm>
#include <utility>

#include "graph/polynomial.h"

namespace mica {

DimProgram::DimProgram(std::vector<std::string> symbols) : symbols_(std::move(symbols)) {}

uint32_t DimProgram::emit(Op op, int64_t constant, uint32_t a, uint32_t b) {
  const auto [it, added] = known_.try_emplace({op, constant, a, b}, static_cast<uint32_t>(registers()));
  if (added) {
    depends_.push_back(op == Op::Constant ? 0 : depends(a) | depends(b));
    code_.push_back({op, constant, a, b});
  }
  return it->second;
}

std::optional<uint32_t> DimProgram::add(const Dim& dim) {
  if (dim.is_constant()) return emit(Op::Constant, dim.value(), 0, 0);
  std::optional<uint32_t> sum;
  const auto accumulate = [&](Op op, std::optional<uint32_t>& total, uint32_t part) {
    total = total ? emit(op, 0, *total, part) : part;
  };
  for (const Term& term : dim.expression()->terms) {
    std::optional<uint32_t> product;
    for (const AtomPtr& atom : term.monomial) {
      std::optional<uint32_t> value;
      if (atom->kind == Atom::Kind::Symbol) {
        const auto it = std::ranges::find(symbols_, atom->name);
        if (it == symbols_.end()) return std::nullopt;
        value = static_cast<uint32_t>(it - symbols_.begin());
      } else {
        const Op op = atom->kind == Atom::Kind::FloorDiv      ? Op::FloorDiv
                      : atom->kind == Atom::Kind::TruncateDiv ? Op::TruncateDiv
                      : atom->kind == Atom::Kind::Min         ? Op::Min
                      : atom->kind == Atom::Kind::Max         ? Op::Max
                                                              : Op::Broadcast;
        for (const Dim& operand : atom->operands) {
          const auto part = add(operand);
          if (!part) return std::nullopt;
          accumulate(op, value, *part);
        }
      }
      accumulate(Op::Multiply, product, *value);
    }
    if (!product) {
      product = emit(Op::Constant, term.coefficient, 0, 0);
    } else if (term.coefficient != 1) {
      product = emit(Op::Multiply, 0, *product, emit(Op::Constant, term.coefficient, 0, 0));
    }
    accumulate(Op::Add, sum, *product);
  }
  return sum;
}

bool DimProgram::evaluate(std::span<const int64_t> symbols, std::span<int64_t> registers) const {
  std::ranges::copy(symbols, registers.begin());
  size_t at = symbols.size();
  bool sound = true;
  for (const Instruction& i : code_) {
    const int64_t a = registers[i.a];
    const int64_t b = registers[i.b];
    int64_t value = 0;
    switch (i.op) {
      case Op::Constant:
        value = i.constant;
        break;
      case Op::Add:
        sound &= !__builtin_add_overflow(a, b, &value);
        break;
      case Op::Multiply:
        sound &= !__builtin_mul_overflow(a, b, &value);
        break;
      case Op::FloorDiv:
      case Op::TruncateDiv: {
        const auto quotient = i.op == Op::FloorDiv ? checked_floor_div(a, b) : checked_truncate_div(a, b);
        sound &= quotient.has_value();
        value = quotient.value_or(0);
        break;
      }
      case Op::Min:
        value = std::min(a, b);
        break;
      case Op::Max:
        value = std::max(a, b);
        break;
      case Op::Broadcast:
        value = broadcast_numbers(a, b);
        break;
    }
    registers[at++] = value;
  }
  return sound;
}

}  // namespace mica
