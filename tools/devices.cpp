// mica devices: the machine, as Mica sees it.
#include <fmt/core.h>

#include "backends/backend.h"
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

Json to_json(const DeviceInfo& device) {
  Json json = {{"device", device.id}, {"name", device.name}, {"memory_bytes", device.memory}};
  for (const auto& [trait, value] : device.traits) json[trait] = value;
  return json;
}

void print(const DeviceInfo& device) {
  Table table({{""}, {""}});
  table.add({device.id, device.name});
  for (const auto& [trait, value] : device.traits) table.add({trait, value});
  table.add({"memory", format_bytes(device.memory)});
  fmt::print("\n");
  table.print();
}

int run(const CommonOptions& options) {
  const auto features = cpu_features();
  const IsaChoice& choice = isa_choice();
  const Memory of = memory();
  if (!choice.note.empty()) note(options, choice.note);
  if (options.json) {
    Json refused = Json::object();
    for (size_t i = 0; i < choice.refusals.size(); ++i) refused[std::string(isas()[i].name)] = choice.refusals[i];
    Json devices = {{{"device", "cpu"},
                     {"name", cpu_name()},
                     {"cores", usable_cores()},
                     {"isa", isas()[choice.index].name},
                     {"isas_refused", refused},
                     {"features", std::vector<std::string>(features.begin(), features.end())},
                     {"memory_bytes", of.physical},
                     {"available_bytes", of.available}}};
    Json absent = Json::object();
    for (Backend* backend : backends()) {
      const Discovery discovery = backend->discover();
      for (const DeviceInfo& device : discovery.devices) devices.push_back(to_json(device));
      if (!discovery.reason.empty()) absent[std::string(backend->name())] = discovery.reason;
    }
    print_json({{"devices", std::move(devices)}, {"absent", std::move(absent)}});
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
  for (Backend* backend : backends()) {
    const Discovery discovery = backend->discover();
    for (const DeviceInfo& device : discovery.devices) print(device);
    if (!discovery.reason.empty()) fmt::print("\n{}: {}\n", backend->name(), discovery.reason);
  }
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
