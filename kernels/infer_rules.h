// Inference that many operators share.
#pragma once

#include <cstdint>

#include "graph/infer_context.h"

namespace mica {

/// Inference that needs no parameters: a function, and what tells its uses apart.
struct InferRule {
  void (*infer)(InferContext& ctx, const InferRule& rule);
  uint32_t input = 0;
  DType dtype = DType::Undefined;
};

void infer_same_type(InferContext& ctx, const InferRule& rule);
void infer_same_dims(InferContext& ctx, const InferRule& rule);
void infer_broadcast(InferContext& ctx, const InferRule& rule);

/// Output 0 has the type of this input.
constexpr InferRule same_as(uint32_t input = 0) {
  return {infer_same_type, input};
}
/// Output 0 has the dims of this input and this dtype.
constexpr InferRule same_dims(DType dtype, uint32_t input = 0) {
  return {infer_same_dims, input, dtype};
}
/// Output 0 has the broadcast dims of all inputs and the dtype of input 0, which all inputs must have.
constexpr InferRule broadcast_all() {
  return {infer_broadcast};
}
/// As `broadcast_all` with a fixed dtype (comparisons give bool).
constexpr InferRule broadcast_to(DType dtype) {
  return {infer_broadcast, 0, dtype};
}

/// The broadcast dims of all inputs from `first` on; nullopt when one's rank is unknown.
std::optional<Dims> broadcast_inputs(const InferContext& ctx, size_t first = 0);

/// Throws unless inputs a and b (where present) have the same dtype.
void same_dtype(const InferContext& ctx, size_t a, size_t b);

/// Contents of input `i` broadcast to `dims`, row-major; nullopt when not known or the dims are not constant.
std::optional<Dims> broadcast_contents(const InferContext& ctx, size_t i, const Dims& dims);

}  // namespace mica
