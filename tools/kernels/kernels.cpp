// mica kernels: micro-benchmarks of every candidate of a family of kernels at given shapes.
#include <fmt/core.h>

#include "backends/backend.h"
#include "backends/cpu/features.h"
#include "kernels/simd/isa.h"
#include "runtime/base/os.h"
#include "tools/command.h"
#include "tools/kernels/device_candidate.h"
#include "tools/kernels/measure.h"
#include "tools/print.h"
#include "tools/progress.h"

namespace mica::tools {
namespace {

struct Options {
  std::string family;
  std::vector<std::string> shapes, isas;
  std::vector<int> threads = {1};
  std::string dtype = "f32", duration = "200ms";
  std::string device = "cpu";
  bool list = false, json = false, quiet = false, cold = false;
};

// A problem that has been measured.
struct Row {
  const KernelRequest& request;
  const KernelProblem& problem;
  const KernelCandidates& candidates;
  const KernelMeasurement& measured;
  int threads;
  std::string device;

  std::string place() const {
    return device == "cpu" ? fmt::format("{} thread{}", threads, threads == 1 ? "" : "s") : device;
  }

  double gflops(const KernelTime& time) const { return problem.operations / time.best * 1e-9; }
  double of_peak(const KernelTime& time) const { return problem.operations / time.best / measured.operations; }
  double bytes_per_second(const KernelTime& time) const {
    return kernel_bytes(problem, candidates.all.front()->output()) / time.best;
  }
  double of_bandwidth(const KernelTime& time) const { return bytes_per_second(time) / measured.bytes; }
};

void print_text(const Row& row, const KernelFamily& family) {
  fmt::print("{} {} {}, {}: peak {:.1f} GFLOP/s, memory {:.1f} GB/s\n", family.name, row.request.text,
             name(row.request.dtype), row.place(), row.measured.operations * 1e-9, row.measured.bytes * 1e-9);
  using enum Table::Align;
  Table table({{""},
               {"candidate"},
               {"median", Right},
               {"best", Right},
               {"GFLOP/s", Right},
               {"of peak", Right},
               {"GB/s", Right},
               {"of memory", Right},
               {"error", Right}});
  for (size_t i = 0; i < row.candidates.all.size(); ++i) {
    const KernelCandidate& candidate = *row.candidates.all[i];
    const KernelTime& time = row.measured.times[i];
    std::vector<std::string> cells = {candidate.picked ? "pick" : "", candidate.name};
    if (time.wrong) {
      cells.insert(cells.end(), {"wrong", "", "", "", "", ""});
    } else {
      const bool counted = row.problem.operations > 0;
      cells.insert(cells.end(), {format_seconds(time.median), format_seconds(time.best),
                                 counted ? fmt::format("{:.1f}", row.gflops(time)) : "-",
                                 counted ? fmt::format("{:.1f} %", row.of_peak(time) * 100) : "-",
                                 fmt::format("{:.1f}", row.bytes_per_second(time) * 1e-9),
                                 fmt::format("{:.0f} %", row.of_bandwidth(time) * 100)});
    }
    cells.push_back(fmt::format("{:.1e}", time.error));
    table.add(std::move(cells));
  }
  table.print();
  for (const auto& [who, why] : row.candidates.refusals) fmt::print("not {}: {}\n", who, why);
  fmt::print("\n");
}

Json to_json(const Row& row, const KernelFamily& family) {
  Json candidates = Json::array(), refused = Json::object();
  for (size_t i = 0; i < row.candidates.all.size(); ++i) {
    const KernelCandidate& candidate = *row.candidates.all[i];
    const KernelTime& time = row.measured.times[i];
    Json json = {{"name", candidate.name},
                 {"isa", candidate.isa},
                 {"pick", candidate.picked},
                 {"error", time.error},
                 {"wrong", time.wrong}};
    if (!time.wrong) {
      json["median_us"] = time.median * 1e6;
      json["best_us"] = time.best * 1e6;
      json["runs"] = time.runs;
      json["gb_s"] = row.bytes_per_second(time) * 1e-9;
      json["of_bandwidth"] = row.of_bandwidth(time);
    }
    if (!time.wrong && row.problem.operations > 0) {
      json["gflops"] = row.gflops(time);
      json["of_peak"] = row.of_peak(time);
    }
    candidates.push_back(std::move(json));
  }
  for (const auto& [who, why] : row.candidates.refusals) refused[who] = why;
  return {{"family", family.name},
          {"shape", row.request.text},
          {"dtype", name(row.request.dtype)},
          {"threads", row.threads},
          {"device", row.device},
          {"peak_gflops", row.measured.operations * 1e-9},
          {row.device == "cpu" ? "read_gb_s" : "copy_gb_s", row.measured.bytes * 1e-9},
          {"candidates", candidates},
          {"refused", refused}};
}

int list_families(const Options& options) {
  Table table({{"family"}, {"shape"}, {"types"}, {"measures"}});
  Json json = Json::array();
  for (const KernelFamily& family : kernel_families()) {
    table.add({std::string(family.name), std::string(family.form), family.types.str(), std::string(family.about)});
    json.push_back({{"family", family.name},
                    {"shape", family.form},
                    {"types", family.types.str()},
                    {"about", family.about},
                    {"shapes", family.shapes}});
  }
  if (options.json) {
    print_json(json);
  } else {
    table.print();
  }
  return kOk;
}

int run(const Options& options) {
  if (options.list) return list_families(options);
  if (options.family.empty()) {
    throw Error(ErrorCode::InvalidArgument, "which family of kernels? mica kernels --list shows them");
  }
  const KernelFamily& family = kernel_family(options.family);
  const DType dtype = kernel_dtype(family, options.dtype);
  const double duration = parse_duration(options.duration);
  std::vector<KernelRequest> requests;
  for (const std::string& text : options.shapes) requests.push_back(parse_kernel_request(family, text, dtype));
  if (requests.empty()) {
    for (const std::string_view text : family.shapes) requests.push_back(parse_kernel_request(family, text, dtype));
  }
  const auto device = options.device == "cpu" ? nullptr : open_device(options.device);
  const auto device_peaks = device == nullptr ? nullptr : std::make_unique<DevicePeaks>(device, dtype);
  const OperandMemory memory = options.cold ? OperandMemory::Cold : OperandMemory::Warm;
  if (device == nullptr && options.cold) throw Error(ErrorCode::InvalidArgument, "--cold is for devices");
  Json results = Json::array();
  bool wrong = false;
  Progress progress("kernels", !options.quiet);
  if (device != nullptr && options.threads.size() > 1) {
    throw Error(ErrorCode::InvalidArgument, "--threads is for the CPU");
  }
  const size_t all = requests.size() * options.threads.size();
  for (size_t i = 0; i < all; ++i) {
    const KernelRequest& request = requests[i / options.threads.size()];
    const KernelProblem problem = family.make(request);
    ThreadPool threads(device != nullptr ? 1 : options.threads[i % options.threads.size()]);
    const KernelCandidates candidates = device != nullptr ? make_device_candidates(problem, device, memory)
                                                          : make_candidates(family, request, problem, options.isas);
    CpuPeaks cpu_peaks(threads);
    Peaks& peaks = device_peaks != nullptr ? static_cast<Peaks&>(*device_peaks) : cpu_peaks;
    const KernelMeasurement measured = measure_candidates(problem, candidates, threads, duration, peaks);
    const Row row{request, problem, candidates, measured, threads.threads(), options.device};
    for (const KernelTime& time : measured.times) wrong = wrong || time.wrong;
    if (options.json) {
      results.push_back(to_json(row, family));
    } else {
      print_text(row, family);
    }
    progress.show(static_cast<double>(i + 1) / static_cast<double>(all));
  }
  if (options.json) {
    print_json({{"cpu", cpu_name()}, {"isa", isas()[isa_choice().index].name}, {"results", results}});
  }
  return wrong ? kNegative : kOk;
}

}  // namespace

void add_kernels(CLI::App& app, Action& action) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("kernels", "Times every kernel of a family at given shapes, beside the peaks");
  command->add_option("family", options->family, "gemm, softmax ...: --list shows them");
  command->add_option("shapes", options->shapes, "As --list says; without one, the family's usual shapes");
  command->add_flag("--list", options->list, "The families, and how their shapes are written");
  command->add_option("--dtype", options->dtype, "f32, bf16, f16, f64 or i8, as far as the family has it")
      ->capture_default_str();
  command->add_option("--isa", options->isas, "Only the loops of this instruction set, and no other library")
      ->allow_extra_args(false);
  command->add_option("--threads", options->threads, "How many; several, as 1,2, are measured one after the other")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--device", options->device, "Kernels of this device, such as cuda:0")->capture_default_str();
  command->add_flag("--cold", options->cold, "On a device: operands that its cache does not hold");
  command->add_option("--duration", options->duration, "How long to run each candidate")->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->add_flag("--quiet", options->quiet, "No progress on stderr");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace mica::tools
