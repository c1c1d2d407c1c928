// The list of subcommands, in the order of `mica --help`, and the options they share.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "tools/command.h"

namespace mica::tools {

void add_conformance(CLI::App& app, Action& action);

std::span<const AddCommand> commands() {
  static constexpr std::array kCommands = {&add_conformance};
  return kCommands;
}

void add_model_options(CLI::App& command, CommonOptions& options) {
  command.add_option("--device", options.device, "cpu")->capture_default_str();
  command.add_option("--threads", options.threads, "Threads, the caller's included; 0: one a core")
      ->capture_default_str();
  command.add_option("--without", options.without, "Leave out this rule or pass")->allow_extra_args(false);
  command.add_option("--seed", options.seed, "Of random inputs")->capture_default_str();
  command.add_flag("--json", options.json, "Print JSON");
  command.add_flag("--quiet", options.quiet, "No progress and no notes on stderr");
}

Model load_model(const std::string& path, const CommonOptions& options) {
  LoadOptions load;
  load.without = options.without;
  Model model = Model::load(path, load);
  if (!options.quiet) {
    for (const std::string& note : model.notes()) fmt::print(stderr, "note: {}\n", note);
  }
  return model;
}

Session compile_model(const Model& model, const CommonOptions& options) {
  return model.compile({.device = options.device, .threads = options.threads});
}

}  // namespace mica::tools
