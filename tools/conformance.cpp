// mica conformance: runs folders in the layout of the ONNX backend tests.
#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "graph/graph.h"
#include "tools/case_folder.h"
#include "tools/command.h"
#include "tools/compare_values.h"
#include "tools/conformance_tolerance.h"

namespace mica::tools {
namespace fs = std::filesystem;
namespace {

struct Options {
  CommonOptions common;
  std::vector<std::string> folders;
  std::string filter, exceptions;
  bool list_failures = false;
  std::optional<double> rtol, atol;
};

struct Counts {
  int passed = 0, failed = 0, skipped = 0;
};

// Lines of "case-name reason"; '#' begins a comment. Where the reason begins with "random" the case may also pass.
std::map<std::string, std::string> read_exceptions(const std::string& path) {
  std::map<std::string, std::string> reasons;
  if (path.empty()) return reasons;
  std::ifstream file(path);
  if (!file) throw Error(ErrorCode::Io, "cannot read \"" + path + "\"");
  for (std::string line; std::getline(file, line);) {
    line.resize(std::min(line.size(), line.find('#')));
    std::istringstream words(line);
    std::string name, reason;
    if (!(words >> name)) continue;
    std::getline(words >> std::ws, reason);
    if (reason.empty()) throw Error(ErrorCode::InvalidArgument, path + ": no reason is given for " + name);
    reasons[name] = reason;
  }
  return reasons;
}

Tolerance tolerance_of(const Options& options, const fs::path& folder, const std::string& name) {
  Tolerance tolerance = read_tolerance(folder).value_or(standard_tolerance(name));
  if (options.rtol) tolerance.rtol = *options.rtol;
  if (options.atol) tolerance.atol = *options.atol;
  return tolerance;
}

// Empty when the case passes, else why not.
std::string run_case(const fs::path& folder, const std::string& name, const Options& options) {
  try {
    const Tolerance tolerance = tolerance_of(options, folder, name);
    CommonOptions quiet = options.common;
    quiet.quiet = true;
    const Model model = load_model((folder / "model.onnx").string(), quiet);
    Session session = compile_model(model, quiet);
    const auto sets = data_set_folders(folder);
    if (sets.empty()) return "there is no test_data_set_*";
    for (const fs::path& set : sets) {
      const DataSet data = read_data_set(set, model);
      std::vector<NamedInput> inputs;
      const Graph& graph = *model.graph().graph;
      for (size_t i = 0; i < data.inputs.size(); ++i) {
        inputs.push_back({graph.value(graph.inputs[i]).name, data.inputs[i]});
      }
      const Outputs& outputs = session.run(inputs);
      for (size_t i = 0; i < data.outputs.size(); ++i) {
        const std::string difference = compare(data.outputs[i], outputs.datum(i), tolerance);
        if (difference.empty()) continue;
        return fmt::format("{}: output \"{}\": {}", set.filename().string(), outputs.name(i), difference);
      }
    }
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

int run(const Options& options) {
  const auto exceptions = read_exceptions(options.exceptions);
  const std::regex filter(options.filter);
  Counts counts;
  int unexpected = 0;
  for (const std::string& root : options.folders) {
    for (const fs::path& folder : find_cases(root)) {
      const std::string name = folder.filename().string();
      if (!options.filter.empty() && !std::regex_search(name, filter)) {
        ++counts.skipped;
        continue;
      }
      const std::string failure = run_case(folder, name, options);
      const auto exception = exceptions.find(name);
      const bool excused = exception != exceptions.end();
      if (failure.empty()) {
        ++counts.passed;
        if (!excused || exception->second.starts_with("random")) continue;
        fmt::print("{}: passes, and is no exception any more\n", name);
        ++unexpected;
        continue;
      }
      ++counts.failed;
      unexpected += excused ? 0 : 1;
      if (options.list_failures || !excused) fmt::print("{}: {}\n", name, failure);
    }
  }
  fmt::print("{} passed, {} failed, {} skipped\n", counts.passed, counts.failed, counts.skipped);
  return unexpected == 0 ? kOk : kNegative;
}

}  // namespace

void add_conformance(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("conformance", "Run folders in the layout of the ONNX backend tests");
  command->add_option("folders", options->folders, "Case folders, or folders of such")->required();
  command->add_option("--filter", options->filter, "Only cases whose name matches this regular expression");
  command->add_option("--exceptions", options->exceptions, "File of cases that may fail: name and reason a line");
  command->add_flag("--list-failures", options->list_failures, "Print also the failures that are exceptions");
  command->add_option("--rtol", options->rtol, "Relative tolerance");
  command->add_option("--atol", options->atol, "Absolute tolerance");
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
