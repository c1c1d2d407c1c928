#include "tools/kernels/measure.h"

#include <algorithm>

#include "tools/statistics.h"

namespace mica::tools {
namespace {

constexpr double kBatch = 1e-3;  // seconds
constexpr size_t kLeastBatches = 3;

struct Series {
  KernelCandidate* candidate;
  KernelTime* time;
  int64_t batch;
  double spent = 0;
  std::vector<double> samples = {};  ///< seconds a run

  bool is_done(double duration) const { return spent >= duration && samples.size() >= kLeastBatches; }
};

}  // namespace

double kernel_bytes(const KernelProblem& problem, const Tensor& output) {
  if (problem.bytes > 0) return problem.bytes;
  size_t bytes = output.bytes();
  for (const Tensor& input : problem.inputs) bytes += input.defined() ? input.bytes() : 0;
  return static_cast<double>(bytes);
}

int64_t runs_of_a_batch(KernelCandidate& candidate, ThreadPool& threads) {
  const double once = candidate.time(threads, 1);
  const double some = once < kBatch / 16 ? candidate.time(threads, 8) / 8 : once;
  return std::max<int64_t>(1, static_cast<int64_t>(kBatch / std::max(some, 1e-8)));
}

KernelMeasurement measure_candidates(const KernelProblem& problem, const KernelCandidates& candidates,
                                     ThreadPool& threads, double duration, Peaks& peaks) {
  KernelMeasurement result;
  result.times.resize(candidates.all.size());
  std::vector<Series> open;
  for (size_t i = 0; i < candidates.all.size(); ++i) {
    KernelCandidate& candidate = *candidates.all[i];
    KernelTime& time = result.times[i];
    candidate.run(threads);
    time.error = largest_error(problem, candidate.output());
    time.wrong = !(time.error <= problem.tolerance);
    if (time.wrong) continue;
    open.push_back({&candidate, &time, runs_of_a_batch(candidate, threads)});
  }
  peaks.measure_bytes();
  peaks.measure_operations(10);
  while (!open.empty()) {
    for (Series& series : open) {
      const double taken = series.candidate->time(threads, series.batch);
      series.spent += taken;
      series.samples.push_back(taken / static_cast<double>(series.batch));
      series.time->runs += static_cast<size_t>(series.batch);
    }
    peaks.measure_operations(1);
    std::erase_if(open, [&](Series& series) {
      if (!series.is_done(duration)) return false;
      std::ranges::sort(series.samples);
      series.time->best = series.samples.front();
      series.time->median = percentile(series.samples, 0.5);
      return true;
    });
  }
  result.operations = peaks.operations;
  result.bytes = peaks.bytes;
  return result;
}

}  // namespace mica::tools
