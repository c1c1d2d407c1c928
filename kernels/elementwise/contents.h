// What inference knows of elementwise results: dims by broadcasting, and elements of small integer tensors as
// expressions.
#pragma once

#include "graph/infer_context.h"

namespace mica {

/// The result of a function on two elements; nullopt when it is not the same for all values of the symbols. It may
/// throw Error where the result is no number (overflow, division by zero).
using DimFunction = std::optional<Dim> (*)(const Dim& a, const Dim& b);

/// f(f(x0, x1), x2)... of the contents of all inputs, broadcast to `dims`, as elements of the given type; nullopt when
/// they are not all known.
std::optional<Dims> folded_contents(const InferContext& ctx, const Dims& dims, DType dtype, DimFunction f);

/// States type, dims and, where they are known, the folded contents of output 0. `f` may be null.
void set_result(InferContext& ctx, DType dtype, std::optional<Dims> dims, DimFunction f);

/// The elements where they certainly are elements of the type: wrapped around they are not followed.
std::optional<Dims> fitting(std::optional<Dims> contents, DType dtype);

/// Of each pair of elements the one that its condition names; nullopt when one of these is not known.
std::optional<Dims> chosen_contents(const Dims& condition, const Dims& a, const Dims& b);

/// 1 or 0 where it is known for all values of the symbols which one.
std::optional<Dim> decide_equal(const Dim& a, const Dim& b);
std::optional<Dim> decide_less(const Dim& a, const Dim& b);
std::optional<Dim> decide_less_equal(const Dim& a, const Dim& b);
std::optional<Dim> decide_not(std::optional<Dim> truth);
std::optional<Dim> decide_and(const Dim& a, const Dim& b);
std::optional<Dim> decide_or(const Dim& a, const Dim& b);
std::optional<Dim> decide_xor(const Dim& a, const Dim& b);

}  // namespace mica
