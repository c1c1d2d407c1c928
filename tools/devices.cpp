// mica devices: the machine, as Mica sees it.
#include <fmt/core.h>

#include "backends/cpu/features.h"
#include "kernels/simd/isa.h"
#include "runtime/base/os.h"
#include "tools/command.h"
#include "tools/print.h"

namespace mica::tools {
namespace {

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : " ") + std::string(word);
  return text;
}

int run(const CommonOptions& options) {
  const auto features = cpu_features();
  const IsaChoice& choice = isa_choice();
  const Memory of = memory();
  if (!choice.note.empty()) note(options, choice.note);
  if (options.json) {
    Json refused = Json::object();
    for (size_t i = 0; i < choice.refusals.size(); ++i) refused[std::string(isas()[i].name)] = choice.refusals[i];
    print_json({{"devices",
                 {{{"device", "cpu"},
                   {"name", cpu_name()},
                   {"cores", usable_cores()},
                   {"isa", isas()[choice.index].name},
                   {"isas_refused", refused},
                   {"features", std::vector<std::string>(features.begin(), features.end())},
                   {"memory_bytes", of.physical},
                   {"available_bytes", of.available}}}}});
    return kOk;
  }
  Table table({{""}, {""}});
  table.add({"cpu", cpu_name()});
  table.add({"cores", fmt::format("{} that this process may use", usable_cores())});
  table.add({"kernels", std::string(isas()[choice.index].name)});
  for (size_t i = 0; i < choice.refusals.size(); ++i) {
    table.add({"", fmt::format("not {}: {}", isas()[i].name, choice.refusals[i])});
  }
  table.add({"features", joined(features)});
  table.add({"memory", fmt::format("{}, {} available", format_bytes(of.physical), format_bytes(of.available))});
  table.print();
  return kOk;
}

}  // namespace

void add_devices(CLI::App& app, Action& action) {
  auto options = std::make_shared<CommonOptions>();
  CLI::App* command = app.add_subcommand("devices", "The machine: CPU, instruction sets, memory");
  add_model_options(*command, *options);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
