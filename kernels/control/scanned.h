// What the iterations of a loop add to its scan outputs.
#pragma once

#include <span>
#include <vector>

#include "kernels/operands.h"

namespace mica {

class Scanned {
 public:
  explicit Scanned(size_t outputs) : values_(outputs) {}

  size_t size() const { return values_.size(); }

  /// One value for each scan output.
  void add(std::span<const Datum> values);

  /// Scan output `k`: its values stacked along a new axis, the last one first when `reversed`. When there was no
  /// iteration, an empty tensor of the type of the body's output `body_output`.
  Tensor joined(const Operands& io, size_t k, int64_t axis, bool reversed, size_t body_output) const;

 private:
  std::vector<std::vector<Datum>> values_;
};

}  // namespace mica
