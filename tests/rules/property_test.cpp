// What holds of the optimiser, its rules and passes, inference and the executor for every model: random models.
// MICA_SEEDS=1000:2000 takes these seeds instead of the usual ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <set>
#include <string>

#include "graph/edit.h"
#include "graph/onnx/export.h"
#include "graph/pipeline.h"
#include "graph/rule.h"
#include "graph/text_format.h"
#include "graph/verify.h"
#include "kernels/op.h"
#include "runtime/base/error.h"
#include "runtime/evaluator.h"
#include "runtime/mica.h"
#include "tests/rules/random_graph.h"
#include "tests/rules/semantics.h"

namespace mica {
namespace {

constexpr uint32_t kSeeds = 600;      // of what is optimised as a whole
constexpr uint32_t kAloneSeeds = 60;  // of what is optimised by each rule and pass alone
constexpr size_t kRulesThatApply = 20;
constexpr double kTolerance = 1e-4;

using NameSet = std::set<std::string, std::less<>>;

// Calls `check` for each seed.
template <class Check>
void for_seeds(uint32_t usual, const Check& check) {
  uint32_t begin = 0, end = usual;
  if (const char* wanted = std::getenv("MICA_SEEDS")) std::sscanf(wanted, "%u:%u", &begin, &end);
  for (uint32_t seed = begin; seed < end; ++seed) {
    try {
      check(seed);
    } catch (const Error& error) {
      ADD_FAILURE() << "seed " << seed << ": " << error.what() << "\n" << print(random_model(seed));
    }
  }
}

NameSet names_of_all() {
  NameSet names{"fix_dims", "infer", "fold_constants", "eliminate_dead", "eliminate_common"};
  for (const Rule& rule : rules()) names.emplace(rule.name);
  return names;
}

// Outputs for these dims; nullopt where the model contradicts itself.
std::optional<std::vector<Datum>> outputs(const GraphModel& model, const SymbolValues& dims) {
  try {
    return interpret(model, random_inputs(*model.graph, 7, dims));
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Empty when both give the same, for all dims for which the first gives something.
std::string difference(const GraphModel& wanted, const GraphModel& got) {
  for (const SymbolValues& dims : {first_dims(), other_dims()}) {
    const auto expected = outputs(wanted, dims);
    if (!expected) continue;
    try {
      const auto actual = interpret(got, random_inputs(*wanted.graph, 7, dims));
      for (size_t i = 0; i < expected->size(); ++i) {
        const std::string text = difference(actual.at(i), (*expected)[i], kTolerance);
        if (!text.empty()) return "output " + std::to_string(i) + ": " + text;
      }
    } catch (const Error& error) {
      return error.what();
    }
  }
  return "";
}

// Returns what was done. `applied`, where given, gets the names of what did it.
std::string optimize(GraphModel& model, Target target, NameSet without = {}, NameSet* applied = nullptr) {
  PipelineOptions options;
  options.target = target;
  options.without = std::move(without);
  options.verify = true;
  options.folding.seconds = 1e9;
  Notes notes;
  optimize(model, operators(), make_evaluator(), options, notes);
  verify(*model.graph);
  std::string failures, remarks;
  for (const Notes::Note& note : notes.all()) {
    if (note.kind == Notes::Kind::Failed) failures += note.by + " failed: " + note.what + "\n";
    if (note.kind != Notes::Kind::Applied) continue;
    remarks += note.by + " at " + note.where + ": " + note.what + "\n";
    if (applied != nullptr) applied->insert(note.by);
  }
  EXPECT_EQ(failures, "");
  return remarks;
}

TEST(RandomModels, AreTheSameForTheSameSeed) {
  for (uint32_t seed = 0; seed < 50; ++seed) EXPECT_EQ(print(random_model(seed)), print(random_model(seed)));
}

TEST(RandomModels, HaveTheShapesThatInferenceTells) {
  for_seeds(kSeeds, [&](uint32_t seed) {
    const GraphModel model = random_model(seed);
    for (const SymbolValues& dims : {first_dims(), other_dims()}) {
      const auto results = outputs(model, dims);
      if (!results) continue;
      for (size_t i = 0; i < results->size(); ++i) {
        const ValueType& type = model.graph->value(model.graph->outputs[i]).type;
        const Tensor& tensor = (*results)[i].tensor;
        EXPECT_EQ(type.dtype, tensor.dtype()) << "seed " << seed << ", output " << i << "\n" << print(model);
        if (!type.dims) continue;
        EXPECT_EQ(type.dims->size(), tensor.shape().rank()) << "seed " << seed << "\n" << print(model);
        for (size_t axis = 0; axis < std::min(type.dims->size(), tensor.shape().rank()); ++axis) {
          const auto size = evaluate((*type.dims)[axis], dims);
          EXPECT_EQ(size.value_or(tensor.shape()[axis]), tensor.shape()[axis])
              << "seed " << seed << ", output " << i << "\n"
              << print(model);
        }
      }
    }
  });
}

TEST(Optimiser, ChangesNoResults) {
  NameSet applied;
  for_seeds(kSeeds, [&](uint32_t seed) {
    const GraphModel before = random_model(seed);
    for (const Target target : {Target::Mica, Target::Portable}) {
      GraphModel after = random_model(seed);
      const std::string remarks = optimize(after, target, {}, &applied);
      EXPECT_EQ(difference(before, after), "") << "seed " << seed << "\n" << print(before) << remarks << print(after);
    }
  });
  for (const std::string& name : applied) std::cout << name << " ";
  std::cout << "\n";
  EXPECT_GE(applied.size(), kRulesThatApply) << "the models have too little in them";
}

TEST(Optimiser, GivesTheSameEachTimeAndNothingMoreTheSecond) {
  for_seeds(kSeeds, [&](uint32_t seed) {
    for (const Target target : {Target::Mica, Target::Portable}) {
      GraphModel once = random_model(seed), twin = random_model(seed);
      const std::string before = print(once);
      optimize(once, target);
      optimize(twin, target);
      const std::string after = print(once);
      EXPECT_EQ(after, print(twin)) << "seed " << seed;
      const std::string remarks = optimize(once, target);
      EXPECT_EQ(after, print(once)) << "seed " << seed << "\n" << before << remarks;
      if (target == Target::Mica) continue;  // of several opsets
      EXPECT_TRUE(onnx::export_model(once) == onnx::export_model(twin)) << "seed " << seed;
    }
  });
}

TEST(Optimiser, EachRuleAndPassAloneChangesNoResults) {
  const NameSet all = names_of_all();
  for_seeds(kAloneSeeds, [&](uint32_t seed) {
    const GraphModel before = random_model(seed);
    for (const std::string& name : all) {
      NameSet others = all;
      others.erase(name);
      GraphModel after = random_model(seed);
      const std::string remarks = optimize(after, Target::Mica, std::move(others));
      if (remarks.empty() && living_nodes(*before.graph) == living_nodes(*after.graph)) continue;
      EXPECT_EQ(difference(before, after), "") << name << " alone, seed " << seed << "\n"
                                               << print(before) << print(after);
    }
  });
}

// The whole way: the file's bytes, the optimiser, the plan and its kernels.
TEST(Session, GivesWhatTheInterpreterGives) {
  for_seeds(kSeeds, [&](uint32_t seed) {
    const GraphModel model = random_model(seed);
    const std::string bytes = onnx::export_model(model);
    const Model loaded = Model::from_bytes(std::as_bytes(std::span(bytes)));
    Session session = loaded.compile({.threads = 1});
    for (const SymbolValues& dims : {first_dims(), other_dims(), first_dims()}) {
      const auto expected = outputs(model, dims);
      if (!expected) continue;
      const std::vector<Datum> given = random_inputs(*model.graph, 7, dims);
      std::vector<NamedInput> inputs;
      for (size_t i = 0; i < given.size(); ++i) {
        inputs.push_back({model.graph->value(model.graph->inputs[i]).name, given[i]});
      }
      const Outputs& results = session.run(inputs);
      for (size_t i = 0; i < expected->size(); ++i) {
        EXPECT_EQ(difference(results.datum(i), (*expected)[i], kTolerance), "") << "seed " << seed << "\n"
                                                                                << print(model);
      }
    }
  });
}

}  // namespace
}  // namespace mica
