// Inference that many operators share.
#pragma once

#include <functional>

#include "graph/infer_context.h"

namespace mica {

using InferRule = std::function<void(InferContext&)>;

/// Output 0 has the type of this input.
InferRule same_as(size_t input = 0);
/// Output 0 has the dims of this input and this dtype.
InferRule same_dims(DType dtype, size_t input = 0);
/// Output 0 has the broadcast dims of all inputs and the dtype of input 0, which all inputs must have.
InferRule broadcast_all();
/// As `broadcast_all` with a fixed dtype (comparisons give bool).
InferRule broadcast_to(DType dtype);

/// The broadcast dims of all inputs from `first` on; nullopt when one's rank is unknown.
std::optional<Dims> broadcast_inputs(const InferContext& ctx, size_t first = 0);

/// Throws unless inputs a and b (where present) have the same dtype.
void same_dtype(const InferContext& ctx, size_t a, size_t b);

/// Contents of input `i` broadcast to `dims`, row-major; nullopt when not known or the dims are not constant.
std::optional<Dims> broadcast_contents(const InferContext& ctx, size_t i, const Dims& dims);

}  // namespace mica
