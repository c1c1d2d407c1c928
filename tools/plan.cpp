// mica plan: what a run will do, with which kernels, and in what memory.
#include <fmt/core.h>

#include "runtime/kernel_choice.h"
#include "tools/command.h"
#include "tools/inputs/model_inputs.h"
#include "tools/memory_chart.h"
#include "tools/plan_layout.h"
#include "tools/print.h"

namespace mica::tools {
namespace {

struct Options {
  CommonOptions common;
  std::string model;
  std::vector<std::string> files;
};

struct PlannedStep {
  std::string node, kernel, how;
  std::vector<std::string> outputs;  ///< "name float[1,8]"
  std::vector<std::string> refusals;
};

std::string type_of(const Slot& slot, const std::optional<Shape>& shape) {
  return shape ? std::string(name(slot.dtype)) + shape->str() : "depends on data";
}

std::string how_it_runs(const Plan& plan, const Step& step) {
  if (step.view) return "view: nothing to run";
  if (step.dynamic) return "shapes follow from data";
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    if (step.outputs[i] == Slot::kNone) continue;
    const Slot& output = plan.slots()[step.outputs[i]];
    if (output.root != step.outputs[i]) return "in place of " + plan.slots()[output.root].name;
  }
  return step.packed ? "packed" : "";
}

std::vector<PlannedStep> list_steps(const Plan& plan, const PlanLayout& layout) {
  std::vector<PlannedStep> list;
  for (const Step& step : plan.steps()) {
    const Node& node = plan.graph().node(step.node);
    PlannedStep planned{node.str(), std::string(step.kernel->name), how_it_runs(plan, step), {}, {}};
    for (const uint32_t output : step.outputs) {
      if (output == Slot::kNone) continue;
      const Slot& slot = plan.slots()[output];
      planned.outputs.push_back(slot.name + " " + type_of(slot, layout.shapes[output]));
    }
    planned.refusals = choose_kernel(plan.graph(), node, "cpu").refusals;
    list.push_back(std::move(planned));
  }
  return list;
}

void print_text(const Session& session, const PlanLayout& layout) {
  const Plan& plan = session.plan();
  using enum Table::Align;
  Table table({{"step", Right}, {"node"}, {"kernel"}, {"result"}, {"remarks"}});
  const auto steps = list_steps(plan, layout);
  for (size_t i = 0; i < steps.size(); ++i) {
    std::string remarks = steps[i].how;
    for (const std::string& refusal : steps[i].refusals) remarks += (remarks.empty() ? "not " : "; not ") + refusal;
    std::string outputs;
    for (const std::string& output : steps[i].outputs) outputs += (outputs.empty() ? "" : ", ") + output;
    table.add({std::to_string(i), steps[i].node, steps[i].kernel, outputs, remarks});
  }
  table.print();
  fmt::print("\narena of {} for {} buffers; {} thread{}\n", format_bytes(layout.arena), layout.buffers.size(),
             session.threads(), session.threads() == 1 ? "" : "s");
  fmt::print("{}", memory_chart(plan, layout));
}

Json to_json(const Options& options, const Session& session, const PlanLayout& layout) {
  const Plan& plan = session.plan();
  Json steps = Json::array(), buffers = Json::array();
  for (const PlannedStep& step : list_steps(plan, layout)) {
    steps.push_back({{"node", step.node},
                     {"kernel", step.kernel},
                     {"outputs", step.outputs},
                     {"how", step.how},
                     {"refused", step.refusals}});
  }
  for (const ArenaBuffer& buffer : layout.buffers) {
    buffers.push_back({{"value", plan.slots()[buffer.slot].name},
                       {"offset", buffer.offset},
                       {"bytes", buffer.bytes},
                       {"first", buffer.first},
                       {"last", buffer.last}});
  }
  return {{"model", options.model},    {"device", options.common.device}, {"threads", session.threads()},
          {"steps", std::move(steps)}, {"arena_bytes", layout.arena},     {"buffers", std::move(buffers)}};
}

int run(const Options& options) {
  const Model model = load_model(options.model, options.common);
  const ModelInputs inputs = make_inputs(model, options.common, read_inputs(model, options.files));
  const Session session = compile_model(model, options.common);
  const PlanLayout layout = lay_out(session.plan(), inputs);
  if (options.common.json) {
    print_json(to_json(options, session, layout));
  } else {
    print_text(session, layout);
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
