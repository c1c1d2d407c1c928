#include "kernels/conv/window.h"

#include "runtime/base/concat.h"

namespace mica {
namespace {

// Keeps products of two attributes within int64.
constexpr int64_t kLargest = int64_t{1} << 31;

std::string str(std::span<const int64_t> values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(values[i]);
  return text + "]";
}

void check_values(std::span<const int64_t> values, std::string_view name, int64_t smallest) {
  for (const int64_t value : values) {
    if (value >= smallest && value < kLargest) continue;
    throw_error(ErrorCode::InvalidModel, {name, " ", str(values), " holds ", value});
  }
}

int64_t value_or(const std::vector<int64_t>& list, size_t i, int64_t fallback) {
  return list.empty() ? fallback : list[i];
}

void check_rank(std::span<const int64_t> list, std::string_view name, size_t wanted) {
  if (list.empty() || list.size() == wanted) return;
  throw_error(ErrorCode::InvalidModel,
              {name, " ", str(list), " has ", list.size(), " values, the input needs ", wanted});
}

Dim output_dim(const Window& w, size_t i, size_t rank, const Dim& input, const Dim& kernel) {
  const int64_t stride = value_or(w.strides, i, 1);
  if (w.auto_pad == AutoPad::SameUpper || w.auto_pad == AutoPad::SameLower) return ceil_div(input, stride);
  const bool padded = w.auto_pad == AutoPad::NotSet;
  const int64_t before = padded ? value_or(w.pads, i, 0) : 0;
  const int64_t after = padded ? value_or(w.pads, i + rank, 0) : 0;
  const Dim extent = (kernel - 1) * value_or(w.dilations, i, 1) + 1;
  const Dim slack = input + (before + after) - extent;
  if (slack.is_constant() && slack.value() < 0) {
    throw_error(ErrorCode::InvalidModel, {"the window spans ", extent, " elements of spatial axis ", i,
                                          ", the padded input has ", Dim(input + (before + after))});
  }
  if (!w.ceil_mode) return floor_div(slack, stride) + 1;
  return min(ceil_div(slack, stride), floor_div(input + (before - 1), stride)) + 1;
}

}  // namespace

void assign_attribute(AutoPad& field, const Attribute& value) {
  std::string text;
  assign_attribute(text, value);
  if (text == "NOTSET" || text.empty()) {
    field = AutoPad::NotSet;
  } else if (text == "VALID") {
    field = AutoPad::Valid;
  } else if (text == "SAME_UPPER") {
    field = AutoPad::SameUpper;
  } else if (text == "SAME_LOWER") {
    field = AutoPad::SameLower;
  } else {
    throw_error(ErrorCode::InvalidModel, {"is \"", text, "\", not NOTSET, VALID, SAME_UPPER or SAME_LOWER"});
  }
}

void check_window(Window& window, const NodeFacts&) {
  check_values(window.kernel_shape, "kernel_shape", 1);
  check_values(window.strides, "strides", 1);
  check_values(window.dilations, "dilations", 1);
  check_values(window.pads, "pads", 0);
}

Dims window_output_dims(const Window& window, const InferContext& ctx, std::span<const Dim> input,
                        std::span<const Dim> kernel) {
  const size_t rank = input.size();
  if (rank == 0) ctx.fail("the input has no spatial axis");
  if (kernel.size() != rank) {
    throw_error(ErrorCode::InvalidModel,
                {"the kernel has ", kernel.size(), " axes, the input has ", rank, " spatial ones"});
  }
  check_rank(window.strides, "strides", rank);
  check_rank(window.dilations, "dilations", rank);
  check_rank(window.pads, "pads", 2 * rank);
  Dims result;
  for (size_t i = 0; i < rank; ++i) {
    if (kernel[i].is_constant() && kernel[i].value() < 1)
      throw_error(ErrorCode::InvalidModel, {"kernel dim ", kernel[i], " is not positive"});
    result.push_back(output_dim(window, i, rank, input[i], kernel[i]));
  }
  return result;
}

WindowGeometry window_geometry(const Window& window, const Shape& input, std::span<const int64_t> kernel,
                               const Shape& output) {
  WindowGeometry g;
  g.rank = kernel.size();
  const auto fits = [&](size_t size, size_t wanted) { return size == 0 || size == wanted; };
  if (g.rank == 0 || input.rank() != g.rank + 2 || output.rank() != g.rank + 2 ||
      !fits(window.strides.size(), g.rank) || !fits(window.dilations.size(), g.rank) ||
      !fits(window.pads.size(), 2 * g.rank)) {
    throw_error(ErrorCode::InvalidArgument,
                {"ranks differ: input ", input, ", output ", output, ", kernel ", str(kernel)});
  }
  for (size_t i = 0; i < g.rank; ++i) {
    WindowAxis& axis = g.axes[i];
    axis.input = input[i + 2];
    axis.output = output[i + 2];
    axis.kernel = kernel[i];
    axis.stride = value_or(window.strides, i, 1);
    axis.dilation = value_or(window.dilations, i, 1);
    if (window.auto_pad == AutoPad::NotSet) {
      axis.pad = value_or(window.pads, i, 0);
      axis.pad_end = value_or(window.pads, i + g.rank, 0);
    } else if (window.auto_pad != AutoPad::Valid) {
      const int64_t span = (axis.output - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
      const int64_t total = std::max<int64_t>(span - axis.input, 0);
      axis.pad = window.auto_pad == AutoPad::SameUpper ? total / 2 : total - total / 2;
      axis.pad_end = total - axis.pad;
    }
  }
  return g;
}

}  // namespace mica
