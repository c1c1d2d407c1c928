#include "kernels/attention/score_bias.h"

#include <algorithm>

#include "kernels/shape/shape_input.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

template <class T>
const T* as_terms(const Operands& io, const Tensor& mask) {
  if (is_float(mask.dtype())) return widen<T>(io, mask);
  T* terms = io.scratch<T>(mask.elements());
  const int64_t count = mask.elements();
  const bool known = visit_dtype<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>(
      mask.dtype(), [&]<class S>() {
        for (int64_t i = 0; i < count; ++i) terms[i] = static_cast<T>(mask.data<S>()[i]);
      });
  if (!known) throw_error(ErrorCode::InvalidArgument, {"the mask ", mask, " holds neither numbers nor booleans"});
  return terms;
}

[[noreturn]] void does_not_fit(const Tensor& mask, const Shape& scores) {
  throw_error(ErrorCode::InvalidArgument, {"the mask ", mask, " does not fit scores ", scores});
}

// Term of every key of every batch entry, from bounds: keys of entry b are [start(b), end(b)).
template <class T, class Start, class End>
ScoreBias<T> bounded(const Operands& io, const Shape& scores, T hidden, Start&& start, End&& end) {
  const int64_t keys = scores[3];
  T* terms = io.scratch<T>(scores[0] * keys);
  for (int64_t b = 0; b < scores[0]; ++b) {
    for (int64_t j = 0; j < keys; ++j) terms[b * keys + j] = j >= start(b) && j < end(b) ? T{0} : hidden;
  }
  return {terms, keys, 0, 0, 1};
}

}  // namespace

int64_t masked_keys(const Shape& mask, int64_t keys, ShortMask short_mask) {
  return short_mask == ShortMask::Hide && mask.rank() > 0 ? std::min(keys, mask.back()) : keys;
}

std::array<int64_t, 4> mask_steps(const Tensor& mask, const Shape& scores, ShortMask short_mask) {
  const Shape& shape = mask.shape();
  if (shape.rank() > 4) does_not_fit(mask, scores);
  const size_t offset = 4 - shape.rank();
  const auto strides = shape.strides();
  std::array<int64_t, 4> steps{};
  for (size_t axis = 0; axis < shape.rank(); ++axis) {
    const bool hides = axis + offset == 3 && short_mask == ShortMask::Hide && shape[axis] < scores[3];
    const bool equal = shape[axis] == scores[axis + offset] || hides;
    if (!equal && shape[axis] != 1) does_not_fit(mask, scores);
    steps[axis + offset] = equal ? strides[axis] : 0;
  }
  return steps;
}

template <class T>
ScoreBias<T> score_bias(const Operands& io, const Tensor& mask, const Shape& scores, ShortMask short_mask) {
  const auto steps = mask_steps(mask, scores, short_mask);
  ScoreBias<T> bias{nullptr, steps[0], steps[1], steps[2], steps[3]};
  mask.dtype() == DType::Bool ? void(bias.shown = mask.data<bool>()) : void(bias.data = as_terms<T>(io, mask));
  return bias;
}

KeyMask key_mask(const Tensor& mask, const Shape& scores, int64_t past) {
  const Shape& shape = mask.shape();
  const int64_t batch = scores[0], rows = scores[2], keys = scores[3];
  check_integers(mask, mask.elements(), "the mask");
  if (shape.rank() == 1) {
    const bool starts = shape[0] == 2 * batch;
    if (!starts && shape[0] != batch && shape[0] != 3 * batch + 2) does_not_fit(mask, scores);
    return {true, starts};
  }
  if (shape == Shape{batch, keys}) return {false, false, 0, keys, 0};
  if (shape == Shape{batch, rows, keys}) return {false, false, 0, rows * keys, keys};
  if (shape.rank() == 4 && shape[0] == batch && shape[1] == 1 && shape[2] == shape[3] && shape[3] >= keys &&
      past + rows <= shape[2]) {
    return {false, false, past * shape[3], shape[2] * shape[3], shape[3]};
  }
  does_not_fit(mask, scores);
}

template <class T>
ScoreBias<T> key_mask_bias(const Operands& io, const Tensor& mask, const Shape& scores, int64_t past, float hidden) {
  const int64_t batch = scores[0];
  const KeyMask form = key_mask(mask, scores, past);
  const T term = static_cast<T>(hidden);
  const auto at = [&](int64_t i) { return integer_at(mask, i); };
  if (form.ends) {
    return bounded(
        io, scores, term, [&](int64_t b) { return form.starts ? at(batch + b) : int64_t{0}; }, at);
  }
  T* terms = io.scratch<T>(mask.elements());
  for (int64_t i = 0; i < mask.elements(); ++i) terms[i] = at(i) > 0 ? T{0} : term;
  return {terms + form.first, form.batch, 0, form.row, 1};
}

template ScoreBias<float> score_bias(const Operands&, const Tensor&, const Shape&, ShortMask);
template ScoreBias<double> score_bias(const Operands&, const Tensor&, const Shape&, ShortMask);
template ScoreBias<float> key_mask_bias(const Operands&, const Tensor&, const Shape&, int64_t, float);
template ScoreBias<double> key_mask_bias(const Operands&, const Tensor&, const Shape&, int64_t, float);

}  // namespace mica
