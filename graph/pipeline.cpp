#include "graph/pipeline.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "graph/passes/pass.h"
#include "graph/rule.h"
#include "graph/verify.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mica {
namespace {

struct Pass {
  std::string_view name;
  size_t (*run)(PassContext&);
};

constexpr Pass kFixDims{"fix_dims", fix_dims};
constexpr Pass kInfer{"infer", infer};
constexpr Pass kFold{"fold_constants", fold_constants};
constexpr Pass kInlineIf{"inline_if", inline_if};
constexpr Pass kZeroStates{"drop_zero_states", drop_zero_states};
constexpr Pass kShareKnown{"share_known", share_known};
constexpr Pass kJoinProducts{"join_products", join_products};
constexpr Pass kChannelsLast{"channels_last", channels_last};
constexpr Pass kFuseElementwise{"fuse_elementwise", fuse_elementwise};
constexpr Pass kDead{"eliminate_dead", eliminate_dead};
constexpr Pass kCommon{"eliminate_common", eliminate_common};
constexpr std::array kPasses{kFixDims,      kInfer,           kFold, kInlineIf, kZeroStates, kShareKnown, kJoinProducts,
                             kChannelsLast, kFuseElementwise, kDead, kCommon};

constexpr std::array kStages{Stage::Canonical, Stage::Fuse, Stage::Block, Stage::Layer, Stage::Rest};

// Rules and passes make each other's work. Each round makes the graph smaller or more canonical, so that few suffice;
// the bound is for a pair of rules that undo each other.
constexpr int kMaxRounds = 20;

// What broke when a sweep of rules did, and the one to blame is not known yet.
constexpr std::string_view kSomeRule;

// When verification looks at the graph. To check all of it after each rewrite takes time that grows with the square of
// the model.
enum class Checks : uint8_t { EachSweep, EachRewrite };

class Pipeline {
 public:
  Pipeline(GraphModel& model, const OpTable& operators, const Evaluator& evaluate, const PipelineOptions& options,
           Notes& notes, Checks checks)
      : options_(options),
        notes_(notes),
        graph_(*model.graph),
        without_(options.without),
        passes_{model, operators, evaluate, options, notes, 0, false},
        rules_{model, operators, options, notes, {}} {
    if (checks == Checks::EachRewrite) rules_.applied = [this](const Rule&) { check(); };
  }

  /// The order of everything. Returns the name of the pass or rule that broke, if any, or `kSomeRule`.
  std::optional<std::string> attempt() {
    try {
      if (run(kFixDims) > 0 || !options_.is_inferred) run(kInfer);
      simplify();
      run(kZeroStates);
      for (const Stage stage : kStages) settle(stage);
      run(kInfer);  // what rules made may tell more shapes
      settle(kStages.back());
      fold_rest();
      if (options_.target == Target::Portable && run(kJoinProducts) > 0) run(kDead);
      if (options_.target == Target::Mica && run(kChannelsLast) > 0) {
        simplify();
        settle(kStages.back());
      }
      run(kInfer);
      if (options_.target == Target::Mica) run(kFuseElementwise);
    } catch (const std::exception& error) {
      notes_.restart();
      if (running_ != kSomeRule) notes_.failed(running_, error.what());
      return std::string(running_);
    }
    return std::nullopt;
  }

 private:
  // Folding tells more shapes, which let more be folded.
  void simplify() {
    bool inferred = true;
    for (int round = 0; round < kMaxRounds; ++round) {
      const bool folded = run(kFold) + run(kInlineIf) > 0;
      if (!folded && !inferred) return;
      run(kShareKnown);
      run(kCommon);
      run(kDead);
      if (!folded) return;
      inferred = run(kInfer) > 0;
    }
  }

  void fold_rest() {
    passes_.folds_all = true;
    if (options_.target != Target::Mica || run(kFold) == 0) return;
    simplify();
    settle(kStages.back());
  }

  // Applies the rules of all stages up to this one until nothing changes.
  void settle(Stage last) {
    for (int round = 0; round < kMaxRounds; ++round) {
      size_t changes = 0;
      for (const Stage stage : kStages) {
        if (stage <= last) changes += sweep(stage);
      }
      if (changes == 0) return;
      simplify();
    }
    notes_.refused("pipeline", "", "stopped after " + std::to_string(kMaxRounds) + " rounds");
  }

  size_t sweep(Stage stage) {
    bool& settled = settled_[static_cast<size_t>(stage)];
    if (settled) return 0;
    const size_t changes = apply_rules(stage, rules_, without_, running_);
    running_ = kSomeRule;
    if (changes > 0) {
      settled_ = {};
      check();
    }
    settled = changes == 0;
    return changes;
  }

  size_t run(const Pass& pass) {
    if (without_.contains(pass.name)) return 0;
    running_ = pass.name;
    const auto start = std::chrono::steady_clock::now();
    const size_t changes = pass.run(passes_);
    notes_.spent(pass.name, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (pass.run != infer) notes_.applied(pass.name, {}, {}, changes);
    if (changes > 0) settled_ = {};
    check();
    return changes;
  }

  void check() const {
    if (options_.verify) verify(graph_);
  }

  const PipelineOptions& options_;
  Notes& notes_;
  const Graph& graph_;
  const std::set<std::string, std::less<>>& without_;
  PassContext passes_;
  RuleContext rules_;
  std::string_view running_;
  std::array<bool, kStages.size()> settled_{};  // stages whose rules found nothing since the graph last changed
};

// Each time something breaks the model is restored, and what is to blame left out.
void attempt_until_done(GraphModel& model, const std::function<void()>& restore, const OpTable& operators,
                        const Evaluator& evaluate, PipelineOptions options, Notes& notes) {
  Checks checks = Checks::EachSweep;
  while (const auto failed = Pipeline(model, operators, evaluate, options, notes, checks).attempt()) {
    restore();
    const bool is_progress = *failed == kSomeRule ? std::exchange(checks, Checks::EachRewrite) == Checks::EachSweep
                                                  : options.without.insert(*failed).second;
    if (!is_progress) return;
  }
}

}  // namespace

void check_rule_name(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Pass& pass : kPasses) known.push_back(pass.name);
  for (const Rule& rule : rules()) known.push_back(rule.name);
  if (std::ranges::find(known, name) != known.end()) return;
  throw Error(ErrorCode::InvalidArgument, unknown_name("pass or rule", name, known));
}

GraphModel optimize(const std::function<GraphModel()>& make, const OpTable& operators, const Evaluator& evaluate,
                    const PipelineOptions& options, Notes& notes) {
  for (const std::string& name : options.without) check_rule_name(name);
  GraphModel model = make();
  const auto restore = [&] {
    model = {};
    model = make();
  };
  attempt_until_done(model, restore, operators, evaluate, options, notes);
  return model;
}

void optimize(GraphModel& model, const OpTable& operators, const Evaluator& evaluate, const PipelineOptions& options,
              Notes& notes) {
  for (const std::string& name : options.without) check_rule_name(name);
  const std::unique_ptr<Graph> original = model.graph->clone();
  const auto restore = [&] { model.graph = original->clone(); };
  attempt_until_done(model, restore, operators, evaluate, options, notes);
}

}  // namespace mica
