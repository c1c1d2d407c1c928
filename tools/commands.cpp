// The list of subcommands, in the order of `mica --help`, and the options they share.
#include <array>

#include "tools/command.h"

namespace mica::tools {

void add_inspect(CLI::App& app, Action& action);
void add_run(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_compare(CLI::App& app, Action& action);
void add_conformance(CLI::App& app, Action& action);
void add_check(CLI::App& app, Action& action);
void add_profile(CLI::App& app, Action& action);
void add_plan(CLI::App& app, Action& action);
void add_kernels(CLI::App& app, Action& action);
void add_optimize(CLI::App& app, Action& action);
void add_ops(CLI::App& app, Action& action);
void add_devices(CLI::App& app, Action& action);
void add_demo(CLI::App& app, Action& action);

std::span<const AddCommand> commands() {
  static constexpr std::array kCommands = {&add_inspect, &add_run,     &add_bench, &add_compare, &add_conformance,
                                           &add_check,   &add_profile, &add_plan,  &add_kernels, &add_optimize,
                                           &add_ops,     &add_devices, &add_demo};
  return kCommands;
}

void add_model_options(CLI::App& command, CommonOptions& options) {
  command.add_option("--device", options.device, "cpu, or a GPU as cuda:0")->capture_default_str();
  command.add_option("--dim", options.dims, "NAME=N: fixes a symbolic dim of the inputs")->allow_extra_args(false);
  command.add_option("--shape", options.shapes, "NAME:2x3: shape of an input")->allow_extra_args(false);
  command.add_option("--threads", options.threads, "The caller's included; 0: one a core")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--precision", options.precision,
                  "Of products of floats: fp32, bf16, tf32 (on GPUs; fp32 on the CPU) or int8-dynamic")
      ->capture_default_str();
  command.add_option("--packed-cache", options.packed_cache, "Folder to keep packed weights in for the next time");
  command.add_option("--provider", options.provider,
                     "Library whose kernels go before Mica's on the CPU: onednn, in builds with MICA_ONEDNN");
  command.add_option("--without", options.without, "Leave out this rule or pass")->allow_extra_args(false);
  command.add_option("--seed", options.seed, "Of random inputs")->capture_default_str();
  command.add_flag("--json", options.json, "Print JSON");
  command.add_flag("--quiet", options.quiet, "No progress and no notes on stderr");
}

void add_model_argument(CLI::App& command, std::string& model) {
  command.add_option("model", model, "The .onnx file")->required();
}

}  // namespace mica::tools
