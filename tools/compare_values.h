// Whether two results agree.
#pragma once

#include <string>

#include "runtime/base/tensor.h"

namespace mica::tools {

/// |actual - expected| <= atol + rtol * |expected|, as numpy.testing.assert_allclose has it.
struct Tolerance {
  double rtol = 1e-3, atol = 1e-7;
};

/// How far apart two tensors are.
struct Difference {
  int64_t elements = 0, mismatches = 0;
  double max_abs = 0, max_rel = 0;
  int64_t worst = -1;        ///< flat index of the largest excess over the tolerance
  std::string incomparable;  ///< why there is nothing to compare: another type or shape
  std::string text;          ///< one line for people; empty when they agree

  bool agrees() const { return text.empty(); }
};

/// Floats within the tolerance (NaN equals NaN, infinities of one sign are equal); all else exactly.
Difference compare(const Tensor& expected, const Tensor& actual, const Tolerance& tolerance);

/// The same for sequences, optionals and maps. Empty when they agree, else the first difference.
std::string compare(const Datum& expected, const Datum& actual, const Tolerance& tolerance);

/// Elements of any numeric type as doubles (a complex number as two); for printing and statistics.
std::vector<double> to_doubles(const Tensor& tensor);

}  // namespace mica::tools
