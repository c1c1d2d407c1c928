// Dropout, ai.onnx 1: while training, each element is 0 with probability `ratio`, and else divided by 1 - ratio; the
// mask tells which are kept. At inference the elements are the input's, and the mask is true throughout.
//
// Training is on in versions 1 and 6 unless the attribute `is_test` is set, never in 7 and 10, and since 12 when input
// 2 says so. The mask has the input's type before version 10. Random numbers are those that numpy's RandomState(seed)
// draws, as in the reference implementation of the standard, so that its results can be met.
#include <cstring>
#include <optional>
#include <random>

#include "kernels/op.h"
#include "kernels/random/one.h"
#include "kernels/shape/copy.h"
#include "kernels/wide.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

struct Dropout {
  float ratio = 0.5f;
  bool is_test = true;
  bool typed_mask = false;  ///< the mask has the input's type
  std::optional<int64_t> seed = {};
};

constexpr DTypeSet kTypes = types::floats | types::float8;

void infer(const Dropout& op, InferContext& ctx) {
  for (size_t i = 1; i < ctx.inputs(); ++i) {
    const Dims* dims = ctx.dims(i);
    if (dims != nullptr && !dims->empty())
      throw_error(ErrorCode::InvalidModel, {"ratio and training_mode must be scalars, not ", *dims});
  }
  ctx.set(0, ctx.type(0));
  ctx.set(1, op.typed_mask ? ctx.dtype(0) : DType::Bool, ctx.type(0).dims);
}

template <class F>
void visit_element(DType dtype, F&& f) {
  const bool known =
      visit_dtype<float, double, Half, BFloat16, Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ>(
          dtype, std::forward<F>(f));
  if (!known) throw_error(ErrorCode::InvalidArgument, {"dropout of ", name(dtype)});
}

double ratio_of(const Dropout& op, const Operands& io) {
  double ratio = static_cast<double>(op.ratio);
  if (io.has(1)) {
    if (io.in(1).elements() != 1)
      throw_error(ErrorCode::InvalidArgument, {"ratio has ", io.in(1).elements(), " elements"});
    visit_element(io.in(1).dtype(), [&]<class T>() { ratio = static_cast<double>(Wide<T>(*io.in(1).data<T>())); });
  }
  if (!(ratio >= 0 && ratio < 1))
    throw_error(ErrorCode::InvalidArgument, {"ratio is ", std::to_string(ratio), ", not in [0, 1)"});
  return ratio;
}

bool is_training(const Dropout& op, const Operands& io) {
  if (!io.has(2)) return !op.is_test;
  if (io.in(2).elements() != 1)
    throw_error(ErrorCode::InvalidArgument, {"training_mode has ", io.in(2).elements(), " elements"});
  return *io.in(2).data<bool>();
}

// Element `i` of a mask of truth values or, as of old, of floats.
class Mask {
 public:
  explicit Mask(Tensor& tensor)
      : data_(static_cast<std::byte*>(tensor.mutable_raw())),
        width_(bit_width(tensor.dtype()) / 8),
        one_(bits_of_one(tensor.dtype())) {}

  void set(int64_t i, bool kept) const {
    const uint64_t bits = kept ? one_ : 0;
    std::memcpy(data_ + i * width_, &bits, static_cast<size_t>(width_));  // the lower bytes come first
  }

 private:
  std::byte* data_;
  int64_t width_;
  uint64_t one_;
};

// Uniform in [0, 1), a multiple of 2^-53.
double draw(std::mt19937& random) {
  const uint32_t upper = static_cast<uint32_t>(random()) >> 5;
  const uint32_t lower = static_cast<uint32_t>(random()) >> 6;
  return (upper * 0x1p26 + lower) * 0x1p-53;
}

void run_cpu(const Dropout& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const double ratio = is_training(op, io) ? ratio_of(op, io) : 0;
  std::optional<Mask> mask;
  if (io.wants(1)) mask.emplace(io.out(1));
  if (ratio == 0) {
    if (io.wants(0)) copy_elements(x, io.out(0));
    for (int64_t i = 0; mask && i < x.elements(); ++i) mask->set(i, true);
    return;
  }
  std::mt19937 random(static_cast<uint32_t>(op.seed ? *op.seed : std::random_device()()));
  const double scale = 1 / (1 - ratio);
  visit_element(x.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < x.elements(); ++i) {
      const bool kept = draw(random) >= ratio;
      const auto value = Wide<T>(x.data<T>()[i]);
      if (io.wants(0)) io.out(0).mutable_data<T>()[i] = T(kept ? value * static_cast<Wide<T>>(scale) : Wide<T>{0});
      if (mask) mask->set(i, kept);
    }
  });
}

OpBuilder<Dropout> dropout(const Dropout& prototype, DTypeSet types = types::floats) {
  return op(prototype)
      .input("data", types)
      .output("output")
      .optional_output("mask")
      .infer<infer>()
      .may_overwrite(0, 0)
      .cpu<run_cpu>();
}

OpBuilder<Dropout> by_attributes(const Dropout& prototype) {
  return dropout(prototype).attribute("ratio", &Dropout::ratio);
}

OpBuilder<Dropout> with_is_test() {
  return by_attributes({.is_test = false, .typed_mask = true}).attribute("is_test", &Dropout::is_test).impure();
}

OpBuilder<Dropout> by_inputs(DTypeSet types) {
  return dropout({}, types)
      .optional_input("ratio", types)
      .optional_input("training_mode", types::boolean)
      .attribute("seed", &Dropout::seed)
      .impure();
}

}  // namespace

MICA_OP(Dropout, 22) {
  return by_inputs(kTypes);
}
MICA_OP(Dropout, 12) {
  return by_inputs(types::floats);
}
MICA_OP(Dropout, 10) {
  return by_attributes({});
}
MICA_OP(Dropout, 7) {
  return by_attributes({.typed_mask = true});
}
MICA_OP(Dropout, 6) {
  return with_is_test();
}
MICA_OP(Dropout, 1) {
  return with_is_test().ignored_attribute("consumed_inputs");
}

}  // namespace mica
