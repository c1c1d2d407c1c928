// MelWeightMatrix, ai.onnx 17: [dft_length / 2 + 1, num_mel_bins] triangles with a peak of 1, whose corners are equally
// far apart on the mel scale,  mel(f) = 2595 log10(1 + f / 700),  from the lower to the upper edge. Corners are rounded
// down to bins of the transform as the reference implementation does: floor((dft_length + 1) f / sample_rate).
#include <cmath>

#include "kernels/op.h"
#include "kernels/shape/shape_input.h"
#include "kernels/signal/numbers.h"
#include "kernels/wide_numbers.h"

namespace mica {
namespace {

struct MelWeightMatrix {
  DType dtype = DType::F32;
};

void infer(const MelWeightMatrix& op, InferContext& ctx) {
  if (!kFormulaTypes.contains(op.dtype)) ctx.fail("output_datatype " + std::string(name(op.dtype)) + " is no number");
  const auto bands = ctx.contents(0), length = ctx.contents(1);
  ctx.set(0, op.dtype,
          Dims{length && length->size() == 1 ? floor_div(length->front(), 2) + 1 : ctx.unknown(),
               bands && bands->size() == 1 ? bands->front() : ctx.unknown()});
}

double single_number(const Tensor& tensor, const char* what) {
  if (!is_float(tensor.dtype()) || tensor.elements() != 1) {
    bad_input(std::string(what) + " must be one float, not " + tensor.str());
  }
  double value = 0;
  widen_numbers(tensor.dtype(), tensor.raw(), DType::F64, &value, 1);
  return value;
}

double to_mel(double hertz) {
  return 2595 * std::log10(1 + hertz / 700);
}

/// Where the triangle of one band begins, peaks and ends, in bins of the transform.
struct Triangle {
  double left, peak, right;

  /// The falling side, the peak included, prevails where both sides meet; of a side without width only the peak is
  /// left.
  double at(double bin) const {
    if (bin >= peak && bin < right) return (right - bin) / (right - peak);
    if (bin == peak) return 1;
    return bin >= left && bin < peak ? (bin - left) / (peak - left) : 0;
  }
};

void run_cpu(const MelWeightMatrix&, const Operands& io) {
  const int64_t bands = single_integer(io.in(0), "num_mel_bins"), length = single_integer(io.in(1), "dft_length");
  const double rate = static_cast<double>(single_integer(io.in(2), "sample_rate"));
  const double lower = single_number(io.in(3), "lower_edge_hertz"), upper = single_number(io.in(4), "upper_edge_hertz");
  if (bands < 0 || length < 0 || rate <= 0 || !(lower >= 0) || !(upper >= lower) || std::isinf(upper)) {
    bad_input("num_mel_bins, dft_length, sample_rate and the edges do not fit together");
  }
  if (io.out(0).shape() != Shape{length / 2 + 1, bands}) bad_input("the output is " + io.out(0).str());
  const double step = (to_mel(upper) - to_mel(lower)) / static_cast<double>(bands + 2);
  const auto corner = [&](int64_t i) {
    const double hertz = 700 * (std::pow(10, (to_mel(lower) + static_cast<double>(i) * step) / 2595) - 1);
    return std::floor((static_cast<double>(length) + 1) * hertz / rate);
  };
  double* corners = io.scratch<double>(bands + 2);
  for (int64_t i = 0; i < bands + 2; ++i) corners[i] = corner(i);
  write_numbers(io.out(0), [&](int64_t i) {
    const int64_t band = i % bands;
    return Triangle{corners[band], corners[band + 1], corners[band + 2]}.at(static_cast<double>(i / bands));
  });
}

}  // namespace

MICA_OP(MelWeightMatrix, 17) {
  return op<MelWeightMatrix>()
      .input("num_mel_bins", types::index)
      .input("dft_length", types::index)
      .input("sample_rate", types::index)
      .input("lower_edge_hertz", types::floats)
      .input("upper_edge_hertz", types::floats)
      .output("output")
      .attribute("output_datatype", &MelWeightMatrix::dtype)
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
