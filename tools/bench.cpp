// mica bench: latency and throughput of a model.
#include <fmt/core.h>

#include <chrono>
#include <map>

#include "kernels/simd/isa.h"
#include "runtime/base/os.h"
#include "runtime/placement.h"
#include "tools/command.h"
#include "tools/inputs/run_inputs.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/statistics.h"
#include "tools/step_name.h"

namespace mica::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Samples kept for the percentiles; few enough not to count in the memory that is reported.
constexpr size_t kSamples = 1 << 15;

struct Options {
  CommonOptions common;
  std::string model;
  std::vector<std::string> files;
  RunOptions runs;
  std::string duration = "2s", warmup = "200ms";
  bool resident = false;
};

struct Measurement {
  double load = 0;     ///< seconds until the model can run: read, optimised, planned
  double compile = 0;  ///< seconds of these for choosing kernels and planning
  double first_run = 0;
  size_t warmup_runs = 0;
  Reservoir runs{kSamples};
  double seconds = 0;  ///< of all measured runs
  size_t peak_resident = 0, arena = 0;
  int threads = 0;
  double device = 0;                        ///< seconds of the device's time for a run; 0 on the CPU
  std::map<std::string, size_t> fallbacks;  ///< operators that run on the CPU instead of the device, and how often
  size_t inner_copies = 0;
  std::vector<std::pair<std::string, std::string>> inputs;  ///< name and type
};

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Steps of the CPU in a plan for a device, less those that only tell it how large something is.
std::map<std::string, size_t> find_fallbacks(const Plan& plan) {
  std::map<std::string, size_t> found;
  for (const Step& step : plan.steps()) {
    if (plan.device() == nullptr || step.kind != Step::Kind::Host || step.view || is_shape_arithmetic(plan, step))
      continue;
    ++found[step_operator(plan, step)];
  }
  return found;
}

size_t fallback_steps(const Measurement& of) {
  size_t count = 0;
  for (const auto& [name, times] : of.fallbacks) count += times;
  return count;
}

void warn_of_fallbacks(const Options& options, const Measurement& of) {
  if (of.fallbacks.empty()) return;
  std::string names;
  for (const auto& [name, times] : of.fallbacks) {
    names += (names.empty() ? "" : ", ") + (times == 1 ? name : fmt::format("{} ({})", name, times));
  }
  const size_t count = fallback_steps(of);
  note(options.common,
       fmt::format("{} step{} run{} on the CPU, with {} copies in the middle of a run: {}; mica plan says why", count,
                   count == 1 ? "" : "s", count == 1 ? "s" : "", of.inner_copies, names));
}

// Seconds; what a run is to be given is at hand before.
double run_once(Session& session, RunInputs& inputs) {
  const auto named = inputs.next(session);
  const auto start = Clock::now();
  session.run(named);
  session.wait();
  return since(start);
}

// Binds inputs, and outputs as large as those of the last run, to memory of the device.
void keep_on_device(Session& session, const std::string& device, std::span<const NamedInput> named) {
  const Outputs last = session.run(named);
  for (const NamedInput& input : named) session.bind_input(input.name, DeviceTensor::of(device, input.value.tensor));
  for (size_t i = 0; i < last.size(); ++i) {
    session.bind_output(last.name(i), DeviceTensor(device, last[i].dtype(), last[i].shape()));
  }
}

// Of a run, by the device's own clock. Reading it takes time of its own, so these are runs for nothing else.
double device_seconds(Session& session, RunInputs& inputs, double duration) {
  double sum = 0;
  size_t runs = 0;
  session.set_device_clock(&sum);
  for (const auto begin = Clock::now(); runs == 0 || since(begin) < duration; ++runs) run_once(session, inputs);
  session.set_device_clock(nullptr);
  return sum / static_cast<double>(runs);
}

