// mica run: one inference, and what came of it.
#include <fmt/core.h>

#include <chrono>

#include "tools/command.h"
#include "tools/inputs/model_inputs.h"
#include "tools/io/value_files.h"
#include "tools/print.h"
#include "tools/statistics.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::vector<std::string> files;
  std::string output_dir, save_inputs;
};

struct Result {
  std::string name;
  Tensor tensor;
};

// The tensors of a value; those of a sequence as "name.0" and so on.
void flatten(const std::string& name, const Datum& value, std::vector<Result>& results) {
  if (value.is_tensor()) {
    results.push_back({name, value.tensor});
    return;
  }
  for (size_t i = 0; i < value.items.size(); ++i) flatten(fmt::format("{}.{}", name, i), value.items[i], results);
}

std::string number(std::optional<double> value) {
  return value ? fmt::format("{:.6g}", *value) : "-";
}

Json json_number(std::optional<double> value) {
  return value ? Json(*value) : Json();
}

void print_results(const std::vector<Result>& results) {
  using enum Table::Align;
  Table table({{"output"}, {"type"}, {"min", Right}, {"max", Right}, {"mean", Right}, {"NaN", Right}});
  for (const Result& result : results) {
    const ElementStatistics of = element_statistics(result.tensor);
    table.add(
        {result.name, result.tensor.str(), number(of.min), number(of.max), number(of.mean), std::to_string(of.nans)});
  }
  table.print();
}

Json to_json(const std::vector<Result>& results) {
  Json list = Json::array();
  for (const Result& result : results) {
    const ElementStatistics of = element_statistics(result.tensor);
    list.push_back({{"name", result.name},
                    {"dtype", name(result.tensor.dtype())},
                    {"shape", std::vector<int64_t>(result.tensor.shape().begin(), result.tensor.shape().end())},
                    {"min", json_number(of.min)},
                    {"max", json_number(of.max)},
                    {"mean", json_number(of.mean)},
                    {"nans", of.nans}});
  }
  return list;
}

int run(const Options& options) {
  const Model model = load_model(options.model, options.common);
  const ModelInputs inputs = make_inputs(model, options.common, read_inputs(model, options.files));
  Session session = compile_model(model, options.common);
  const auto start = std::chrono::steady_clock::now();
  const Outputs& outputs = session.run(inputs.named());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  if (!options.save_inputs.empty()) {
    for (size_t i = 0; i < inputs.names.size(); ++i) save_value(options.save_inputs, inputs.names[i], inputs.values[i]);
  }
  std::vector<Result> results;
  for (size_t i = 0; i < outputs.size(); ++i) {
    flatten(std::string(outputs.name(i)), outputs.datum(i), results);
    if (!options.output_dir.empty()) save_value(options.output_dir, outputs.name(i), outputs.datum(i));
  }
  if (options.common.json) {
    Json given = Json::object();
    for (size_t i = 0; i < inputs.names.size(); ++i) given[inputs.names[i]] = inputs.values[i].str();
    print_json({{"model", options.model}, {"inputs", given}, {"run_ms", seconds * 1e3}, {"outputs", to_json(results)}});
  } else {
    for (size_t i = 0; i < inputs.names.size(); ++i) {
      note(options.common, fmt::format("input {} is {}", in_quotes(inputs.names[i]), inputs.values[i].str()));
    }
    print_results(results);
  }
  return kOk;
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("run", "One inference on given or random inputs");
  add_model_argument(*command, options->model);
  add_input_option(*command, options->files);
  command->add_option("--output-dir", options->output_dir, "Write each output there as NAME.npy");
  command->add_option("--save-inputs", options->save_inputs, "Write each input there as NAME.npy");
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
