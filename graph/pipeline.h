// The optimiser: passes and rules, in their order.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "graph/dim.h"
#include "graph/evaluator.h"
#include "graph/graph.h"
#include "graph/notes.h"

namespace mica {

/// What the optimised model is for.
enum class Target : uint8_t {
  Mica,      ///< our own plans: any operator of this build, at the version a rule asks for
  Portable,  ///< any engine: only operators that the model's own opsets have
};

/// Limits of constant folding. A result may have `bytes`, or as much as the node's inputs together.
struct FoldBudget {
  size_t bytes = size_t{1} << 20;
  double seconds = 2;  ///< for all nodes together
};

struct PipelineOptions {
  Target target = Target::Mica;
  std::set<std::string, std::less<>> without;  ///< names of passes and rules to leave out
  SymbolValues dims;                           ///< symbolic dims of the inputs to be made numbers
  FoldBudget folding;
  bool is_inferred = false;  ///< the model has the types that inference gives
  bool times = false;        ///< note how long each rule took, which takes time itself
#ifdef NDEBUG
  bool verify = false;  ///< check the graph after each pass and each sweep of rules, and name the rule that broke it
#else
  bool verify = true;
#endif
};

/// Throws InvalidArgument, with the nearest name, for one that is neither a pass's nor a rule's.
void check_rule_name(std::string_view name);

/// Optimises the model that `make` makes. A pass or rule that throws is noted by name; the model is then made again,
/// and the result is the same as if the name had been listed in `without`. Weights that are folded away are freed at
/// once, unless `make` keeps them. Throws InvalidArgument for a name in `without` that is neither a pass's nor a
/// rule's.
GraphModel optimize(const std::function<GraphModel()>& make, const OpTable& operators, const Evaluator& evaluate,
                    const PipelineOptions& options, Notes& notes);

/// The same in place, with a copy of the graph at hand meanwhile, which shares the weights.
void optimize(GraphModel& model, const OpTable& operators, const Evaluator& evaluate, const PipelineOptions& options,
              Notes& notes);

}  // namespace mica
