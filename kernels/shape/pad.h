// Parameters of Pad (pad.op.cpp), and where its elements come from.
#pragma once

#include <span>

#include "kernels/op.h"
#include "kernels/shape/pad_cuda.h"
#include "kernels/shape/strided_copy.h"

namespace mica {

struct Pad {
  using Mode = cuda::PadMode;

  std::string mode_name = "constant";
  std::vector<int64_t> pads;  ///< before version 11
  float value = 0;            ///< before version 11
  bool from_attributes = false;
  Mode mode = Mode::Constant;
};

/// One axis: elements [kept, kept + count) of the input stay, from place `at` of the output on.
struct PadSpan {
  int64_t kept, count, at;
};
using PadSpans = std::array<PadSpan, Shape::kMaxRank>;

/// Of every axis of the input. Throws when input, pads and output do not fit.
PadSpans pad_spans(const Pad& op, const Operands& io);

/// From an input to an output: what is not padding.
StridedCopy kept_elements(const Shape& from, const Shape& to, std::span<const PadSpan> spans);

}  // namespace mica
