// OneHot, ai.onnx 9: a new axis of `depth` places, `on` at the place that the index names and `off` elsewhere; all off
// where the index is outside [-depth, depth).
#include <algorithm>
#include <cmath>

#include "kernels/gather/gather.h"
#include "kernels/op.h"
#include "kernels/shape/elements.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

constexpr int64_t kNowhere = int64_t{1} << 62;  // for numbers that are no index of anything

// Element `i` of any numeric tensor as an integer, fractions cut off.
int64_t whole_number(const Tensor& tensor, int64_t i) {
  int64_t result = kNowhere;
  visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t>(
      tensor.dtype(), [&]<class T>() {
        const T value = tensor.data<T>()[i];
        if constexpr (std::is_integral_v<T>) {
          result = value > 0 && static_cast<uint64_t>(value) > static_cast<uint64_t>(kNowhere)
                       ? kNowhere
                       : static_cast<int64_t>(value);
        } else {
          const double number = static_cast<double>(static_cast<float>(value));
          if (std::abs(number) < 0x1p62) result = static_cast<int64_t>(number);
        }
      });
  return result;
}

Dim depth_of(const InferContext& ctx) {
  std::optional<Dim> depth;
  if (const auto contents = ctx.contents(1); contents && contents->size() == 1) depth = contents->front();
  const Tensor* constant = ctx.constant(1);
  if (!depth && constant != nullptr && constant->elements() == 1) depth = whole_number(*constant, 0);
  if (!depth) return ctx.unknown();
  if (depth->is_constant() && (depth->value() < 0 || depth->value() >= kNowhere)) {
    ctx.fail("depth is " + depth->str());
  }
  return *depth;
}

void infer(const OneHot& op, InferContext& ctx) {
  const Dims* indices = ctx.dims(0);
  const DType dtype = ctx.dtype(2);
  if (indices == nullptr) return ctx.set(0, dtype);
  if (indices->size() == Shape::kMaxRank) ctx.fail("the rank of the output is above the limit");
  const size_t axis = ctx.axis(op.axis, indices->size() + 1);
  Dims dims = *indices;
  dims.insert(dims.begin() + static_cast<ptrdiff_t>(axis), depth_of(ctx));
  ctx.set(0, dtype, std::move(dims));
}

void run_cpu(const OneHot& op, const Operands& io) {
  const Tensor& indices = io.in(0);
  Tensor& y = io.out(0);
  const size_t axis = normalize_axis(op.axis, y.shape().rank());
  const int64_t depth = y.shape()[axis];
  const int64_t width = y.shape().elements(axis + 1, y.shape().rank());
  if (io.in(2).elements() != 2 || indices.elements() * depth != y.elements()) {
    bad_input("values must be two and indices fit the output: " + io.in(2).str() + ", " + indices.str());
  }
  visit_storage(y.dtype(), [&]<class T>() {
    const T* values = load<T>(io, io.in(2));
    T* to = stage<T>(io, y);
    std::fill_n(to, y.elements(), values[0]);
    for (int64_t i = 0; i < indices.elements(); ++i) {
      const int64_t index = whole_number(indices, i);
      const int64_t place = index < 0 ? index + depth : index;
      if (place < 0 || place >= depth) continue;
      to[(i / width * depth + place) * width + i % width] = values[1];
    }
    store(to, y);
  });
}

}  // namespace

MICA_OP(OneHot, 9) {
  return op<OneHot>()
      .input("indices", types::numeric)
      .input("depth", types::numeric)
      .input("values", types::any)
      .output("output")
      .attribute("axis", &OneHot::axis)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
