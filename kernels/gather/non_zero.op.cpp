// NonZero, ai.onnx 9: the indices of the elements that are not zero, one column each, in row-major order.
#include "kernels/op.h"
#include "runtime/base/half.h"

namespace mica {
namespace {

void infer(const NoParams&, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  const Dim rank = dims != nullptr ? Dim(static_cast<int64_t>(dims->size())) : ctx.unknown();
  ctx.set(0, DType::I64, Dims{rank, ctx.unknown()});
}

template <class T>
bool is_set(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return !value.empty();
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value != T{};
  } else {
    return static_cast<float>(value) != 0;
  }
}

template <class T>
void list(const Operands& io) {
  const Tensor& x = io.in(0);
  const T* data = x.data<T>();
  int64_t count = 0;
  for (int64_t i = 0; i < x.elements(); ++i) count += is_set(data[i]) ? 1 : 0;
  const size_t rank = x.shape().rank();
  Tensor& y = io.allocate(0, DType::I64, {static_cast<int64_t>(rank), count});
  int64_t* to = y.mutable_data<int64_t>();
  std::array<int64_t, Shape::kMaxRank> index{};
  for (int64_t i = 0; i < x.elements(); ++i) {
    if (is_set(data[i])) {
      for (size_t k = 0; k < rank; ++k) to[static_cast<int64_t>(k) * count] = index[k];
      ++to;
    }
    for (size_t k = rank; k-- > 0;) {
      if (++index[k] < x.shape()[k]) break;
      index[k] = 0;
    }
  }
}

void run_cpu(const NoParams&, const Operands& io) {
  const bool known =
      visit_dtype<float, double, Half, BFloat16, int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t,
                  uint64_t, bool, std::string>(io.in(0).dtype(), [&]<class T>() { list<T>(io); });
  if (!known) bad_input("cannot tell zeros of type " + std::string(name(io.in(0).dtype())));
}

}  // namespace

MICA_OP(NonZero, 9) {
  return op().input("X", types::any).output("Y").infer<infer>().data_dependent().cpu<run_cpu>();
}

}  // namespace mica
