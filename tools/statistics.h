// What is worth knowing of many numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime/base/tensor.h"

namespace mica::tools {

/// Of a tensor's elements. `min`, `max` and `mean` leave NaNs out and are absent when nothing is left.
struct ElementStatistics {
  std::optional<double> min, max, mean;
  size_t nans = 0;
};
/// Zero statistics for strings.
ElementStatistics element_statistics(const Tensor& tensor);

/// The value below which the fraction `part` of the values lies, between neighbours linearly; `sorted` is not empty.
double percentile(std::span<const double> sorted, double part);

/// Of any number of samples, a fixed number: each of them equally likely (Vitter's algorithm R).
class Reservoir {
 public:
  explicit Reservoir(size_t capacity) : capacity_(capacity) { samples_.reserve(capacity); }

  void add(double sample);
  size_t count() const { return count_; }
  double mean() const { return sum_ / static_cast<double>(count_); }
  double min() const { return min_; }
  double max() const { return max_; }
  std::vector<double> sorted() const;

 private:
  size_t capacity_, count_ = 0;
  double sum_ = 0, min_ = 0, max_ = 0;
  uint64_t random_ = 0x853c49e6748fea9b;
  std::vector<double> samples_;
};

}  // namespace mica::tools
