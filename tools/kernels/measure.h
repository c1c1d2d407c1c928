// Times of candidates beside the peaks of the machine.
#pragma once

#include <string>
#include <vector>

#include "tools/kernels/candidate.h"
#include "tools/kernels/peaks.h"

namespace mica::tools {

struct KernelTime {
  double error = 0;             ///< `largest_error`
  bool wrong = false;           ///< more than the problem tolerates: not timed
  double median = 0, best = 0;  ///< seconds a run
  size_t runs = 0;
};

struct KernelMeasurement {
  double operations = 0, bytes = 0;  ///< the peaks, a second
  std::vector<KernelTime> times;     ///< one a candidate
};

/// What has to be read and written at least.
double kernel_bytes(const KernelProblem& problem, const Tensor& output);

/// As many as take about 1 ms, at least one.
int64_t runs_of_a_batch(KernelCandidate& candidate, ThreadPool& threads);

/// Checks each candidate, then runs them in turn, in batches of about 1 ms, until each has run for `duration` seconds.
/// The peak of operations is measured between the batches.
KernelMeasurement measure_candidates(const KernelProblem& problem, const KernelCandidates& candidates,
                                     ThreadPool& threads, double duration, Peaks& peaks);

}  // namespace mica::tools
