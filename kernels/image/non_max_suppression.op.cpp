// NonMaxSuppression, ai.onnx 10, 11: for each batch and class, takes boxes by falling score and drops those that
// overlap one taken before by more than iou_threshold (intersection over union). Gives rows [batch, class, box].
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/image/boxes.h"
#include "kernels/op.h"
#include "kernels/reduce/order_keys.h"
#include "kernels/reduce/ranking.h"

namespace mica {
namespace {

struct NonMaxSuppression {
  bool center_point_box = false;
};

void infer(const NonMaxSuppression&, InferContext& ctx) {
  ctx.set(0, DType::I64, Dims{ctx.unknown(), 3});
}

template <class T>
std::optional<T> scalar(const Operands& io, size_t input) {
  if (!io.has(input) || io.in(input).elements() == 0) return std::nullopt;
  return io.in(input).data<T>()[0];
}

void run_cpu(const NonMaxSuppression& op, const Operands& io) {
  const Shape& boxes = io.in(0).shape();
  const Shape& scores = io.in(1).shape();
  if (boxes.rank() != 3 || scores.rank() != 3 || boxes[2] != 4 || boxes[0] != scores[0] || boxes[1] != scores[2]) {
    bad_input("boxes " + boxes.str() + " and scores " + scores.str() + " do not fit");
  }
  const int64_t most = scalar<int64_t>(io, 2).value_or(0);
  const float iou = scalar<float>(io, 3).value_or(0);
  const auto threshold = scalar<float>(io, 4);
  const int64_t count = boxes[1];
  std::vector<int64_t> selected;
  float* values = io.scratch<float>(count);
  int64_t* candidates = io.scratch<int64_t>(count);
  uint64_t* keys = io.scratch<uint64_t>(count);
  RankedKey* ranked = io.scratch<RankedKey>(count);
  std::vector<Box> taken;
  for (int64_t row = 0; row < scores[0] * scores[1]; ++row) {
    const int64_t batch = row / scores[1];
    const float* score = io.in(1).data<float>() + row * count;
    int64_t found = 0;
    taken.clear();
    for (int64_t i = 0; i < count; ++i) {
      const float value = std::isnan(score[i]) ? -std::numeric_limits<float>::infinity() : score[i];
      if (threshold && !(value > *threshold)) continue;
      candidates[found] = i;
      values[found++] = value;
    }
    order_keys(DType::F32, values, found, 1, true, true, keys);
    rank_keys(keys, found, found, ranked);
    for (int64_t i = 0; i < found && static_cast<int64_t>(taken.size()) < most; ++i) {
      const int64_t candidate = candidates[ranked[i].index];
      const Box box = to_box(io.in(0).data<float>() + (batch * count + candidate) * 4, op.center_point_box);
      if (overlaps_any(box, taken, iou)) continue;
      taken.push_back(box);
      selected.insert(selected.end(), {batch, row % scores[1], candidate});
    }
  }
  Tensor& y = io.allocate(0, DType::I64, {static_cast<int64_t>(selected.size()) / 3, 3});
  std::ranges::copy(selected, y.mutable_data<int64_t>());
}

}  // namespace

MICA_OP(NonMaxSuppression, 10) {
  return op<NonMaxSuppression>()
      .attribute("center_point_box", &NonMaxSuppression::center_point_box)
      .input("boxes", types::f32)
      .input("scores", types::f32)
      .optional_input("max_output_boxes_per_class", types::int64)
      .optional_input("iou_threshold", types::f32)
      .optional_input("score_threshold", types::f32)
      .output("selected_indices")
      .data_dependent()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
