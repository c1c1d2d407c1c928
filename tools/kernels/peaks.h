// What the machine at hand can do at most, for kernels to be measured by.
#pragma once

namespace mica {
class ThreadPool;  // backends/cpu/thread_pool.h
}

namespace mica::tools {

/// The best seen so far. Measured again and again between the kernels, so that a machine whose speed drifts treats all
/// alike.
class Peaks {
 public:
  virtual ~Peaks() = default;

  double operations = 0;  ///< multiply-adds, counted twice, a second
  double bytes = 0;       ///< moved to or from memory a second; 0 until measured

  virtual void measure_operations(int tries) = 0;
  virtual void measure_bytes() = 0;
};

/// Of all threads of a pool together: multiply-adds of floats, and reading.
class CpuPeaks : public Peaks {
 public:
  explicit CpuPeaks(ThreadPool& threads) : threads_(threads) {}

  /// About 0.1 ms a try.
  void measure_operations(int tries) override;
  /// Reads more than any cache holds in pieces, the fastest of which counts: about 30 ms. Takes 256 MiB of memory, or a
  /// quarter of what is left.
  void measure_bytes() override;

 private:
  ThreadPool& threads_;
};

}  // namespace mica::tools
