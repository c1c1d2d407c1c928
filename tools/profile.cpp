// mica profile: where the time of a run goes.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <numeric>

#include "tools/chrome_trace.h"
#include "tools/command.h"
#include "tools/graph_walk.h"
#include "tools/inputs/model_inputs.h"
#include "tools/plan_layout.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/step_cost.h"
#include "tools/step_name.h"

namespace mica::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kTracedRuns = 5;

struct Options {
  CommonOptions common;
  std::string model;
  std::vector<std::string> files;
  std::string duration = "1s", trace;
  size_t top = 20;
};

/// Times are seconds a run.
struct Row {
  std::string name, op, kernel, result;
  size_t calls = 1;
  double seconds = 0;
  std::optional<double> flops, bytes;
};

struct Profile {
  size_t runs = 0;
  double run = 0;    ///< seconds of a whole run
  double steps = 0;  ///< seconds of its steps
  std::vector<Row> nodes;
};

struct TracedRun {
  double start, duration;
  std::vector<double> steps;
};

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Row> describe(const Plan& plan, const PlanLayout& layout) {
  std::vector<Row> rows;
  for (const Step& step : plan.steps()) {
    const StepCost cost = step_cost(plan, step, layout);
    const uint32_t output = step.outputs.empty() ? Slot::kNone : step.outputs[0];
    std::string result;
    if (output != Slot::kNone && layout.shapes[output]) {
      result = std::string(name(plan.slots()[output].dtype)) + layout.shapes[output]->str();
    }
    rows.push_back({step_name(plan, step), step_operator(plan, step),
                    std::string(step.view ? "view" : step.kernel_name()), result, 1, 0, cost.flops, cost.bytes});
  }
  return rows;
}

// Steps stand one behind the other from the start of their run: only how long they took is measured.
void save_trace(const Options& options, const std::vector<Row>& nodes, const std::vector<TracedRun>& runs) {
  ChromeTrace trace;
  for (size_t i = 0; i < runs.size(); ++i) {
    trace.add(fmt::format("run {}", i), "run", runs[i].start, runs[i].duration, Json::object());
    double at = runs[i].start;
    for (size_t step = 0; step < nodes.size(); ++step) {
      const double seconds = runs[i].steps[step];
      if (nodes[step].kernel == "view") continue;
      trace.add(nodes[step].name, nodes[step].op, at, seconds,
                {{"kernel", nodes[step].kernel}, {"result", nodes[step].result}});
      at += seconds;
    }
  }
  trace.save(options.trace, "mica " + options.model);
}

Profile measure(const Options& options) {
  const double duration = parse_duration(options.duration);
  const Model model = load_model(options.model, options.common);
  const ModelInputs inputs = make_inputs(model, options.common, read_inputs(model, options.files));
  const std::vector<NamedInput> named = inputs.named();
  Session session = compile_model(model, options.common);
  Profile profile;
  profile.nodes = describe(session.plan(), lay_out(session.plan(), inputs));

  constexpr int kWarmUpRuns = 2;
  for (int i = 0; i < kWarmUpRuns; ++i) session.run(named);
  std::vector<double> seconds(profile.nodes.size(), 0);
  session.set_profile(seconds);
  std::vector<TracedRun> traced;
  Progress progress("profile", !options.common.quiet);
  const auto begin = Clock::now();
  do {
    std::ranges::fill(seconds, 0);
    const double start = since(begin);
    session.run(named);
    const double spent = since(begin) - start;
    profile.run += spent;
    ++profile.runs;
    for (size_t i = 0; i < seconds.size(); ++i) profile.nodes[i].seconds += seconds[i];
    if (!options.trace.empty() && traced.size() < kTracedRuns) traced.push_back({start, spent, seconds});
    progress.show(since(begin) / duration);
  } while (since(begin) < duration);
  profile.run /= static_cast<double>(profile.runs);
  for (Row& row : profile.nodes) {
    row.seconds /= static_cast<double>(profile.runs);
    profile.steps += row.seconds;
  }
  if (!options.trace.empty()) save_trace(options, profile.nodes, traced);
  return profile;
}

void add_to(std::optional<double>& sum, const std::optional<double>& part) {
  if (part) sum = sum.value_or(0) + *part;
}

