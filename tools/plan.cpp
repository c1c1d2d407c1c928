// mica plan: what a run will do, with which kernels, and in what memory.
#include <fmt/core.h>

#include "backends/backend.h"
#include "runtime/kernel_choice.h"
#include "runtime/placement.h"
#include "tools/command.h"
#include "tools/explain_step.h"
#include "tools/inputs/model_inputs.h"
#include "tools/memory_chart.h"
#include "tools/plan_layout.h"
#include "tools/print.h"
#include "tools/step_name.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::vector<std::string> files;
};

struct PlannedStep {
  std::string node, kernel, device, how;
  std::string way;                   ///< that the kernel takes at these dims, of several
  std::vector<std::string> outputs;  ///< "name float[1,8]"
  std::vector<std::string> refusals;
};

std::string type_of(const Slot& slot, const std::optional<Shape>& shape) {
  return shape ? std::string(name(slot.dtype)) + shape->str() : "depends on data";
}

std::string how_it_runs(const Plan& plan, const Step& step) {
  if (step.is_copy()) return step.kind == Step::Kind::Upload ? "to the device" : "to the CPU";
  if (step.view) return "view: nothing to run";
  if (step.dynamic) return "shapes follow from data";
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    if (step.outputs[i] == Slot::kNone) continue;
    const Slot& output = plan.slots()[step.outputs[i]];
    if (output.root != step.outputs[i]) return "in place of " + plan.slots()[output.root].name;
  }
  if (step.waits) return "waits for the device";
  return step.packed ? "packed" : "";
}

// Why no better kernel was taken, and on a device why none of its own.
std::vector<std::string> refusals_of(const Plan& plan, const Step& step) {
  if (step.is_copy()) return {};
  const Node& node = plan.graph().node(step.node);
  if (plan.device() == nullptr || step.view) {
    return choose_kernel(plan.graph(), node, "cpu", plan.precision(), plan.provider()).refusals;
  }
  const DeviceKernelChoice choice = choose_device_kernel(plan.graph(), node, *plan.device(), plan.precision());
  if (step.kind == Step::Kind::Device || !choice.refusals.empty()) return choice.refusals;
  if (choice.kernel == nullptr) return {"on the device: there is no kernel"};
  return {step.dynamic ? "on the device: shapes follow from data" : "on the device: shape arithmetic"};
}

// "cpu", "cuda:0", or "" for what is done nowhere or between the two.
std::string place_of(const Plan& plan, const Step& step) {
  if (step.is_copy() || step.view) return "";
  return step.kind == Step::Kind::Device ? plan.device()->info().id : "cpu";
}

std::vector<PlannedStep> list_steps(const Plan& plan, const PlanLayout& layout) {
  std::vector<PlannedStep> list;
  for (const Step& step : plan.steps()) {
    PlannedStep planned{step_name(plan, step),
                        std::string(step.kernel_name()),
                        place_of(plan, step),
                        how_it_runs(plan, step),
                        explain_step(plan, step, layout),
                        {},
                        {}};
    for (const uint32_t output : step.outputs) {
      if (output == Slot::kNone) continue;
      const Slot& slot = plan.slots()[output];
      planned.outputs.push_back(slot.name + " " + type_of(slot, layout.shapes[output]));
    }
    planned.refusals = refusals_of(plan, step);
    list.push_back(std::move(planned));
  }
  return list;
}

void print_arena(const Plan& plan, const PlanLayout& layout, std::string_view where) {
  fmt::print("\narena of {} for {} buffers; {}\n", format_bytes(layout.arena), layout.buffers.size(), where);
  fmt::print("{}", memory_chart(plan, layout));
}

void print_text(const Session& session, const PlanLayout& layout, const PlanLayout& on_device) {
  const Plan& plan = session.plan();
  const bool has_device = plan.device() != nullptr;
  using enum Table::Align;
  std::vector<Table::Column> columns = {{"step", Right}, {"node"}, {"kernel"}, {"result"}, {"remarks"}};
  if (has_device) columns.insert(columns.begin() + 2, {"device"});
  Table table(columns);
  const auto steps = list_steps(plan, layout);
  for (size_t i = 0; i < steps.size(); ++i) {
    std::string remarks = steps[i].way;
    if (!steps[i].how.empty()) remarks += (remarks.empty() ? "" : "; ") + steps[i].how;
    for (const std::string& refusal : steps[i].refusals) remarks += (remarks.empty() ? "not " : "; not ") + refusal;
    std::string outputs;
    for (const std::string& output : steps[i].outputs) outputs += (outputs.empty() ? "" : ", ") + output;
    std::vector<std::string> row = {std::to_string(i), steps[i].node, steps[i].kernel, outputs, remarks};
    if (has_device) row.insert(row.begin() + 2, steps[i].device);
    table.add(std::move(row));
  }
  table.print();
  print_arena(plan, layout, fmt::format("{} thread{}", session.threads(), session.threads() == 1 ? "" : "s"));
  if (has_device) print_arena(plan, on_device, plan.device()->info().id);
}

Json buffers_to_json(const Plan& plan, const PlanLayout& layout) {
  Json buffers = Json::array();
  for (const ArenaBuffer& buffer : layout.buffers) {
    buffers.push_back({{"value", plan.slots()[buffer.slot].name},
                       {"offset", buffer.offset},
                       {"bytes", buffer.bytes},
                       {"first", buffer.first},
                       {"last", buffer.last}});
  }
  return buffers;
}

Json to_json(const Options& options, const Session& session, const PlanLayout& layout, const PlanLayout& on_device) {
  const Plan& plan = session.plan();
  Json steps = Json::array();
  for (const PlannedStep& step : list_steps(plan, layout)) {
    steps.push_back({{"node", step.node},
                     {"kernel", step.kernel},
                     {"device", step.device},
                     {"outputs", step.outputs},
                     {"how", step.how},
                     {"way", step.way},
                     {"refused", step.refusals}});
  }
  Json json = {{"model", options.model},       {"device", options.common.device},
               {"threads", session.threads()}, {"steps", std::move(steps)},
               {"arena_bytes", layout.arena},  {"buffers", buffers_to_json(plan, layout)}};
  if (plan.device() == nullptr) return json;
  json["inner_copies"] = inner_copies(plan);
  json["device_arena_bytes"] = on_device.arena;
  json["device_buffers"] = buffers_to_json(plan, on_device);
  return json;
}

int run(const Options& options) {
  const Model model = load_model(options.model, options.common);
  const ModelInputs inputs = make_inputs(model, options.common, read_inputs(model, options.files));
  const Session session = compile_model(model, options.common);
  const PlanLayout layout = lay_out(session.plan(), inputs);
  const PlanLayout on_device = lay_out(session.plan(), inputs, Place::Device);
  if (options.common.json) {
    print_json(to_json(options, session, layout, on_device));
  } else {
    print_text(session, layout, on_device);
  }
  return kOk;
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("plan", "Steps, kernels and memory of a run");
  add_model_argument(*command, options->model);
  add_input_option(*command, options->files);
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
