// mica bench: latency and throughput of a model.
#include <fmt/core.h>

#include <chrono>

#include "kernels/simd/isa.h"
#include "runtime/base/os.h"
#include "runtime/placement.h"
#include "tools/command.h"
#include "tools/inputs/model_inputs.h"
#include "tools/print.h"
#include "tools/progress.h"
#include "tools/statistics.h"

namespace mica::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Samples kept for the percentiles; few enough not to count in the memory that is reported.
constexpr size_t kSamples = 1 << 15;

struct Options {
  CommonOptions common;
  std::string model;
  std::vector<std::string> files;
  std::string duration = "2s", warmup = "200ms";
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
  std::vector<std::pair<std::string, std::string>> inputs;  ///< name and type
};

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

Measurement measure(const Options& options) {
  const double duration = parse_duration(options.duration), warmup = parse_duration(options.warmup);
  Measurement result;
  auto start = Clock::now();
  const Model model = Model::load(options.model, load_options(options.common));
  const double loaded = since(start);
  const ModelInputs inputs = make_inputs(model, options.common, read_inputs(model, options.files));
  for (size_t i = 0; i < inputs.names.size(); ++i) result.inputs.emplace_back(inputs.names[i], inputs.values[i].str());
  const std::vector<NamedInput> named = inputs.named();

  start = Clock::now();
  Session session = compile_model(model, options.common);
  result.compile = since(start);
  result.load = loaded + result.compile;
  result.threads = session.threads();
  if (const size_t copies = inner_copies(session.plan()); copies > 0) {
    note(options.common,
         fmt::format("{} values are copied between {} and the CPU in the middle of a run: see mica plan", copies,
                     options.common.device));
  }
  start = Clock::now();
  session.run(named);
  result.first_run = since(start);
  for (start = Clock::now(); since(start) < warmup; ++result.warmup_runs) session.run(named);

  Progress progress("bench", !options.common.quiet);
  const auto begin = Clock::now();
  do {
    start = Clock::now();
    session.run(named);
    result.runs.add(since(start));
    progress.show(since(begin) / duration);
  } while (since(begin) < duration);
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
  return {{"model", options.model},
          {"device", options.common.device},
          {"isa", isas()[isa_choice().index].name},
          {"threads", of.threads},
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
  add_model_options(*command, options->common);
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
