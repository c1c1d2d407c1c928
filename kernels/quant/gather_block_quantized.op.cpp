// GatherBlockQuantized, com.microsoft 1:  the slices of `data` along gather_axis that `indices` names, dequantised:
//   output[i.., j.., k..] = (data[i.., indices[j..], k..] - zero point) * scale
// Scale and zero point are those of a block of block_size elements along quantize_axis. data is int4, uint4, float8,
// float4, or uint8 that holds numbers of `bits` bits, packed along the last axis, the first in the lowest bits. Without
// zero points these are 0, of uint8 2^(bits - 1). An index out of range gives zeros.
#include "backends/cpu/thread_pool.h"
#include "kernels/op.h"
#include "kernels/quant/codes.h"
#include "kernels/quant/parameters.h"
#include "kernels/shape/elements.h"
#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

enum Input : size_t { kData, kIndices, kScales, kZeros };

struct GatherBlockQuantized {
  int64_t bits = 4, block_size = 128, quantize_axis = 1, gather_axis = 0;
};

bool is_small_float(DType dtype) {
  return small_float_format(dtype) != nullptr;
}

void prepare(GatherBlockQuantized& op, const NodeFacts&) {
  const auto refuse = [](const std::string& what, int64_t value) {
    throw_error(ErrorCode::InvalidModel, {what, " is ", value});
  };
  if (op.bits != 2 && op.bits != 4 && op.bits != 8) refuse("bits", op.bits);
  if (op.block_size < 0) refuse("block_size", op.block_size);
}

void infer(const GatherBlockQuantized& op, InferContext& ctx) {
  same_dtype(ctx, kData, kZeros);
  if (ctx.has(kZeros) && is_small_float(ctx.dtype(kData))) ctx.fail("float data has no zero points");
  const Dims* data = ctx.dims(kData);
  const Dims* indices = ctx.dims(kIndices);
  if (data == nullptr || indices == nullptr) return ctx.set(0, ctx.dtype(kScales));
  if (data->size() + indices->size() > Shape::kMaxRank + 1) ctx.fail("the rank of the output is above the limit");
  const size_t axis = ctx.axis(op.gather_axis, data->size());
  const size_t quantized = ctx.axis(op.quantize_axis, data->size());
  if (ctx.dtype(kData) == DType::U8 && op.bits < 8 && (axis != 0 || quantized == 0)) {
    ctx.fail("packed uint8 data is gathered along axis 0 and quantised along another");
  }
  Dims dims = *data;
  if (ctx.dtype(kData) == DType::U8) dims.back() = dims.back() * (8 / op.bits);
  const auto at = dims.begin() + static_cast<ptrdiff_t>(axis);
  dims.insert(dims.erase(at), indices->begin(), indices->end());
  ctx.set(0, ctx.dtype(kScales), std::move(dims));
}

/// The blocks of a tensor: which scale an element has.
struct Blocks {
  Shape shape;  ///< of the data, in elements
  size_t axis;
  int64_t size;
  std::array<int64_t, Shape::kMaxRank> strides{};  ///< of the scales; 0 where one serves a whole axis

  /// The number of an element's scale.
  int64_t scale_of(int64_t element) const {
    int64_t at = 0;
    for (size_t i = shape.rank(); i-- > 0;) {
      const int64_t coordinate = element % shape[i];
      element /= shape[i];
      at += (i == axis ? coordinate / size : coordinate) * strides[i];
    }
    return at;
  }
  /// How many elements from this one on have scales that are `step()` apart.
  int64_t run(int64_t element) const {
    const int64_t along = element % shape.back();
    return axis + 1 == shape.rank() ? std::min(shape.back() - along, size - along % size) : shape.back() - along;
  }
  int64_t step() const { return axis + 1 == shape.rank() ? 0 : strides[shape.rank() - 1]; }
};

Blocks blocks_of(const GatherBlockQuantized& op, const Shape& shape, const Tensor& scales, bool broadcast) {
  Blocks blocks{shape, normalize_axis(op.quantize_axis, shape.rank()), op.block_size};
  const auto strides = scales.shape().strides();
  if (op.block_size == 0) {
    if (!broadcast) bad_input("block_size is 0");
    blocks.size = std::max<int64_t>(1, shape[blocks.axis]);
  }
  bool fits = scales.shape().rank() == shape.rank();
  for (size_t i = 0; fits && i < shape.rank(); ++i) {
    const int64_t wanted = i == blocks.axis ? (shape[i] + blocks.size - 1) / blocks.size : shape[i];
    const bool shared = broadcast && i != blocks.axis && scales.shape()[i] == 1;
    fits = shared || scales.shape()[i] == wanted;
    blocks.strides[i] = shared ? 0 : strides[i];
  }
  if (!fits) throw_error(ErrorCode::InvalidArgument, {"scales ", scales, " do not fit data of dims ", shape});
  return blocks;
}

