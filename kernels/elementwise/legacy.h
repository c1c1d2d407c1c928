// Binary operators before version 7: B has A's dims, or with `broadcast` a run of them that begins at `axis`, without
// `axis` the last ones. A's dims are the result's.
#pragma once

#include "kernels/elementwise/binary.h"

namespace mica {

struct LegacyBroadcast {
  bool broadcast = false;
  std::optional<int64_t> axis;

  /// How many axes of A come after those that B covers.
  int64_t trailing(size_t a_rank, size_t b_rank) const;
  /// B's shape as numpy aligns it: with ones behind.
  Shape aligned(const Shape& a, const Shape& b) const;
};

void infer_legacy_binary(const LegacyBroadcast& op, InferContext& ctx, DType result, DimFunction contents);

template <class F>
void infer_legacy_operator(const LegacyBroadcast& op, InferContext& ctx) {
  infer_legacy_binary(op, ctx, kIsTest<F> ? DType::Bool : ctx.dtype(0), F::contents);
}

template <class F>
void run_legacy_operator(const LegacyBroadcast& op, const Operands& io) {
  run_binary(io, binary_kernel<F>(io.in(0).dtype()), op.aligned(io.in(0).shape(), io.in(1).shape()));
}

inline OpBuilder<LegacyBroadcast> legacy_signature(DTypeSet types) {
  return binary_signature<LegacyBroadcast>(types)
      .attribute("broadcast", &LegacyBroadcast::broadcast)
      .attribute("axis", &LegacyBroadcast::axis)
      .ignored_attribute("consumed_inputs");
}

/// Defines the operator for these versions. Computes on every type that later ones take.
template <class F>
OpBuilder<LegacyBroadcast> legacy_binary() {
  return legacy_signature(operand_types<F>())
      .template infer<infer_legacy_operator<F>>()
      .template cpu<run_legacy_operator<F>>();
}

}  // namespace mica
