// Instruction sets that the vector loops were compiled for, and the one in use.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/simd/table.h"
#include "runtime/base/function_ref.h"

namespace mica {

/// One instruction set: what its vec_<isa>.h states.
struct Isa {
  std::string_view name;                    ///< "avx2"
  int rank;                                 ///< higher is better
  std::span<const std::string_view> needs;  ///< CPU features, by the names of backends/cpu/features.h
};

/// All in this build, best first. The last needs nothing.
std::span<const Isa> isas();

/// Features of `isa` that this CPU lacks, "avx512f, avx512bw"; empty when it can run it.
std::string lacking(const Isa& isa);

struct IsaChoice {
  size_t index;                       ///< in isas()
  std::vector<std::string> refusals;  ///< for each better one, in order, why not: "CPU lacks fma", "capped by MICA_ISA"
  std::string note;                   ///< not empty when MICA_ISA names none of them, and so does nothing
};

/// The best of `isas` whose features `has` affirms and whose rank is at most that of the one named `cap`, if any is.
IsaChoice choose_isa(std::span<const Isa> isas, FunctionRef<bool(std::string_view feature)> has, std::string_view cap);

/// The choice for this process: this CPU, and the environment variable MICA_ISA (scalar, avx2 ...) as a cap. Made once.
const IsaChoice& isa_choice();

/// The row of isas() whose loops are in use: that of isa_choice(), unless a UseIsa says otherwise.
size_t isa_in_use();

/// While it lives, the loops of another instruction set are in use: for measurements of one beside the other. What was
/// packed with one set must not be computed with by another. Not to be made or destroyed while kernels run.
class UseIsa {
 public:
  explicit UseIsa(size_t index);  ///< in isas(); this CPU must be able to run it
  ~UseIsa();
  UseIsa(const UseIsa&) = delete;
  UseIsa& operator=(const UseIsa&) = delete;

 private:
  size_t before_;
};

/// The rows of `tables` (all of a family) that this CPU can run, whatever MICA_ISA says.
template <class Table>
std::vector<IsaTable<Table>> runnable(IsaTables<Table> tables) {
  std::vector<IsaTable<Table>> rows;
  for (size_t i = 0; i < tables.count; ++i) {
    if (lacking(isas()[i]).empty()) rows.push_back(tables.rows[i]);
  }
  return rows;
}

}  // namespace mica
