// The families of `mica kernels` (tools/kernels) under Google Benchmark: every candidate at the family's usual shapes,
// as
// `--benchmark_filter=^gemm/128x768x768/avx2/threads:1$`. `of_peak` is the best batch of about 1 ms against the best
// peak measured between the batches, so that a busy or throttled machine does not blur it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "kernels/simd/isa.h"
#include "tools/kernels/measure.h"

namespace mica::tools {
namespace {

using Clock = std::chrono::steady_clock;

// A problem is kept while benchmarks of it follow one another.
struct Prepared {
  KernelRequest request;
  KernelProblem problem;
  KernelCandidates candidates;
};

Prepared& prepare(const KernelFamily& family, const std::string& shape) {
  static std::unique_ptr<Prepared> last;
  static std::string name;
  if (const std::string wanted = std::string(family.name) + "/" + shape; name != wanted) {
    name = wanted;
    last = std::make_unique<Prepared>(Prepared{parse_kernel_request(family, shape, DType::F32), {}, {}});
    last->problem = family.make(last->request);
    last->candidates = make_candidates(family, last->request, last->problem, {});
  }
  return *last;
}

void run(benchmark::State& state, const KernelFamily& family, const std::string& shape, const std::string& name,
         int thread_count) {
  Prepared& of = prepare(family, shape);
  const auto found = std::ranges::find(of.candidates.all, name, [](const auto& candidate) { return candidate->name; });
  if (found == of.candidates.all.end()) return state.SkipWithError("no such candidate");
  KernelCandidate& candidate = **found;
  ThreadPool threads(thread_count);
  candidate.run(threads);
  if (!(largest_error(of.problem, candidate.output()) <= of.problem.tolerance)) return state.SkipWithError("wrong");
  const int64_t batch = runs_of_a_batch(candidate, threads);
  CpuPeaks peaks(threads);
  double best = 0;  // runs a second
  for (auto _ : state) {
    const auto start = Clock::now();
    for (int64_t i = 0; i < batch; ++i) candidate.run(threads);
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(batch);
    state.SetIterationTime(seconds);
    best = std::max(best, 1 / seconds);
    peaks.measure_operations(1);
  }
  state.counters["best_us"] = 1e6 / best;
  state.counters["GB/s"] = kernel_bytes(of.problem, candidate.output()) * best * 1e-9;
  if (of.problem.operations == 0) return;
  state.counters["GFLOP/s"] = of.problem.operations * best * 1e-9;
  state.counters["of_peak"] = of.problem.operations * best / peaks.operations;
}

void add(const KernelFamily& family, const std::string& shape, const std::string& candidate) {
  for (const int threads : {1, 2}) {
    const std::string name =
        std::string(family.name) + "/" + shape + "/" + candidate + "/threads:" + std::to_string(threads);
    benchmark::RegisterBenchmark(name.c_str(),
                                 [&family, shape, candidate, threads](benchmark::State& state) {
                                   run(state, family, shape, candidate, threads);
                                 })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace
}  // namespace mica::tools

int main(int argc, char** argv) {
  using namespace mica;
  for (const tools::KernelFamily& family : tools::kernel_families()) {
    for (const std::string_view shape : family.shapes) {
      for (const Isa& isa : isas()) {
        if (lacking(isa).empty()) tools::add(family, std::string(shape), std::string(isa.name));
      }
      for (const tools::KernelPeer& peer : family.peers) tools::add(family, std::string(shape), peer.name);
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