Measurement measure(const Options& options) {
  if (options.resident && !(options.runs.states.empty() && options.runs.growth.empty())) {
    throw Error(ErrorCode::InvalidArgument, "--resident binds memory of fixed dims: not with --state or --grow");
  }
  const double duration = parse_duration(options.duration), warmup = parse_duration(options.warmup);
  Measurement result;
  auto start = Clock::now();
  const Model model = Model::load(options.model, load_options(options.common, options.runs));
  const double loaded = since(start);
  RunInputs inputs(model, options.common, read_inputs(model, options.files), options.runs);
  const ModelInputs& first = inputs.first();
  for (size_t i = 0; i < first.names.size(); ++i) result.inputs.emplace_back(first.names[i], first.values[i].str());

  start = Clock::now();
  Session session = compile_model(model, options.common);
  result.compile = since(start);
  result.load = loaded + result.compile;
  result.threads = session.threads();
  result.fallbacks = find_fallbacks(session.plan());
  result.inner_copies = inner_copies(session.plan());
  warn_of_fallbacks(options, result);
  inputs.tie_states(session);
  result.first_run = run_once(session, inputs);
  if (options.resident) {
    keep_on_device(session, options.common.device, inputs.next(session));
    inputs.give_none();
  }
  for (start = Clock::now(); since(start) < warmup; ++result.warmup_runs) run_once(session, inputs);

  Progress progress("bench", !options.common.quiet);
  const auto begin = Clock::now();
  do {
    result.runs.add(run_once(session, inputs));
    progress.show(since(begin) / duration);
  } while (since(begin) < duration);
  if (session.plan().device() != nullptr) result.device = device_seconds(session, inputs, duration / 5);
  result.seconds = result.runs.mean() * static_cast<double>(result.runs.count());
  result.peak_resident = memory().peak_resident;
  result.arena = session.arena_bytes();
  return result;
}

void print_text(const Options& options, const Measurement& of) {
  const auto sorted = of.runs.sorted();
  const auto at = [&](double part) { return format_seconds(percentile(sorted, part)); };
  Table table({{""}, {""}});
  table.add({"model", options.model});
  table.add({"device", fmt::format("{} ({}), {} thread{}", options.common.device, isas()[isa_choice().index].name,
                                   of.threads, of.threads == 1 ? "" : "s")});
  for (const auto& [name, type] : of.inputs) table.add({"input", name + " " + type});
  table.add({"load", fmt::format("{}, first run {}", format_seconds(of.load), format_seconds(of.first_run))});
  table.add({"latency", fmt::format("p50 {}, p5 {}, p90 {}, p99 {}, mean {}", at(0.5), at(0.05), at(0.9), at(0.99),
                                    format_seconds(of.runs.mean()))});
  if (of.device > 0) {
    table.add(
        {"on the device", fmt::format("{}, mean; {} steps on the CPU", format_seconds(of.device), fallback_steps(of))});
  }
  table.add({"throughput", fmt::format("{:.6g} runs/s over {} runs", static_cast<double>(of.runs.count()) / of.seconds,
                                       of.runs.count())});
  table.add({"memory", fmt::format("peak {}, arena {}", format_bytes(of.peak_resident), format_bytes(of.arena))});
  table.print();
}

Json to_json(const Options& options, const Measurement& of) {
  const auto sorted = of.runs.sorted();
  const auto us = [&](double part) { return percentile(sorted, part) * 1e6; };
  Json inputs = Json::object();
  for (const auto& [name, type] : of.inputs) inputs[name] = type;
  Json json = {{"model", options.model},
               {"device", options.common.device},
               {"isa", isas()[isa_choice().index].name},
               {"threads", of.threads},
               {"resident", options.resident},
               {"inputs", inputs},
               {"load_ms", of.load * 1e3},
               {"compile_ms", of.compile * 1e3},
               {"first_run_ms", of.first_run * 1e3},
               {"warmup_runs", of.warmup_runs},
               {"runs", of.runs.count()},
               {"duration_s", of.seconds},
               {"runs_per_s", static_cast<double>(of.runs.count()) / of.seconds},
               {"mean_us", of.runs.mean() * 1e6},
               {"min_us", of.runs.min() * 1e6},
               {"p5_us", us(0.05)},
               {"p50_us", us(0.5)},
               {"p90_us", us(0.9)},
               {"p99_us", us(0.99)},
               {"max_us", of.runs.max() * 1e6},
               {"peak_rss_bytes", of.peak_resident},
               {"arena_bytes", of.arena}};
  if (options.common.device == "cpu") return json;
  json["device_us"] = of.device * 1e6;
  json["cpu_steps"] = of.fallbacks;
  json["inner_copies"] = of.inner_copies;
  return json;
}

int run(const Options& options) {
  const Measurement measurement = measure(options);
  if (options.common.json) {
    print_json(to_json(options, measurement));
  } else {
    print_text(options, measurement);
  }
  return kOk;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Latency and throughput of a model");
  add_model_argument(*command, options->model);
  add_input_option(*command, options->files);
  command->add_option("--duration", options->duration, "How long to measure")->capture_default_str();
  command->add_option("--warmup", options->warmup, "How long to run before")->capture_default_str();
  add_run_options(*command, options->runs);
  command->add_flag("--resident", options->resident, "Inputs and outputs stay in memory of the device");
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
