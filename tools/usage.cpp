#include "tools/usage.h"

#include <vector>

#include "runtime/base/text.h"

namespace mica::tools {
namespace {

std::vector<std::string_view> views(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

// The first flag among the arguments that nothing took; empty when there is none.
std::string unknown_flag(const CLI::App& command) {
  for (const std::string& argument : command.remaining()) {
    if (argument.size() > 1 && argument[0] == '-') return argument.substr(0, argument.find('='));
  }
  return "";
}

}  // namespace

std::string unknown_command(const CLI::App& app, std::string_view name) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return "";
    names.push_back(command->get_name());
  }
  return unknown_name("command", name, views(names));
}

std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  const std::string flag = unknown_flag(command);
  const std::string text = flag.empty() ? error.what() : unknown_name("flag", flag, views(flags_of(command)));
  const std::string help = app.get_name() + (chosen.empty() ? "" : " " + command.get_name()) + " --help";
  return text + "\nSee " + help;
}

}  // namespace mica::tools
