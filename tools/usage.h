// What is said of a command line that cannot be read.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace mica::tools {

/// `no command is called "insepct"; did you mean "inspect"?`; empty when `app` has such a command.
std::string unknown_command(const CLI::App& app, std::string_view name);

/// The parser's error, with the nearest flag where one is not known.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace mica::tools
