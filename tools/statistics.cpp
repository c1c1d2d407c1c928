#include "tools/statistics.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/unaligned.h"
#include "tools/compare_values.h"

namespace mica::tools {

ElementStatistics element_statistics(const Tensor& given) {
  const Tensor tensor = aligned(given);
  ElementStatistics result;
  if (tensor.dtype() == DType::String) return result;
  double sum = 0;
  size_t count = 0;
  for (const double value : to_doubles(tensor)) {
    if (std::isnan(value)) {
      ++result.nans;
      continue;
    }
    result.min = std::min(result.min.value_or(value), value);
    result.max = std::max(result.max.value_or(value), value);
    sum += value;
    ++count;
  }
  if (count > 0) result.mean = sum / static_cast<double>(count);
  return result;
}

double percentile(std::span<const double> sorted, double part) {
  const double at = part * static_cast<double>(sorted.size() - 1);
  const size_t low = static_cast<size_t>(at), high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

void Reservoir::add(double sample) {
  min_ = count_ == 0 ? sample : std::min(min_, sample);
  max_ = count_ == 0 ? sample : std::max(max_, sample);
  sum_ += sample;
  ++count_;
  if (samples_.size() < capacity_) {
    samples_.push_back(sample);
    return;
  }
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  const size_t at = (random_ >> 33) % count_;
  if (at < capacity_) samples_[at] = sample;
}

std::vector<double> Reservoir::sorted() const {
  std::vector<double> result = samples_;
  std::ranges::sort(result);
  return result;
}

}  // namespace mica::tools
