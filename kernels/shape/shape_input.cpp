#include "kernels/shape/shape_input.h"

#include <string>

namespace mica {

std::optional<int64_t> vector_length(const InferContext& ctx, size_t input, std::string_view what) {
  const Dims* dims = ctx.dims(input);
  if (dims == nullptr) return std::nullopt;
  if (dims->size() > 1) ctx.fail(std::string(what) + " must be a vector, not " + str(*dims));
  return product(*dims).constant();
}

std::optional<Dims> dims_from_input(const InferContext& ctx, size_t input, std::string_view what, int64_t floor) {
  const auto length = vector_length(ctx, input, what);
  if (length && *length > static_cast<int64_t>(Shape::kMaxRank)) {
    ctx.fail(std::string(what) + " has " + std::to_string(*length) + " elements, above the highest rank of " +
             std::to_string(Shape::kMaxRank));
  }
  auto contents = ctx.contents(input);
  if (!contents) {
    if (!length) return std::nullopt;
    return unknown_dims(ctx, static_cast<size_t>(*length));
  }
  for (const Dim& dim : *contents) {
    if (dim.is_constant() && dim.value() < floor) {
      ctx.fail(std::string(what) + " has the element " + dim.str() + ", below " + std::to_string(floor));
    }
  }
  return contents;
}

Dims unknown_dims(const InferContext& ctx, size_t rank) {
  Dims dims;
  for (size_t i = 0; i < rank; ++i) dims.push_back(ctx.unknown());
  return dims;
}

std::vector<size_t> distinct_axes(const InferContext& ctx, std::span<const int64_t> axes, size_t rank) {
  std::vector<size_t> result;
  uint32_t seen = 0;
  for (const int64_t given : axes) {
    const size_t axis = ctx.axis(given, rank);
    if (seen >> axis & 1u) ctx.fail("axis " + std::to_string(axis) + " is given twice");
    seen |= uint32_t{1} << axis;
    result.push_back(axis);
  }
  return result;
}

std::optional<Dims> contents_of(const Tensor& tensor) {
  if (tensor.elements() > static_cast<int64_t>(InferContext::kMaxContents)) return std::nullopt;
  std::optional<Dims> contents;
  visit_dtype<int64_t, int32_t, int16_t, int8_t, uint32_t, uint16_t, uint8_t, bool>(
      tensor.dtype(), [&]<class T>() { contents = Dims(tensor.data<T>(), tensor.data<T>() + tensor.elements()); });
  return contents;
}

void check_integers(const Tensor& tensor, int64_t count, std::string_view what) {
  if (types::index.contains(tensor.dtype()) && tensor.elements() == count) return;
  bad_input(std::string(what) + " must be " + std::to_string(count) + " integers, not " + tensor.str());
}

int64_t single_integer(const Tensor& tensor, std::string_view what) {
  check_integers(tensor, 1, what);
  return integer_at(tensor, 0);
}

}  // namespace mica
