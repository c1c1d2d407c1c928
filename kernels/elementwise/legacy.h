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

OpBuilder<LegacyBroadcast> legacy_signature(DTypeSet types);

/// Defines an operator for these versions; `test` when it gives bools.
OpDef* define_legacy_binary(DTypeSet types, bool test, DimFunction contents, KernelFn run);

/// Computes on every type that later versions take.
template <class F>
OpDef* legacy_binary() {
  return define_legacy_binary(operand_types<F>(), kIsTest<F>, F::contents, [](const void* params, const Operands& io) {
    const auto& op = *static_cast<const LegacyBroadcast*>(params);
    run_binary(io, binary_kernel<F>(io.in(0).dtype()), op.aligned(io.in(0).shape(), io.in(1).shape()));
  });
}

}  // namespace mica
