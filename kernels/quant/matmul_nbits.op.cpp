// MatMulNBits, com.microsoft 1:  Y = A x W' + bias, where W, of N rows and K columns, is quantised in blocks along K:
//   W[n, k] = (code - zero point) * scale of block (n, k / block_size)
// Codes of `bits` bits are packed in bytes, the lowest bits first, each block in block_size * bits / 8 bytes. Zero
// points are packed likewise, each row in whole bytes, or floats, or 2^(bits - 1). g_idx, where given, names the block
// whose scale and zero point each k has. Computed in float, except that accuracy_level 4 allows A to be rounded to 8
// bits block by block, of which products with constant weights make use.
#include "kernels/quant/matmul_nbits.h"

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/flop_rules.h"
#include "kernels/matmul/dot_simd.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/pack_simd.h"
#include "kernels/op.h"
#include "kernels/quant/block_weights.h"
#include "kernels/quant/nbits_simd.h"
#include "kernels/quant/parameters.h"
#include "kernels/wide_operands.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using enum MatMulNBits::Input;

void prepare(MatMulNBits& op, const NodeFacts&) {
  constexpr int64_t kMost = int64_t{1} << 30;
  const auto refuse = [](const std::string& what, int64_t value) {
    throw_error(ErrorCode::InvalidModel, {what, " is ", value});
  };
  if (op.bits != 2 && op.bits != 4 && op.bits != 8) {
    throw_error(ErrorCode::Unsupported, {"weights of ", op.bits, " bits; Mica has those of 2, 4 and 8"});
  }
  if (op.k < 1 || op.k >= kMost) refuse("K", op.k);
  if (op.n < 1 || op.n >= kMost) refuse("N", op.n);
  if (op.block_size < 16 || op.block_size >= kMost || (op.block_size & (op.block_size - 1)) != 0) {
    refuse("block_size", op.block_size);
  }
  if (op.prepacked != 0) throw Error(ErrorCode::Unsupported, "weights packed for another runtime (weight_prepacked)");
}

void infer(const MatMulNBits& op, InferContext& ctx) {
  same_dtype(ctx, kA, kScales);
  same_dtype(ctx, kA, kBias);
  const Dims* a = ctx.dims(kA);
  if (a == nullptr) return ctx.set(0, ctx.dtype(kA));
  if (a->empty()) ctx.fail("a scalar cannot be multiplied");
  ctx.merge(a->back(), op.k, "inner sizes of A and W");
  Dims dims = *a;
  dims.back() = op.n;
  ctx.set(0, ctx.dtype(kA), std::move(dims));
}

/// The quantised matrix, checked.
class Weights {
 public:
  Weights(const MatMulNBits& op, const Operands& io)
      : op_(op), codes_(io.in(kB).data<uint8_t>()), zero_pitch_((op.blocks() * op.bits + 7) / 8) {
    const auto check = [&](size_t input, int64_t wanted) {
      if (io.in(input).elements() == wanted) return;
      throw_error(ErrorCode::InvalidArgument, {io.in(input), " does not have ", wanted, " elements"});
    };
    check(kB, op.n * op.blocks() * op.block_bytes());
    check(kScales, op.n * op.blocks());
    scales_ = widen<float>(io, io.in(kScales));
    if (io.has(kZeros) && io.in(kZeros).dtype() == DType::U8) {
      check(kZeros, op.n * zero_pitch_);
      packed_zeros_ = io.in(kZeros).data<uint8_t>();
    } else if (io.has(kZeros)) {
      check(kZeros, op.n * op.blocks());
      zeros_ = widen<float>(io, io.in(kZeros));
    }
    if (io.has(kGroups)) {
      const Tensor& groups = io.in(kGroups);  // may be padded to whole blocks
      if (groups.elements() < op.k)
        throw_error(ErrorCode::InvalidArgument, {"g_idx ", groups, " has fewer elements than K"});
      groups_ = groups.data<int32_t>();
      for (int64_t i = 0; i < op.k; ++i) {
        if (groups_[i] < 0 || groups_[i] >= op.blocks())
          throw_error(ErrorCode::InvalidArgument, {"g_idx holds ", groups_[i]});
      }
    }
    const NBitsKernels& kernels = nbits_kernels();
    decode_ = op.bits == 2 ? kernels.decode2 : op.bits == 4 ? kernels.decode4 : kernels.decode8;
  }

