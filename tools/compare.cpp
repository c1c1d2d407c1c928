// mica compare: whether a model gives what another one gives, or what a reference says, and where it begins to differ.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "graph/graph.h"
#include "tools/case_folder.h"
#include "tools/command.h"
#include "tools/compare_report.h"
#include "tools/io/reference.h"
#include "tools/traced_run.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::string model, other, reference;
  std::vector<std::string> files;
  std::optional<double> rtol, atol;
};

// As the flags say, else a tolerance.json beside the reference, else rtol 1e-3 and atol 1e-5.
Tolerance tolerance_of(const Options& options) {
  Tolerance tolerance{1e-3, 1e-5};
  if (std::filesystem::is_directory(options.reference)) {
    tolerance = read_tolerance(options.reference).value_or(tolerance);
  }
  if (options.rtol) tolerance.rtol = *options.rtol;
  if (options.atol) tolerance.atol = *options.atol;
  return tolerance;
}

using Values = std::map<std::string, Datum>;

/// The values of a model in the order in which its nodes compute them.
class Order {
 public:
  explicit Order(const Graph& graph) {
    size_t next = 0;
    for (const NodeId id : graph.order()) {
      for (const ValueId output : graph.node(id).outputs) {
        if (output != ValueId::None) places_[graph.value(output).name] = {next, graph.node(id).str()};
      }
      ++next;
    }
    for (const ValueId output : graph.outputs) outputs_.insert(graph.value(output).name);
  }

  ComparedValue place(const std::string& in_case, const std::string& name) const {
    const auto known = places_.find(name);
    const bool is_output = outputs_.contains(name);
    if (known == places_.end()) return {in_case, name, "", 0, is_output, {}};
    return {in_case, name, known->second.node, known->second.order, is_output, {}};
  }

 private:
  struct Place {
    size_t order;
    std::string node;
  };
  std::map<std::string, Place> places_;
  std::set<std::string> outputs_;
};

Model load_as_written(const std::string& path, const CommonOptions& options) {
  LoadOptions load = load_options(options);
  load.optimize = false;
  return Model::load(path, load);
}

Difference difference(const Datum& expected, const Datum& actual, const Tolerance& tolerance) {
  if (expected.is_tensor() && actual.is_tensor()) return compare(expected.tensor, actual.tensor, tolerance);
  Difference result;
  result.text = compare(expected, actual, tolerance);
  return result;
}

// Compares in the order of execution. `expected` names of which there is no value are told as differences.
void add_case(CompareReport& report, const Order& order, const std::string& in_case, const Values& actual,
              const Values& expected) {
  std::vector<ComparedValue> values;
  for (const auto& [name, value] : expected) {
    ComparedValue& compared = values.emplace_back(order.place(in_case, name));
    const auto found = actual.find(name);
    if (found == actual.end()) {
      compared.difference.text = "the model does not give it";
    } else {
      compared.difference = difference(value, found->second, report.tolerance);
    }
  }
  std::ranges::stable_sort(values, {}, &ComparedValue::order);
  report.values.insert(report.values.end(), values.begin(), values.end());
}

CompareReport compare_with_reference(const Options& options) {
  const Model written = load_as_written(options.model, options.common);
  const Graph& graph = *written.graph().graph;
  const Reference reference = read_reference(options.reference, written);
  for (const std::string& name : reference.unknown) {
    note(options.common, fmt::format("{} is no value of the model", in_quotes(name)));
  }
  std::set<std::string> wanted;
  for (const ReferenceCase& of : reference.cases) {
    for (const auto& [name, value] : of.values) {
      if (!graph.is_output(*graph.find_value(name))) wanted.insert(name);
    }
  }
  TracedModel model(options.model, options.common, {wanted.begin(), wanted.end()});
  const GivenInputs files = read_inputs(model.model(), options.files);
  const Order order(graph);
  CompareReport report{options.model, options.reference, tolerance_of(options), {}};
  for (const ReferenceCase& of : reference.cases) {
    GivenInputs given = files;
    for (const auto& [name, value] : of.inputs) given.emplace(name, value);
    const Values actual = model.run(make_inputs(model.model(), options.common, given));
    add_case(report, order, of.name, actual, {of.values.begin(), of.values.end()});
  }
  return report;
}

