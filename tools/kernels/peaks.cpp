#include "tools/kernels/peaks.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "kernels/reduce/reduce_simd.h"
#include "kernels/simd/peak_simd.h"
#include "runtime/base/os.h"

namespace mica::tools {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// More than any cache holds.
size_t most_bytes() {
  constexpr size_t kBytes = size_t{256} << 20;
  const size_t available = memory().available;
  return available == 0 ? kBytes : std::min(kBytes, available / 4);
}

}  // namespace

void CpuPeaks::measure_operations(int tries) {
  constexpr int64_t kRounds = 20000;
  const PeakKernels& kernels = peak_kernels();
  for (int i = 0; i < tries; ++i) {
    std::atomic<int64_t> count = 0;
    const auto start = Clock::now();
    threads_.parallel_for(threads_.threads(), 1, [&](int64_t begin, int64_t end) {
      for (; begin < end; ++begin) {
        float sums[PeakKernels::kSums] = {};
        count += kernels.multiply_add(kRounds, sums);
      }
    });
    operations = std::max(operations, static_cast<double>(count) / since(start));
  }
}

void CpuPeaks::measure_bytes() {
  constexpr int kPasses = 2;
  static const std::vector<float> data(most_bytes() / sizeof(float), 1.0f);
  const auto loop = reduce_kernels().f32.sum.row;
  const auto piece = static_cast<int64_t>(threads_.threads()) << 20;  // 4 MiB a thread
  for (int64_t first = 0; first + piece <= kPasses * static_cast<int64_t>(data.size()); first += piece) {
    const int64_t from = first % (static_cast<int64_t>(data.size()) - piece + 1);
    std::atomic<double> sum = 0;  // of use to nobody, but then the reads must happen
    const auto start = Clock::now();
    threads_.parallel_for(piece, 1 << 16, [&](int64_t begin, int64_t end) {
      sum = sum + loop(data.data() + from + begin, end - begin, 0);
    });
    bytes = std::max(bytes, static_cast<double>(piece) * sizeof(float) / since(start));
  }
}

}  // namespace mica::tools