  /// Writes `count` elements of a row from `first` on, which begins a byte of codes.
  void decode(int64_t row, int64_t first, int64_t count, float* to) const {
    const int64_t blocks = op_.blocks();
    const int64_t end = first + count;
    while (first < end) {
      const int64_t block = first / op_.block_size;
      const int64_t size = std::min(end, (block + 1) * op_.block_size) - first;
      const int64_t within = first - block * op_.block_size;
      const uint8_t* codes = codes_ + (row * blocks + block) * op_.block_bytes() + within * op_.bits / 8;
      if (groups_ == nullptr) {
        decode_(codes, scales_[row * blocks + block], zero(row, block), to, size);
      } else {
        decode_(codes, 1, 0, to, size);
        for (int64_t i = 0; i < size; ++i) {
          const int64_t group = groups_[first + i];
          to[i] = (to[i] - zero(row, group)) * scales_[row * blocks + group];
        }
      }
      first += size;
      to += size;
    }
  }

 private:
  float zero(int64_t row, int64_t block) const {
    if (zeros_ != nullptr) return zeros_[row * op_.blocks() + block];
    const int64_t bits = op_.bits;
    if (packed_zeros_ == nullptr) return static_cast<float>(1 << (bits - 1));
    const uint8_t byte = packed_zeros_[row * zero_pitch_ + block * bits / 8];
    return static_cast<float>(byte >> (block * bits % 8) & ((1 << bits) - 1));
  }

  const MatMulNBits& op_;
  const uint8_t* codes_;
  int64_t zero_pitch_;  ///< bytes of a row of packed zero points
  const float* scales_ = nullptr;
  const float* zeros_ = nullptr;
  const uint8_t* packed_zeros_ = nullptr;
  const int32_t* groups_ = nullptr;
  DecodeLoop decode_ = nullptr;
};

/// y = bias for every row.
void fill(const float* bias, int64_t rows, int64_t n, float* y) {
  for (int64_t i = 0; i < rows; ++i) {
    bias != nullptr ? std::copy_n(bias, n, y + i * n) : std::fill_n(y + i * n, n, 0.0f);
  }
}

/// Makes panels of W' for `gemm`, some rows of W at a time.
void fill_panels(const Weights& weights, const PanelBlock& block, float* to) {
  constexpr int64_t kColumns = 16, kDepth = 128, kAligned = 8;
  float rows[kColumns * (kDepth + kAligned)];
  for (int64_t j = 0; j < block.n; j += kColumns) {
    const int64_t columns = std::min(kColumns, block.n - j);
    for (int64_t p = 0; p < block.k; p += kDepth) {
      const int64_t depth = std::min(kDepth, block.k - p);
      const int64_t skipped = (block.k0 + p) % kAligned;  // to the byte that holds the first element
      const int64_t pitch = depth + skipped;
      for (int64_t i = 0; i < columns; ++i) {
        weights.decode(block.j0 + j + i, block.k0 + p - skipped, pitch, rows + i * pitch);
      }
      const auto pack = pack_kernels().transposed_panels[static_cast<size_t>(Storage::F32)];
      pack(rows + skipped, pitch, depth, columns, to + j / kColumns * block.panel + p * kColumns, block.panel);
    }
  }
}

/// For few rows of A: rows of W are decoded where they are multiplied.
void multiply_few_rows(const MatMulNBits& op, const Operands& io, const Weights& weights, const float* a, int64_t m,
                       const float* bias, float* y) {
  constexpr int64_t kColumns = 4;
  const int64_t groups = (op.n + kColumns - 1) / kColumns;
  const int64_t workers = std::min<int64_t>(io.threads().threads(), groups);
  float* decoded = io.scratch<float>(workers * kColumns * op.k);
  io.threads().parallel_for(workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t worker = begin; worker < end; ++worker) {
      float* w = decoded + worker * kColumns * op.k;
      for (int64_t group = groups * worker / workers; group < groups * (worker + 1) / workers; ++group) {
        const int64_t j = group * kColumns;
        const int64_t columns = std::min(kColumns, op.n - j);
        for (int64_t i = 0; i < columns; ++i) weights.decode(j + i, 0, op.k, w + i * op.k);
        DotCall call{a, op.k, w, op.k, op.k, y + j, op.n, 1, bounds_of({}), {}};
        if (bias != nullptr) call.addends[0] = {bias + j, 0, 1, 1};
        dot_kernels().dots(call, m, columns);
      }
    }
  });
}

