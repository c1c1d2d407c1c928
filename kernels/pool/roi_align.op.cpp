// RoiAlign, ai.onnx 10, 16, 22 (https://arxiv.org/abs/1703.06870): pools each region of interest [x1, y1, x2, y2],
// scaled to the feature map, into output_height x output_width bins by interpolating X at sampling points and taking
// their mean, or the largest of the weighted neighbours of all points. Since 16 the region moves by half a pixel unless
// coordinate_transformation_mode is output_half_pixel.
#include "kernels/pool/roi_align.h"

#include "kernels/op.h"
#include "kernels/pool/roi_pooling.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

void prepare(RoiAlign& op, const NodeFacts&) {
  if (op.mode != "avg" && op.mode != "max") {
    throw Error(ErrorCode::InvalidModel, "mode is \"" + op.mode + "\", not avg or max");
  }
  if (op.coordinates != "half_pixel" && op.coordinates != "output_half_pixel") {
    throw Error(ErrorCode::InvalidModel, "coordinate_transformation_mode is \"" + op.coordinates + "\"");
  }
  if (op.height < 1 || op.width < 1 || op.sampling_ratio < 0) {
    throw Error(ErrorCode::InvalidModel, "output_height, output_width or sampling_ratio is out of range");
  }
  op.shifted = op.coordinates == "half_pixel";
}

void infer(const RoiAlign& op, InferContext& ctx) {
  same_dtype(ctx, 0, 1);
  const Dims* x = ctx.dims(0);
  const Dims* rois = ctx.dims(1);
  const Dims* batch = ctx.dims(2);
  if (x != nullptr && x->size() != 4) ctx.fail("X " + str(*x) + " must have rank 4");
  if (rois != nullptr && rois->size() != 2) ctx.fail("rois " + str(*rois) + " must have rank 2");
  if (batch != nullptr && batch->size() != 1) ctx.fail("batch_indices " + str(*batch) + " must have rank 1");
  Dim count = rois != nullptr ? (*rois)[0] : batch != nullptr ? (*batch)[0] : ctx.unknown();
  if (rois != nullptr && batch != nullptr)
    count = ctx.merge(count, (*batch)[0], "numbers of rois and of batch_indices");
  ctx.set(0, ctx.dtype(0), Dims{count, x != nullptr ? (*x)[1] : ctx.unknown(), op.height, op.width});
}

// In type A.
template <class A>
void run(const RoiAlign& op, const Operands& io) {
  const Shape& dims = io.in(0).shape();
  const int64_t channels = dims[1];
  const int64_t plane = dims[2] * dims[3];
  const int64_t bins = op.height * op.width;
  const A* x = widen<A>(io, io.in(0));
  const A* corners = widen<A>(io, io.in(1));
  const WideOutput<A> y(io, io.out(0));
  for (int64_t n = 0; n < io.in(1).shape()[0]; ++n, corners += 4) {
    const int64_t batch = io.in(2).data<int64_t>()[n];
    if (batch < 0 || batch >= dims[0]) {
      bad_input("batch index " + std::to_string(batch) + " is outside [0, " + std::to_string(dims[0]) + ")");
    }
    const auto region = roi_region<A>(op, corners[0], corners[1], corners[2], corners[3]);
    if (!region.makes_sense()) bad_input("region of interest " + std::to_string(n) + " is too large");
    const A* image = x + batch * channels * plane;
    for (int64_t bin = 0; bin < bins; ++bin) {
      A* to = y.data() + n * channels * bins + bin;
      RoiPooling<A> pooling(op.mode == "avg", channels, image, plane, to, bins);
      for (int64_t i = 0; i < region.points(); ++i) pooling.add(region.at(op, bin, i, dims[2], dims[3]));
      pooling.finish(region.points());
    }
  }
  y.store();
}

}  // namespace

void check_roi_align(const RoiAlign& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& rois = io.in(1).shape();
  if (x.rank() != 4 || rois.rank() != 2 || rois[1] != 4 || io.in(2).elements() != rois[0] ||
      io.out(0).shape() != Shape{rois[0], x[1], op.height, op.width}) {
    bad_input("X " + x.str() + ", rois " + rois.str() + " and batch_indices " + io.in(2).shape().str() + " do not fit");
  }
  if (io.out(0).elements() != 0 && x.elements() == 0) bad_input("X " + x.str() + " is empty");
}

namespace {

void run_cpu(const RoiAlign& op, const Operands& io) {
  check_roi_align(op, io);
  if (io.out(0).elements() == 0) return;
  visit_wide(io.in(0).dtype(), [&]<class A>() { run<A>(op, io); });
}

OpBuilder<RoiAlign> roi_align(const RoiAlign& prototype, DTypeSet types) {
  return op<RoiAlign>(prototype)
      .attribute("mode", &RoiAlign::mode)
      .attribute("output_height", &RoiAlign::height)
      .attribute("output_width", &RoiAlign::width)
      .attribute("sampling_ratio", &RoiAlign::sampling_ratio)
      .attribute("spatial_scale", &RoiAlign::spatial_scale)
      .input("X", types)
      .input("rois", types)
      .input("batch_indices", types::int64)
      .output("Y")
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

constexpr DTypeSet kOldFloats = types::floats - DTypeSet{DType::BF16};

}  // namespace

MICA_OP(RoiAlign, 22) {
  return roi_align({}, types::floats).attribute("coordinate_transformation_mode", &RoiAlign::coordinates);
}

MICA_OP(RoiAlign, 16) {
  return roi_align({}, kOldFloats).attribute("coordinate_transformation_mode", &RoiAlign::coordinates);
}

MICA_OP(RoiAlign, 10) {
  RoiAlign prototype;
  prototype.coordinates = "output_half_pixel";
  return roi_align(prototype, kOldFloats);
}

}  // namespace mica
