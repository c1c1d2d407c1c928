// How the subcommands of `mica` are put together: one file each, one line in commands.cpp.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "runtime/mica.h"

namespace mica::tools {

/// Exit codes of every command.
inline constexpr int kOk = 0, kNegative = 1, kUsage = 2, kInternal = 3;

/// What to do once the arguments are read; returns the exit code.
using Action = std::function<int()>;
/// Adds a subcommand that, when chosen, sets `action`.
using AddCommand = void (*)(CLI::App& app, Action& action);
std::span<const AddCommand> commands();

/// Options that mean the same in every command.
struct CommonOptions {
  std::string device = "cpu";
  int threads = 0;
  std::vector<std::string> dims;    ///< "seq=128"
  std::vector<std::string> shapes;  ///< "x:1x128"
  std::vector<std::string> without;
  uint64_t seed = 0;
  bool json = false;
  bool quiet = false;
};
void add_model_options(CLI::App& command, CommonOptions& options);

/// Loads a model and says its notes on stderr.
Model load_model(const std::string& path, const CommonOptions& options);
Session compile_model(const Model& model, const CommonOptions& options);

}  // namespace mica::tools