// Groups of more elements than a block are left to the plain loops.
std::shared_ptr<const BlockWeights> prepack(const MatMulNBits& op, const ConstantOperands& io) {
  return BlockWeights::make({op.n, op.bits, op.block_size, op.blocks()}, op.k, io.in(kB), io.in(kScales), io.in(kZeros),
                            io.in(kGroups));
}

// What was packed, unless there are inputs beside it that were not constant.
const BlockWeights* packed_weights(const Operands& io) {
  const auto* packed = io.packed<BlockWeights>();
  if (packed == nullptr || packed->had_zeros() != io.has(kZeros)) return nullptr;
  return packed->had_groups() == io.has(kGroups) ? packed : nullptr;
}

void run_cpu(const MatMulNBits& op, const Operands& io) {
  constexpr int64_t kFewRows = 8, kByteAccuracy = 4;
  const Tensor& a = io.in(kA);
  const WideOutput<float> y(io, io.out(0));
  const int64_t m = a.elements() / op.k;
  if (a.shape().rank() == 0 || a.shape().back() != op.k || io.out(0).elements() != m * op.n) {
    throw_error(ErrorCode::InvalidArgument, {"A ", a, " does not fit K = ", op.k});
  }
  if (io.has(kBias) && io.in(kBias).elements() != op.n)
    throw_error(ErrorCode::InvalidArgument, {"bias ", io.in(kBias), " does not fit N"});
  const float* bias = widen_optional<float>(io, kBias);
  const BlockWeights* packed = packed_weights(io);
  if (packed == nullptr && io.in(kB).elements() == 0) {  // the product is left out
    fill(bias, m, op.n, y.data());
    return y.store();
  }
  const float* rows = widen<float>(io, a);
  if (packed != nullptr) {
    multiply_block_weights(io, rows, m, op.k, *packed, op.accuracy_level == kByteAccuracy, bias, y.data());
    return y.store();
  }
  const Weights weights(op, io);
  if (m <= kFewRows) {
    multiply_few_rows(op, io, weights, rows, m, bias, y.data());
  } else {
    const auto fill_block = [&](const PanelBlock& block, float* to) { fill_panels(weights, block, to); };
    const FillPanels fill_b = fill_block;
    Product product{.m = m, .n = op.n, .k = op.k, .a = {rows, op.k, 1}, .c = y.data(), .c_row = op.n};
    product.fill_b = &fill_b;
    if (bias != nullptr) product.epilogue.addends[0] = {bias, 0, 1, 1};
    gemm(io, product);
  }
  y.store();
}

}  // namespace

MICA_OP(MatMulNBits, 1, com_microsoft) {
  constexpr DTypeSet kFloats{DType::F32, DType::F16, DType::BF16};
  return op<MatMulNBits>()
      .input("A", kFloats)
      .input("B", DTypeSet{DType::U8})
      .input("scales", kFloats)
      .optional_input("zero_points", kFloats | DTypeSet{DType::U8})
      .optional_input("g_idx", DTypeSet{DType::I32})
      .optional_input("bias", kFloats)
      .output("Y")
      .required("K", &MatMulNBits::k)
      .required("N", &MatMulNBits::n)
      .attribute("bits", &MatMulNBits::bits)
      .required("block_size", &MatMulNBits::block_size)
      .attribute("weight_prepacked", &MatMulNBits::prepacked)
      .attribute("accuracy_level", &MatMulNBits::accuracy_level)
      .prepare<prepare>()
      .infer<infer>()
      .flops<product_flops>()
      .cpu<run_cpu>()
      .prepack<prepack>();
}

}  // namespace mica
