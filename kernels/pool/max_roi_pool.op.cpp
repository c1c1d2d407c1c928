// MaxRoiPool, ai.onnx 1, 22: the maxima of X over the bins of regions of interest [batch, x1, y1, x2, y2], whose
// corners are scaled and rounded to elements; an empty bin gives 0.
#include <cmath>

#include "kernels/op.h"
#include "kernels/pool/roi_pooling.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct MaxRoiPool {
  std::vector<int64_t> pooled_shape;
  float spatial_scale = 1;
};

void prepare(MaxRoiPool& op, const NodeFacts&) {
  if (op.pooled_shape.size() != 2 || op.pooled_shape[0] < 1 || op.pooled_shape[1] < 1) {
    throw Error(ErrorCode::InvalidModel, "pooled_shape is not a height and a width");
  }
}

void infer(const MaxRoiPool& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  const Dims* x = ctx.dims(0);
  const Dims* rois = ctx.dims(1);
  if (x != nullptr && x->size() != 4) ctx.fail("X " + str(*x) + " must have rank 4");
  if (rois != nullptr && rois->size() != 2) ctx.fail("rois " + str(*rois) + " must have rank 2");
  ctx.set(0, ctx.dtype(0),
          Dims{rois != nullptr ? (*rois)[0] : ctx.unknown(), x != nullptr ? (*x)[1] : ctx.unknown(), op.pooled_shape[0],
               op.pooled_shape[1]});
}

/// Elements [begin, end) of an axis of `length` that bin `bin` of `bins` over [first, last] covers.
std::pair<int64_t, int64_t> bin_range(double first, double last, int64_t bin, int64_t bins, int64_t length) {
  const double size = std::max(last - first + 1, 1.0) / static_cast<double>(bins);
  const auto clip = [&](double x) { return static_cast<int64_t>(std::clamp(x, 0.0, static_cast<double>(length))); };
  return {clip(first + std::floor(static_cast<double>(bin) * size)),
          clip(first + std::ceil(static_cast<double>(bin + 1) * size))};
}

// In type A.
template <class A>
void run(const MaxRoiPool& op, const Operands& io) {
  const Shape& dims = io.in(0).shape();
  const int64_t channels = dims[1], height = dims[2], width = dims[3];
  const int64_t bins = op.pooled_shape[0] * op.pooled_shape[1];
  const A* x = widen<A>(io, io.in(0));
  const A* roi = widen<A>(io, io.in(1));
  const WideOutput<A> y(io, io.out(0));
  for (int64_t n = 0; n < io.in(1).shape()[0]; ++n, roi += 5) {
    std::array<double, 4> corner{};
    for (size_t i = 0; i < 4; ++i) {
      corner[i] = std::round(static_cast<double>(roi[i + 1] * static_cast<A>(op.spatial_scale)));
      if (!std::isfinite(corner[i])) bad_input("a region of interest has a corner at " + std::to_string(corner[i]));
    }
    const double batch = static_cast<double>(roi[0]);
    if (!(batch >= 0 && batch < static_cast<double>(dims[0]))) {
      bad_input("batch index " + std::to_string(batch) + " is outside [0, " + std::to_string(dims[0]) + ")");
    }
    const A* image = x + static_cast<int64_t>(batch) * channels * height * width;
    for (int64_t bin = 0; bin < bins; ++bin) {
      const auto [top, bottom] = bin_range(corner[1], corner[3], bin / op.pooled_shape[1], op.pooled_shape[0], height);
      const auto [left, right] = bin_range(corner[0], corner[2], bin % op.pooled_shape[1], op.pooled_shape[1], width);
      greatest_of_box({top, bottom, left, right, width}, channels, image, height * width,
                      y.data() + n * channels * bins + bin, bins);
    }
  }
  y.store();
}

void run_cpu(const MaxRoiPool& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& rois = io.in(1).shape();
  if (x.rank() != 4 || rois.rank() != 2 || rois[1] != 5 ||
      io.out(0).shape() != Shape{rois[0], x[1], op.pooled_shape[0], op.pooled_shape[1]}) {
    bad_input("X " + x.str() + ", rois " + rois.str() + " and Y " + io.out(0).shape().str() + " do not fit");
  }
  if (io.out(0).elements() == 0) return;
  visit_wide(io.in(0).dtype(), [&]<class A>() { run<A>(op, io); });
}

OpBuilder<MaxRoiPool> max_roi_pool(DTypeSet types) {
  return op<MaxRoiPool>()
      .required("pooled_shape", &MaxRoiPool::pooled_shape)
      .attribute("spatial_scale", &MaxRoiPool::spatial_scale)
      .input("X", types)
      .input("rois", types)
      .output("Y")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace

MICA_OP(MaxRoiPool, 22) {
  return max_roi_pool(types::floats);
}

MICA_OP(MaxRoiPool, 1) {
  return max_roi_pool(types::floats - DTypeSet{DType::BF16});
}

}  // namespace mica
