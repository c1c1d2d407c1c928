// Inputs that hold dims, axes, indices or counts: what inference knows of them and how kernels read them.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "graph/infer_context.h"
#include "kernels/operands.h"

namespace mica {

/// The dims that an integer vector input holds: as expressions where its contents are known, `unknown()` for each
/// where only its length is, and nullopt when not even that. `floor` is the least number that an element may be.
std::optional<Dims> dims_from_input(const InferContext& ctx, size_t input, std::string_view what, int64_t floor = 0);

/// How many elements a vector input has; nullopt when not known. Fails for another rank than 0 or 1.
std::optional<int64_t> vector_length(const InferContext& ctx, size_t input, std::string_view what);

/// `rank` dims that only the run can tell.
Dims unknown_dims(const InferContext& ctx, size_t rank);

/// Axes counted from the front; fails for one out of range or given twice.
std::vector<size_t> distinct_axes(const InferContext& ctx, std::span<const int64_t> axes, size_t rank);

/// The elements of a constant as expressions; nullopt when it is no short tensor of integers or booleans.
std::optional<Dims> contents_of(const Tensor& tensor);

/// Element `i` of an int32 or int64 tensor.
inline int64_t integer_at(const Tensor& tensor, int64_t i) {
  return tensor.dtype() == DType::I32 ? tensor.data<int32_t>()[i] : tensor.data<int64_t>()[i];
}

/// The only element of a tensor, which must be int32 or int64 and have exactly one.
int64_t single_integer(const Tensor& tensor, std::string_view what);

/// Throws unless the tensor is int32 or int64 and has `count` elements.
void check_integers(const Tensor& tensor, int64_t count, std::string_view what);

}  // namespace mica
