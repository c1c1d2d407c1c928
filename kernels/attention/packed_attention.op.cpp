// Attention, com.microsoft 1: Q, K and V as one product of the input with packed weights [input, 2 * heads * width +
// heads * v_width], then softmax(scale * Q K' + masks) V. `past` and `present` are [2, batch, heads, rows, width], keys
// first; with past_present_share_buffer one buffer serves as both, filled up to `past_sequence_length`.
#include "kernels/attention/packed_attention.h"

#include "kernels/attention/kv_cache.h"
#include "kernels/flop_rules.h"
#include "kernels/matmul/low_precision.h"
#include "kernels/matmul/packed.h"

namespace mica {
namespace {

enum Input : size_t { kInput, kWeights, kTerms, kMask, kPast, kBias, kPastLength };
enum Output : size_t { kOutput, kPresent };

constexpr PackedInputs kInputs{kTerms, kMask, kPast, kBias, kPastLength};

void infer(const PackedAttention& op, InferContext& ctx) {
  for (const size_t i : {kWeights, kTerms, kPast, kBias}) same_dtype(ctx, kInput, i);
  infer_packed_attention(op, ctx, kInputs, ctx.dtype(kInput));
}

// How the input is multiplied by the packed weights, in each precision.
struct InFloats {
  using Weights = PackedMatrices;
  static void multiply(const Operands& io, const Weights& weights, Product product) {
    product.a = {widen<float>(io, io.in(kInput)), product.k, 1};
    product.packed_b = weights.matrix(0);
    gemm(io, product);
  }
};

struct InBFloat16 {
  using Weights = Bf16Weights;
  static void multiply(const Operands& io, const Weights& weights, const Product& product) {
    gemm_bf16(io, {io.in(kInput), product.m}, weights, product);
  }
};

struct InInt8 {
  using Weights = Int8Weights;
  static void multiply(const Operands& io, const Weights& weights, const Product& product) {
    gemm_int8(io, widen<float>(io, io.in(kInput)), weights, product);
  }
};

template <class Way>
std::shared_ptr<const typename Way::Weights> prepack(const PackedAttention&, const ConstantOperands& constants) {
  return Way::Weights::make(constants.in(kWeights), false);
}

template <std::string (*refuse)(const Gemm&, std::span<const ValueType>)>
std::string refuse_product(const PackedAttention&, std::span<const ValueType> inputs) {
  return refuse({}, inputs);
}

// y = input * weights + bias, of rows x n elements.
template <class Way>
void project(const Operands& io, int64_t rows, int64_t n, float* y) {
  Product product{rows, n, io.in(kWeights).shape()[0]};
  product.c = y;
  product.c_row = n;
  product.epilogue.addends[0] = {widen_optional<float>(io, kTerms), 0, 1};
  if (const auto* packed = io.packed<typename Way::Weights>(); packed != nullptr) {
    return Way::multiply(io, *packed, product);
  }
  product.a = {widen<float>(io, io.in(kInput)), product.k, 1};
  product.b = {widen<float>(io, io.in(kWeights)), n, 1};
  gemm(io, product);
}

template <class>
void project(const Operands& io, int64_t rows, int64_t n, double* y) {
  const int64_t depth = io.in(kWeights).shape()[0];
  const double* terms = widen_optional<double>(io, kTerms);
  const Matrix<const double> x{widen<double>(io, io.in(kInput)), depth, 1}, w{widen<double>(io, io.in(kWeights)), n, 1};
  io.threads().parallel_for(rows, 8, [&](int64_t begin, int64_t end) {
    multiply<double>(end - begin, n, depth, x.from(begin, 0), w, {y + begin * n, n, 1});
    for (int64_t i = begin * n; i < end * n; ++i) y[i] += terms != nullptr ? terms[i % n] : 0;
  });
}

template <class Way>
void run_cpu(const PackedAttention& op, const Operands& io) {
  if (outputs_are_empty(io)) return;
  const PackedGeometry g(op, io, kInputs);
  visit_wide(io.in(kInput).dtype(), [&]<class T>() {
    T* packed = io.scratch<T>(g.rows() * g.packed);
    project<Way>(io, g.rows(), g.packed, packed);
    packed_attention<T>(op, io, kInputs, g, packed);
  });
}

constexpr DTypeSet kInteger{DType::I32};

}  // namespace

MICA_OP(Attention, 1, com_microsoft) {
  OpBuilder<PackedAttention> builder = op<PackedAttention>();
  packed_attention_attributes(builder);
  return builder.input("input", types::floats)
      .input("weights", types::floats)
      .optional_input("bias", types::floats)
      .optional_input("mask_index", kInteger)
      .optional_input("past", types::floats)
      .optional_input("attention_bias", types::floats)
      .optional_input("past_sequence_length", kInteger)
      .output("output")
      .optional_output("present")
      .attribute("rotary_embedding_dim", &PackedAttention::rotary_embedding_dim)
      .attribute("past_present_share_buffer", &PackedAttention::past_present_share_buffer)
      .attribute("qkv_hidden_sizes", &PackedAttention::qkv_hidden_sizes)
      .may_overwrite(kPresent, kPast)
      .appends<row_axis<3, PackedAttention>>(kPresent, kPast)
      .prepare<check_packed_attention>()
      .infer<infer>()
      .flops<projected_attention_flops<kPast>>()
      .cpu<run_cpu<InFloats>>()
      .prepack<prepack<InFloats>>()
      .cpu<run_cpu<InBFloat16>>("bf16")
      .accepts<refuse_product<refuse_bf16>>()
      .prepack<prepack<InBFloat16>>()
      .cpu<run_cpu<InInt8>>("int8-dynamic")
      .accepts<refuse_product<refuse_int8_dynamic>>()
      .prepack<prepack<InInt8>>();
}

}  // namespace mica
