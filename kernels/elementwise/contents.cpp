#include "kernels/elementwise/contents.h"

#include <limits>
#include <utility>

#include "kernels/infer_rules.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

// Symbols are taken to stand for numbers far from the bounds of int32: they make up shapes.
bool fits(const Dim& dim, DType dtype) {
  if (dtype == DType::I64 || (dtype == DType::I32 && !dim.is_constant())) return true;
  if (!dim.is_constant()) return false;
  if (dtype == DType::Bool) return dim.is(0) || dim.is(1);
  if (dtype == DType::U64) return dim.value() >= 0;
  bool fits = false;
  visit_dtype<int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t>(dtype, [&]<class T>() {
    fits = dim.value() >= std::numeric_limits<T>::min() && dim.value() <= std::numeric_limits<T>::max();
  });
  return fits;
}

bool negative(const Dim& dim) {
  return (-dim).lower_bound().value_or(0) > 0;
}

}  // namespace

std::optional<Dims> fitting(std::optional<Dims> contents, DType dtype) {
  if (!contents) return std::nullopt;
  for (const Dim& dim : *contents) {
    if (!fits(dim, dtype)) return std::nullopt;
  }
  return contents;
}

std::optional<Dims> folded_contents(const InferContext& ctx, const Dims& dims, DType dtype, DimFunction f) {
  auto result = broadcast_contents(ctx, 0, dims);
  for (size_t input = 1; input < ctx.inputs(); ++input) {
    const auto next = result ? broadcast_contents(ctx, input, dims) : std::nullopt;
    if (!next) return std::nullopt;
    try {
      for (size_t i = 0; i < next->size(); ++i) {
        auto element = f((*result)[i], (*next)[i]);
        if (!element) return std::nullopt;
        (*result)[i] = std::move(*element);
      }
    } catch (const Error&) {
      return std::nullopt;
    }
    result = fitting(std::move(result), dtype);
  }
  return result;
}

void set_result(InferContext& ctx, DType dtype, std::optional<Dims> dims, DimFunction f) {
  if (dims && f != nullptr) {
    if (auto known = folded_contents(ctx, *dims, dtype, f)) ctx.set_contents(0, std::move(*known));
  }
  ctx.set(0, dtype, std::move(dims));
}

std::optional<Dims> chosen_contents(const Dims& condition, const Dims& a, const Dims& b) {
  Dims result = a;
  for (size_t i = 0; i < result.size(); ++i) {
    if (a[i] == b[i]) continue;
    if (!condition[i].is_constant()) return std::nullopt;
    if (condition[i].is(0)) result[i] = b[i];
  }
  return result;
}

std::optional<Dim> decide_equal(const Dim& a, const Dim& b) {
  if (a == b) return 1;
  const Dim difference = a - b;
  if (difference.is_constant() || difference.lower_bound().value_or(0) > 0 || negative(difference)) return 0;
  return std::nullopt;
}

std::optional<Dim> decide_less(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (negative(difference)) return 1;
  if (difference.lower_bound().value_or(-1) >= 0) return 0;
  return std::nullopt;
}

std::optional<Dim> decide_less_equal(const Dim& a, const Dim& b) {
  return decide_not(decide_less(b, a));
}

std::optional<Dim> decide_not(std::optional<Dim> truth) {
  if (!truth || !truth->is_constant()) return std::nullopt;
  return truth->is(0) ? 1 : 0;
}

std::optional<Dim> decide_and(const Dim& a, const Dim& b) {
  if (a.is(0) || b.is(0)) return 0;
  if (a.is_constant() && b.is_constant()) return 1;
  return std::nullopt;
}

std::optional<Dim> decide_or(const Dim& a, const Dim& b) {
  if ((a.is_constant() && !a.is(0)) || (b.is_constant() && !b.is(0))) return 1;
  if (a.is(0) && b.is(0)) return 0;
  return std::nullopt;
}

std::optional<Dim> decide_xor(const Dim& a, const Dim& b) {
  if (!a.is_constant() || !b.is_constant()) return std::nullopt;
  return a.is(0) != b.is(0) ? 1 : 0;
}

}  // namespace mica
