// RoiAlign, ai.onnx 10, 16, 22 (https://arxiv.org/abs/1703.06870): pools each region of interest [x1, y1, x2, y2],
// scaled to the feature map, into output_height x output_width bins by interpolating X at sampling points and taking
// their mean, or the largest of the weighted neighbours of all points. Since 16 the region moves by half a pixel unless
// coordinate_transformation_mode is output_half_pixel.
#include <cmath>

#include "kernels/op.h"
#include "kernels/wide.h"

namespace mica {
namespace {

struct RoiAlign {
  std::string mode = "avg", coordinates = "half_pixel";
  int64_t height = 1, width = 1, sampling_ratio = 0;
  float spatial_scale = 1;
};

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

/// Four neighbours of a place and their weights; all weights are zero outside of the map.
template <class A>
struct Neighbours {
  std::array<int64_t, 4> offset{};
  std::array<A, 4> weight{};
};

template <class A>
Neighbours<A> neighbours(A y, A x, int64_t height, int64_t width) {
  Neighbours<A> result;
  if (!(y >= -1 && y <= static_cast<A>(height) && x >= -1 && x <= static_cast<A>(width))) return result;
  y = std::max<A>(y, 0);
  x = std::max<A>(x, 0);
  const int64_t top = std::min(static_cast<int64_t>(y), height - 1);
  const int64_t left = std::min(static_cast<int64_t>(x), width - 1);
  const int64_t bottom = std::min(top + 1, height - 1);
  const int64_t right = std::min(left + 1, width - 1);
  const A down = bottom == top ? 0 : y - static_cast<A>(top);
  const A across = right == left ? 0 : x - static_cast<A>(left);
  result.offset = {top * width + left, top * width + right, bottom * width + left, bottom * width + right};
  result.weight = {(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across};
  return result;
}

/// Where the bins of a region are.
template <class A>
struct Region {
  A top, left, bin_height, bin_width;
  int64_t rows, columns;  ///< sampling points of a bin
};

template <class T>
Region<Wide<T>> region(const RoiAlign& op, const T* roi) {
  using A = Wide<T>;
  const bool shifted = op.coordinates == "half_pixel";
  const auto place = [&](size_t i) {
    return static_cast<A>(roi[i]) * static_cast<A>(op.spatial_scale) - (shifted ? static_cast<A>(0.5) : 0);
  };
  A width = place(2) - place(0);
  A height = place(3) - place(1);
  if (!shifted) width = std::max<A>(width, 1), height = std::max<A>(height, 1);
  Region<A> r{place(1), place(0), height / static_cast<A>(op.height), width / static_cast<A>(op.width), 0, 0};
  const auto points = [&](A bin) -> int64_t {
    if (op.sampling_ratio > 0) return op.sampling_ratio;
    if (!(bin < 1e6f)) bad_input("a region of interest has bins of " + std::to_string(bin) + " elements");
    return std::max<int64_t>(static_cast<int64_t>(std::ceil(std::max<A>(bin, 0))), 0);
  };
  r.rows = points(r.bin_height);
  r.columns = points(r.bin_width);
  return r;
}

template <class T>
void run(const RoiAlign& op, const Operands& io) {
  using A = Wide<T>;
  const Shape& x = io.in(0).shape();
  const int64_t channels = x[1];
  const int64_t plane = x[2] * x[3];
  const int64_t bins = op.height * op.width;
  const bool average = op.mode == "avg";
  for (int64_t n = 0; n < io.in(1).shape()[0]; ++n) {
    const int64_t batch = io.in(2).data<int64_t>()[n];
    if (batch < 0 || batch >= x[0]) {
      bad_input("batch index " + std::to_string(batch) + " is outside [0, " + std::to_string(x[0]) + ")");
    }
    const auto r = region(op, io.in(1).data<T>() + n * 4);
    const A count = static_cast<A>(std::max<int64_t>(r.rows * r.columns, 1));
    for (int64_t bin = 0; bin < bins; ++bin) {
      for (int64_t c = 0; c < channels; ++c) {
        const T* from = io.in(0).data<T>() + (batch * channels + c) * plane;
        A sum = 0;
        std::optional<A> best;
        for (int64_t i = 0; i < r.rows * r.columns; ++i) {
          const A y =
              r.top + r.bin_height * (static_cast<A>(bin / op.width) +
                                      (static_cast<A>(i / r.columns) + static_cast<A>(0.5)) / static_cast<A>(r.rows));
          const A at = r.left + r.bin_width *
                                    (static_cast<A>(bin % op.width) +
                                     (static_cast<A>(i % r.columns) + static_cast<A>(0.5)) / static_cast<A>(r.columns));
          const auto near = neighbours(y, at, x[2], x[3]);
          for (size_t j = 0; j < 4; ++j) {
            const A value = near.weight[j] * static_cast<A>(from[near.offset[j]]);
            sum += value;
            best = best ? std::max(*best, value) : value;
          }
        }
        io.out(0).mutable_data<T>()[(n * channels + c) * bins + bin] =
            static_cast<T>(average ? sum / count : best.value_or(0));
      }
    }
  }
}

void run_cpu(const RoiAlign& op, const Operands& io) {
  const Shape& x = io.in(0).shape();
  const Shape& rois = io.in(1).shape();
  if (x.rank() != 4 || rois.rank() != 2 || rois[1] != 4 || io.in(2).elements() != rois[0] ||
      io.out(0).shape() != Shape{rois[0], x[1], op.height, op.width}) {
    bad_input("X " + x.str() + ", rois " + rois.str() + " and batch_indices " + io.in(2).shape().str() + " do not fit");
  }
  if (io.out(0).elements() == 0) return;
  if (x.elements() == 0) bad_input("X " + x.str() + " is empty");
  visit_dtype<float, double, Half, BFloat16>(io.in(0).dtype(), [&]<class T>() { run<T>(op, io); });
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
  return roi_align({.coordinates = "output_half_pixel"}, kOldFloats);
}

}  // namespace mica