std::vector<Row> by_operator(const std::vector<Row>& nodes) {
  std::map<std::string, Row> sums;
  for (const Row& node : nodes) {
    Row& sum = sums.try_emplace(node.op, Row{node.op, node.op, "", "", 0, 0, {}, {}}).first->second;
    ++sum.calls;
    sum.seconds += node.seconds;
    add_to(sum.flops, node.flops);
    add_to(sum.bytes, node.bytes);
  }
  std::vector<Row> rows;
  for (auto& [op, row] : sums) rows.push_back(std::move(row));
  return rows;
}

// Longest first.
std::vector<Row> sorted(std::vector<Row> rows) {
  std::ranges::stable_sort(rows, std::greater<>(), &Row::seconds);
  return rows;
}

std::string rate(const std::optional<double>& amount, double seconds) {
  return amount && *amount > 0 && seconds > 0 ? fmt::format("{:.2f}", *amount / seconds * 1e-9) : "-";
}

std::string share(const Row& row, const Profile& profile) {
  return fmt::format("{:.1f} %", profile.steps > 0 ? 100 * row.seconds / profile.steps : 0);
}

void print_text(const Options& options, const Profile& profile) {
  using enum Table::Align;
  Table operators(
      {{"operator"}, {"calls", Right}, {"time", Right}, {"share", Right}, {"GFLOP/s", Right}, {"GB/s", Right}});
  for (const Row& row : sorted(by_operator(profile.nodes))) {
    operators.add({row.name, std::to_string(row.calls), format_seconds(row.seconds), share(row, profile),
                   rate(row.flops, row.seconds), rate(row.bytes, row.seconds)});
  }
  operators.print();
  fmt::print("\n");
  Table nodes(
      {{"node"}, {"kernel"}, {"result"}, {"time", Right}, {"share", Right}, {"GFLOP/s", Right}, {"GB/s", Right}});
  const auto rows = sorted(profile.nodes);
  const size_t shown = options.top == 0 ? rows.size() : std::min(options.top, rows.size());
  for (size_t i = 0; i < shown; ++i) {
    nodes.add({rows[i].name, rows[i].kernel, rows[i].result, format_seconds(rows[i].seconds), share(rows[i], profile),
               rate(rows[i].flops, rows[i].seconds), rate(rows[i].bytes, rows[i].seconds)});
  }
  nodes.print();
  if (shown < rows.size()) fmt::print("and {} more: see --top\n", rows.size() - shown);
  fmt::print("\nrun {}, of which steps {} and the rest {}; mean of {} runs\n", format_seconds(profile.run),
             format_seconds(profile.steps), format_seconds(std::max(profile.run - profile.steps, 0.0)), profile.runs);
}

Json to_json(const Row& row, const Profile& profile) {
  Json json = {{"name", row.name},
               {"operator", row.op},
               {"calls", row.calls},
               {"us", row.seconds * 1e6},
               {"share", profile.steps > 0 ? row.seconds / profile.steps : 0}};
  if (row.flops && row.seconds > 0) json["gflop_per_s"] = *row.flops / row.seconds * 1e-9;
  if (row.bytes && row.seconds > 0) json["gb_per_s"] = *row.bytes / row.seconds * 1e-9;
  if (!row.result.empty()) json["result"] = row.result;
  if (!row.kernel.empty()) json["kernel"] = row.kernel;
  return json;
}

int run(const Options& options) {
  const Profile profile = measure(options);
  if (!options.common.json) {
    print_text(options, profile);
    return kOk;
  }
  Json nodes = Json::array(), operators = Json::array();
  for (const Row& row : profile.nodes) nodes.push_back(to_json(row, profile));
  for (const Row& row : sorted(by_operator(profile.nodes))) operators.push_back(to_json(row, profile));
  print_json({{"model", options.model},
              {"device", options.common.device},
              {"runs", profile.runs},
              {"run_us", profile.run * 1e6},
              {"steps_us", profile.steps * 1e6},
              {"operators", std::move(operators)},
              {"nodes", std::move(nodes)}});
  return kOk;
}

}  // namespace

void add_profile(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("profile", "Time of every node and operator");
  add_model_argument(*command, options->model);
  add_input_option(*command, options->files);
  command->add_option("--duration", options->duration, "How long to measure")->capture_default_str();
  command->add_option("--trace", options->trace, "Write a timeline there, for Perfetto or chrome://tracing");
  command->add_option("--top", options->top, "Nodes to list; 0: all")->capture_default_str();
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
