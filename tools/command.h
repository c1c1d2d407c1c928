// How the subcommands of `mica` are put together: one file each, one line in commands.cpp.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <span>
#include <string>

#include "tools/options.h"

namespace mica::tools {

/// Exit codes of every command.
inline constexpr int kOk = 0, kNegative = 1, kUsage = 2, kInternal = 3;

/// What to do once the arguments are read; returns the exit code.
using Action = std::function<int()>;
/// Adds a subcommand that, when chosen, sets `action`.
using AddCommand = void (*)(CLI::App& app, Action& action);
std::span<const AddCommand> commands();

/// The options that mean the same in every command.
void add_model_options(CLI::App& command, CommonOptions& options);
/// MODEL, the first argument without a flag.
void add_model_argument(CLI::App& command, std::string& model);

}  // namespace mica::tools
