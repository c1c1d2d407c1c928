// NonMaxSuppression, ai.onnx 10, 11: for each batch and class, takes boxes by falling score and drops those that
// overlap one taken before by more than iou_threshold (intersection over union). Gives rows [batch, class, box].
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/op.h"

namespace mica {
namespace {

struct NonMaxSuppression {
  bool center_point_box = false;
};

void infer(const NonMaxSuppression&, InferContext& ctx) {
  ctx.set(0, DType::I64, Dims{ctx.unknown(), 3});
}

struct Box {
  float left, right, low, high;
  float area() const { return (right - left) * (high - low); }
};

/// From [y1, x1, y2, x2] with corners in any order, or [x_center, y_center, width, height].
Box to_box(const float* b, bool centered) {
  if (centered) return {b[0] - b[2] / 2, b[0] + b[2] / 2, b[1] - b[3] / 2, b[1] + b[3] / 2};
  return {std::min(b[1], b[3]), std::max(b[1], b[3]), std::min(b[0], b[2]), std::max(b[0], b[2])};
}

bool overlap(const Box& a, const Box& b, float threshold) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.high, b.high) - std::max(a.low, b.low);
  if (!(width > 0 && height > 0)) return false;
  const float common = width * height;
  const float all = a.area() + b.area() - common;
  return common > 0 && a.area() > 0 && b.area() > 0 && all > 0 && common / all > threshold;
}

struct Candidate {
  float score;
  int64_t index;
};

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
  std::vector<Candidate> candidates;
  std::vector<Box> taken;
  for (int64_t row = 0; row < scores[0] * scores[1]; ++row) {
    const int64_t batch = row / scores[1];
    const float* score = io.in(1).data<float>() + row * count;
    candidates.clear();
    taken.clear();
    for (int64_t i = 0; i < count; ++i) {
      const float value = std::isnan(score[i]) ? -std::numeric_limits<float>::infinity() : score[i];
      if (!threshold || value > *threshold) candidates.push_back({value, i});
    }
    std::ranges::stable_sort(candidates, std::greater<>(), &Candidate::score);
    for (const Candidate& candidate : candidates) {
      if (static_cast<int64_t>(taken.size()) >= most) break;
      const Box box = to_box(io.in(0).data<float>() + (batch * count + candidate.index) * 4, op.center_point_box);
      if (std::ranges::any_of(taken, [&](const Box& other) { return overlap(box, other, iou); })) continue;
      taken.push_back(box);
      selected.insert(selected.end(), {batch, row % scores[1], candidate.index});
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
