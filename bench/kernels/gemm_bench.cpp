// Products of float matrices. Prints the peak of multiply-adds first; `of_peak` of every benchmark is its best
// repetition, of batches of about 1 ms, against a peak measured between them, so that a busy or throttled machine does
// not blur it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "backends/cpu/thread_pool.h"
#include "bench/kernels/peak.h"
#include "kernels/matmul/gemm.h"
#include "kernels/simd/isa.h"

namespace mica {
namespace {

using Clock = std::chrono::steady_clock;

enum class Right { Packed, Rows, Columns };  // as `pack` writes it; a row-major matrix; one that is transposed

struct Case {
  const char* name;
  int64_t m, n, k;
  Right right;
  int threads;
};

class Floats {
 public:
  explicit Floats(int64_t count)
      : data_(static_cast<float*>(std::aligned_alloc(64, static_cast<size_t>(count * 4 + 63) / 64 * 64)), std::free) {
    for (int64_t i = 0; i < count; ++i) data_.get()[i] = static_cast<float>(i * 37 % 101) * 0.01f - 0.5f;
  }
  float* get() const { return data_.get(); }

 private:
  std::unique_ptr<float, void (*)(void*)> data_;
};

void run(benchmark::State& state, const Case& x) {
  const Floats a(x.m * x.k), b(x.k * x.n), c(x.m * x.n), packed(packed_elements(x.k, x.n));
  Product p{x.m, x.n, x.k, {a.get(), x.k, 1}};
  p.b = x.right == Right::Columns ? Matrix<const float>{b.get(), 1, x.k} : Matrix<const float>{b.get(), x.n, 1};
  if (x.right == Right::Packed) {
    pack(p.b, x.k, x.n, packed.get());
    p.packed_b = packed.get();
  }
  p.c = c.get();
  p.c_row = x.n;
  ThreadPool threads(x.threads);
  const Floats scratch(scratch_elements(p, x.threads) + 1);
  const double operations = 2.0 * static_cast<double>(x.m * x.n * x.k);
  const int batch = static_cast<int>(std::max(1.0, 5e7 / operations));
  double best = 0, peak = peak_operations(1);
  for (auto _ : state) {
    const auto begin = Clock::now();
    for (int i = 0; i < batch; ++i) gemm(threads, p, scratch.get());
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    state.SetIterationTime(seconds);
    best = std::max(best, operations * batch / seconds);
    peak = std::max(peak, peak_operations(1));
  }
  state.counters["GFLOP/s"] = best * 1e-9;
  state.counters["us"] = operations / best * 1e6;
  state.counters["of_peak"] = best / (peak * x.threads);
}

constexpr Case kCases[] = {
    {"bert_square", 128, 768, 768, Right::Packed, 1},
    {"bert_up", 128, 3072, 768, Right::Packed, 1},
    {"bert_down", 128, 768, 3072, Right::Packed, 1},
    {"packed", 96, 512, 512, Right::Packed, 1},
    {"packed", 512, 512, 512, Right::Packed, 1},
    {"packed", 1024, 1024, 1024, Right::Packed, 1},
    {"bert_square", 128, 768, 768, Right::Packed, 2},
    {"bert_up", 128, 3072, 768, Right::Packed, 2},
    {"bert_down", 128, 768, 3072, Right::Packed, 2},
    {"rows", 512, 512, 512, Right::Rows, 1},
    {"columns", 512, 512, 512, Right::Columns, 1},
    {"scores", 128, 128, 64, Right::Columns, 1},
    {"values", 128, 64, 128, Right::Rows, 1},
    {"few_rows", 16, 768, 768, Right::Packed, 1},
    {"few_rows", 4, 768, 768, Right::Packed, 1},
    {"one_row", 1, 768, 768, Right::Packed, 1},
    {"one_row", 1, 4096, 4096, Right::Packed, 1},
    {"one_row", 1, 4096, 4096, Right::Packed, 2},
    {"one_row", 1, 128, 64, Right::Columns, 1},
    {"toy", 128, 32, 32, Right::Packed, 1},
    {"toy", 128, 128, 32, Right::Packed, 1},
    {"small", 64, 64, 64, Right::Rows, 1},
    {"small", 32, 32, 32, Right::Rows, 1},
    {"small", 16, 16, 16, Right::Rows, 1},
    {"small", 8, 8, 8, Right::Rows, 1},
};

}  // namespace
}  // namespace mica

int main(int argc, char** argv) {
  using namespace mica;
  std::printf("%s: peak %.1f GFLOP/s a core\n", std::string(isas()[isa_choice().index].name).c_str(),
              peak_operations(200) * 1e-9);
  for (const Case& x : kCases) {
    const std::string name = std::string(x.name) + "/" + std::to_string(x.m) + "x" + std::to_string(x.n) + "x" +
                             std::to_string(x.k) + "/threads:" + std::to_string(x.threads);
    benchmark::RegisterBenchmark(name.c_str(), [&x](benchmark::State& state) { run(state, x); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
