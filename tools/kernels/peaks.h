// What the machine at hand can do at most, for kernels to be measured by.
#pragma once

namespace mica {
class ThreadPool;  // backends/cpu/thread_pool.h
}

namespace mica::tools {

/// The best seen so far, by all threads of a pool together. Measured again and again between the kernels, so that a
/// machine whose speed drifts treats all alike.
class Peaks {
 public:
  double operations = 0;  ///< multiply-adds of floats, counted twice, a second
  double bytes = 0;       ///< read from memory a second; 0 until measured

  /// About 0.1 ms a try.
  void measure_operations(ThreadPool& threads, int tries = 1);
  /// Reads more than any cache holds in pieces, the fastest of which counts: about 30 ms. Takes 256 MiB of memory, or a
  /// quarter of what is left.
  void measure_bytes(ThreadPool& threads);
};

}  // namespace mica::tools