/// Numbers of 8 / per_byte bits, the first in the lowest bits of a byte.
struct PackedCodes {
  const uint8_t* bytes;
  int per_byte;

  uint8_t operator[](int64_t i) const {
    const int bits = 8 / per_byte;
    return static_cast<uint8_t>(bytes[i / per_byte] >> (i % per_byte * bits)) & static_cast<uint8_t>((1 << bits) - 1);
  }
};

/// One zero point for each scale, in scratch; null when all are `otherwise`.
const float* load_zeros(const Operands& io, const CodeTable& table, const Shape& scales, int64_t bits) {
  if (!io.has(kZeros)) return nullptr;
  const Tensor& zeros = io.in(kZeros);
  if (zeros.dtype() != DType::U8) return load_parameters<float>(io, kZeros, scales.elements());
  const int64_t width = scales.back();
  const int64_t pitch = (width * bits + 7) / 8;  // bytes of a row
  const int64_t rows = width > 0 ? scales.elements() / width : 0;
  if (zeros.elements() != rows * pitch)
    throw_error(ErrorCode::InvalidArgument, {"zero points ", zeros, " do not fit the scales"});
  float* values = io.scratch<float>(scales.elements());
  for (int64_t row = 0; row < rows; ++row) {
    const PackedCodes codes{zeros.data<uint8_t>() + row * pitch, static_cast<int>(8 / bits)};
    for (int64_t i = 0; i < width; ++i) values[row * width + i] = table.values[codes[i]];
  }
  return values;
}

void run_cpu(const GatherBlockQuantized& op, const Operands& io) {
  const Tensor& data = io.in(kData);
  const Tensor& indices = io.in(kIndices);
  const Tensor& scales = io.in(kScales);
  Tensor& y = io.out(0);
  const int bits = data.dtype() == DType::U8 ? static_cast<int>(op.bits) : bit_width(data.dtype());
  Shape shape = data.shape();
  if (shape.rank() == 0) bad_input("data is a scalar");
  if (data.dtype() == DType::U8) shape[shape.rank() - 1] *= 8 / bits;
  const Blocks blocks = blocks_of(op, shape, scales, is_small_float(data.dtype()));
  const size_t axis = normalize_axis(op.gather_axis, shape.rank());
  const CodeTable table(data.dtype());
  const PackedCodes codes{data.data<uint8_t>(), 8 / bits};
  const float* scale = load_parameters<float>(io, kScales, scales.elements());
  const float* zero = load_zeros(io, table, scales.shape(), bits);
  const float usual_zero = data.dtype() == DType::U8 ? static_cast<float>(1 << (bits - 1)) : 0.0f;
  const int64_t inner = shape.elements(axis + 1, shape.rank());
  const int64_t picks = indices.elements();
  const int64_t count = shape[axis];
  if (shape.elements(0, axis) * picks * inner != y.elements())
    throw_error(ErrorCode::InvalidArgument, {"gathering does not fit ", y});

  visit_dtype<float, Half, BFloat16>(y.dtype(), [&]<class T>() {
    T* to = y.mutable_data<T>();
    io.threads().parallel_for(shape.elements(0, axis) * picks, 1 + 4096 / (inner + 1), [&](int64_t begin, int64_t end) {
      for (int64_t slice = begin; slice < end; ++slice) {
        const int64_t given = integer_at(indices, slice % picks);
        const int64_t index = given < 0 ? given + count : given;
        T* row = to + slice * inner;
        if (index < 0 || index >= count) {
          std::fill_n(row, inner, T(0.0f));
          continue;
        }
        const int64_t first = (slice / picks * count + index) * inner;
        for (int64_t i = 0; i < inner;) {
          const int64_t end_of_run = std::min(inner, i + blocks.run(first + i));
          for (int64_t at = blocks.scale_of(first + i); i < end_of_run; ++i, at += blocks.step()) {
            const float offset = zero != nullptr ? zero[at] : usual_zero;
            row[i] = T((table.values[codes[first + i]] - offset) * scale[at]);
          }
        }
      }
    });
  });
}

}  // namespace

MICA_OP(GatherBlockQuantized, 1, com_microsoft) {
  constexpr DTypeSet kTypes = types::float8 | DTypeSet{DType::I4, DType::U4, DType::U8, DType::F4E2M1};
  return op<GatherBlockQuantized>()
      .input("data", kTypes)
      .input("indices", types::index)
      .input("scales", DTypeSet{DType::F32, DType::F16, DType::BF16})
      .optional_input("zero_points", kTypes)
      .output("output")
      .attribute("bits", &GatherBlockQuantized::bits)
      .attribute("block_size", &GatherBlockQuantized::block_size)
      .attribute("quantize_axis", &GatherBlockQuantized::quantize_axis)
      .attribute("gather_axis", &GatherBlockQuantized::gather_axis)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