/// Names of the first model for those of the second: the same where it has it, else by position where as many are left.
std::map<std::string, std::string> match_names(const std::vector<ValueInfo>& a, const std::vector<ValueInfo>& b,
                                               std::string_view kind) {
  std::map<std::string, std::string> matched;
  std::vector<std::string> left_a, left_b;
  for (const ValueInfo& info : b) {
    const bool is_shared = std::ranges::find(a, info.name, &ValueInfo::name) != a.end();
    if (is_shared) {
      matched[info.name] = info.name;
    } else {
      left_b.push_back(info.name);
    }
  }
  for (const ValueInfo& info : a) {
    if (!matched.contains(info.name)) left_a.push_back(info.name);
  }
  if (left_a.size() != left_b.size()) {
    const std::string name = left_a.empty() ? left_b.front() : left_a.front();
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("the models have not the same {}s: only one of them has {}", kind, in_quotes(name)));
  }
  for (size_t i = 0; i < left_a.size(); ++i) matched[left_b[i]] = left_a[i];
  return matched;
}

std::vector<std::string> shared_values(const Graph& a, const Graph& b) {
  const auto of_b = intermediate_values(b);
  const std::set<std::string> known(of_b.begin(), of_b.end());
  std::vector<std::string> shared = intermediate_values(a);
  std::erase_if(shared, [&](const std::string& name) { return !known.contains(name); });
  return shared;
}

CompareReport compare_models(const Options& options) {
  const Model written_a = load_as_written(options.model, options.common);
  const Model written_b = load_as_written(options.other, options.common);
  const auto inputs_of_b = match_names(written_a.inputs(), written_b.inputs(), "input");
  const auto outputs_of_b = match_names(written_a.outputs(), written_b.outputs(), "output");
  const auto shared = shared_values(*written_a.graph().graph, *written_b.graph().graph);
  CommonOptions in_full = options.common;  // the other model is what is expected, whatever the precision of the first
  in_full.precision = name(Precision::Float32);
  in_full.provider.clear();
  TracedModel a(options.model, options.common, shared), b(options.other, in_full, shared);

  const ModelInputs inputs = make_inputs(a.model(), options.common, read_inputs(a.model(), options.files));
  ModelInputs same;
  for (const auto& [name_b, name_a] : inputs_of_b) {
    const auto at = std::ranges::find(inputs.names, name_a) - inputs.names.begin();
    same.names.push_back(name_b);
    same.values.push_back(inputs.values[static_cast<size_t>(at)]);
  }
  Values expected;
  for (auto& [name, value] : b.run(same)) {
    const auto output = outputs_of_b.find(name);
    expected.emplace(output == outputs_of_b.end() ? name : output->second, std::move(value));
  }
  CompareReport report{options.model, options.other, tolerance_of(options), {}};
  add_case(report, Order(*written_a.graph().graph), "", a.run(inputs), expected);
  return report;
}

int run(const Options& options) {
  if (options.other.empty() == options.reference.empty()) {
    throw Error(ErrorCode::InvalidArgument, "compare wants a second model or --reference, and not both");
  }
  const CompareReport report = options.other.empty() ? compare_with_reference(options) : compare_models(options);
  if (options.common.json) {
    print_json(to_json(report));
  } else {
    print_text(report);
  }
  return report.differing() == 0 ? kOk : kNegative;
}

}  // namespace

void add_compare(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("compare", "Two models, or a model and a reference, on the same inputs");
  add_model_argument(*command, options->model);
  command->add_option("other", options->other, "Another .onnx file with the same inputs and outputs");
  command->add_option("--reference", options->reference, "A .npz file or a folder of expected values");
  add_input_option(*command, options->files);
  command->add_option("--rtol", options->rtol, "Relative tolerance; 1e-3, or as a tolerance.json there says");
  command->add_option("--atol", options->atol, "Absolute tolerance; 1e-5, or as a tolerance.json there says");
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
