// RoiAlign, each output by one thread.
#include "kernels/cuda/wide.cuh"
#include "kernels/pool/roi_align_cuda.h"

namespace mica::cuda {
namespace {

template <class W>
__global__ void roi_align_kernel(const __grid_constant__ RoiAlignCall call) {
  const int64_t bins = call.form.height * call.form.width;
  for (int64_t i = first_element(); i < call.count * call.channels * bins; i += element_stride()) {
    const int64_t bin = i % bins, channel = i / bins % call.channels, roi = i / bins / call.channels;
    const int64_t image = call.images[roi];
    const auto corner = [&](int64_t k) { return load_wide<W>(call.rois, call.number, roi * 4 + k); };
    const RoiRegion<W> region = roi_region<W>(call.form, corner(0), corner(1), corner(2), corner(3));
    W sum = 0, best = 0;
    if (image < 0 || image >= call.batch || !region.makes_sense()) {
      call.fault.report();
    } else {
      const int64_t from = (image * call.channels + channel) * call.height * call.width;
      for (int64_t point = 0; point < region.points(); ++point) {
        const Neighbours<W> near = region.at(call.form, bin, point, call.height, call.width);
        for (int k = 0; k < 4; ++k) {
          const W value = near.weight[k] * load_wide<W>(call.x, call.number, from + near.offset[k]);
          sum += value;
          best = (point == 0 && k == 0) || value > best ? value : best;
        }
      }
      if (region.points() > 0) sum /= static_cast<W>(region.points());
    }
    store_wide(call.y, call.number, i, call.average ? sum : best);
  }
}

}  // namespace

void launch_roi_align(const RoiAlignCall& call, void* stream) {
  const int64_t elements = call.count * call.channels * call.form.height * call.form.width;
  if (elements == 0) return;
  visit_wide(call.number == Number::F64,
             [&]<class W>() { launch(roi_align_kernel<W>, over_elements(elements), stream, call); });
}

}  // namespace mica::cuda
