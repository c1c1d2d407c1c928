// Convolutions on tensor cores with every tile, layout and type, against sums in double of operands that the type holds
// exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>

#include "kernels/conv/conv_mma_cuda.h"
#include "kernels/conv/conv_operand.h"
#include "kernels/conv/device_conv.h"
#include "kernels/cuda/operand.h"
#include "runtime/base/half.h"
#include "runtime/plan.h"
#include "tests/api/model_from_text.h"
#include "tests/cuda/kernels/device_test.h"

namespace mica {
namespace {

struct Side {
  int64_t input, kernel, stride = 1, dilation = 1, pad = 0, pad_end = 0;
};

struct ConvCase {
  std::string name;
  int64_t batch, groups, channels, filters;  // channels and filters of a group
  Side y, x;
  bool x_last = true, y_last = true, brain = true;
  cuda::MmaCut cut = {};                    // none: that of the problem
  cuda::Number result = cuda::Number::F32;  // of images, addend and result
  bool extras = true;                       // bias, addend and an activation
  bool tf32 = false;                        // weights are floats too, that tf32 holds exactly
};

std::vector<ConvCase> all_cases() {
  const cuda::MmaCut large{128, 128, 1, 0}, small{64, 64, 1, 0};
  std::vector<ConvCase> cases;
  for (const bool last : {false, true}) {
    for (const bool brain : {false, true}) {
      if (last && !brain) continue;
      const std::string name = std::string(last ? "last" : "first") + (brain ? "_brain" : "_half");
      cases.push_back(
          {name + "_large", 1, 1, 16, 136, {13, 3, 1, 1, 1, 1}, {12, 3, 1, 1, 1, 1}, last, last, brain, large});
      cases.push_back(
          {name + "_small", 2, 1, 24, 72, {9, 3, 2, 1, 1, 0}, {8, 2, 1, 2, 0, 1}, last, last, brain, small});
      cases.push_back({name + "_same_type",
                       3,
                       1,
                       16,
                       40,
                       {5, 3},
                       {7, 3},
                       last,
                       last,
                       brain,
                       small,
                       brain ? cuda::Number::BF16 : cuda::Number::F16});
    }
    const std::string name = last ? "last" : "first";
    cases.push_back({name + "_few_channels", 2, 1, 3, 21, {11, 7, 2, 1, 3, 3}, {9, 7, 2, 1, 3, 3}, last, last});
    cases.push_back({name + "_odd_channels", 1, 1, 19, 17, {6, 1}, {5, 3, 1, 1, 1, 1}, last, last});
    cases.push_back({name + "_groups", 2, 3, 10, 18, {6, 3, 1, 1, 1, 1}, {5, 3}, last, last});
    cases.push_back(
        {name + "_parts", 1, 1, 64, 20, {6, 3, 1, 1, 1, 1}, {5, 3, 1, 1, 1, 1}, last, last, true, {64, 64, 3, 224}});
    cases.push_back(
        {name + "_plain", 2, 1, 16, 30, {6, 1, 2}, {9, 1, 2}, last, last, true, {}, cuda::Number::F32, false});
    cases.push_back({name + "_one_axis", 3, 1, 12, 20, {1, 1}, {19, 4, 1, 1, 1, 2}, last, last});
  }
  for (const auto& [name, last, cut] :
       {std::tuple{"tf32_large", true, large}, {"tf32_small", true, small}, {"tf32_first", false, small}}) {
    cases.push_back({name,
                     2,
                     1,
                     12,
                     70,
                     {9, 3, 1, 1, 1, 1},
                     {8, 3, 1, 1, 1, 1},
                     last,
                     last,
                     false,
                     cut,
                     cuda::Number::F32,
                     true,
                     true});
  }
  cases.push_back({"tf32_parts",
                   1,
                   1,
                   64,
                   20,
                   {6, 3, 1, 1, 1, 1},
                   {5, 3, 1, 1, 1, 1},
                   true,
                   true,
                   false,
                   {64, 64, 3, 224},
                   cuda::Number::F32,
                   true,
                   true});
  cases.push_back({"last_from_first", 2, 1, 3, 32, {9, 3, 2, 1, 1, 1}, {9, 3, 2, 1, 1, 1}, false, true});
  cases.push_back({"no_channels", 1, 1, 0, 20, {4, 3}, {5, 3}});
  cases.push_back({"no_images", 0, 1, 8, 20, {4, 3}, {5, 3}});
  return cases;
}

class MmaConvolutions : public DeviceTest<ConvCase> {
 protected:
  struct Numbers {
    std::shared_ptr<std::byte> memory;
    std::vector<double> values;
    Tensor tensor;
  };
  // Random numbers that the narrow type holds exactly, on the device as `dtype`.
  Numbers make(DType dtype, const Shape& shape, uint32_t seed, bool brain) {
    std::mt19937 random(seed);
    Numbers made{device_->allocate(static_cast<size_t>(shape.elements()) * 4 + 4), {}, Tensor(dtype, shape)};
    for (int64_t i = 0; i < shape.elements(); ++i) {
      const float value = static_cast<float>(random()) / 0x1p31f - 1;
      const float held = brain ? static_cast<float>(BFloat16(value)) : static_cast<float>(Half(value));
      made.values.push_back(held);
      if (dtype == DType::F32) made.tensor.mutable_data<float>()[i] = held;
      if (dtype == DType::F16) made.tensor.mutable_data<Half>()[i] = Half(held);
      if (dtype == DType::BF16) made.tensor.mutable_data<BFloat16>()[i] = BFloat16(held);
    }
    upload(made.memory, made.tensor);
    return made;
  }
  void upload(const std::shared_ptr<std::byte>& memory, const Tensor& tensor) {
    stream_->upload(memory.get(), tensor.raw(), tensor.bytes());
    stream_->synchronize();
  }
};

int64_t outputs_of(const Side& s) {
  return (s.input + s.pad + s.pad_end - s.dilation * (s.kernel - 1) - 1) / s.stride + 1;
}

TEST_P(MmaConvolutions, AreSumsOfProducts) {
  const ConvCase& of = GetParam();
  if (device_->info().capability < (of.brain || of.tf32 ? cuda::kBrainProducts : cuda::kHalfProducts)) {
    GTEST_SKIP() << "skipped: no instruction for it";
  }
  ConvGeometry g;
  g.batch = of.batch, g.groups = of.groups, g.channels = of.channels, g.filters = of.filters;
  g.rank = 2;
  for (const auto& [axis, side] : {std::pair<int, const Side&>{0, of.y}, {1, of.x}}) {
    g.axes[static_cast<size_t>(axis)] = {side.input,    outputs_of(side), side.kernel, side.stride,
                                         side.dilation, side.pad,         side.pad_end};
  }
  const DType narrow = of.tf32 ? DType::F32 : of.brain ? DType::BF16 : DType::F16, wide = static_cast<DType>(of.result);
  const int64_t all_channels = g.groups * g.channels, all_filters = g.groups * g.filters;
  const Numbers x = make(wide, {of.batch, all_channels, g.inputs()}, 1, of.brain);
  const Numbers w = make(narrow, {all_filters, g.channels, of.y.kernel, of.x.kernel}, 2, of.brain);
  const Numbers bias = make(wide, {all_filters}, 3, of.brain);
  const Numbers addend = make(wide, {of.batch, all_filters, g.outputs()}, 4, of.brain);
  const Tensor formed = filters_by_taps(w.tensor);
  const auto formed_memory = device_->allocate(formed.bytes() + 1);
  upload(formed_memory, formed);
  const int64_t channels = cuda::whole_vectors(g.channels, cuda::kMmaVector);
  const auto images = device_->allocate(static_cast<size_t>(of.batch * g.inputs() * g.groups * channels) * 4 + 1);
  const cuda::ImagesCall to_images{images_shape(g, of.x_last), of.result, number_of(narrow), x.memory.get(),
                                   images.get()};
  launch_images(to_images, stream_->handle());

  cuda::ConvCall call{};
  set_conv_shape(call, g, of.x_last, of.y_last);
  set_images(call, g, channels, of.y_last);
  call.number = of.result;
  call.x = images.get();
  call.w = formed_memory.get();
  if (of.extras) {
    call.bias = bias.memory.get();
    call.addend = addend.memory.get();
    call.activation = Epilogue::Activation::Relu;
  }
  Tensor result(wide, {of.batch, all_filters, g.outputs()});
  const auto y = device_->allocate(result.bytes() + 1);
  call.y = y.get();
  const int64_t pixels = of.batch * g.outputs(), depth = channels * g.taps();
  cuda::MmaCut cut = of.cut.rows > 0 ? of.cut : cuda::conv_mma_cut(pixels, g.filters, depth, g.groups, cuda::kMmaDepth);
  if (cut.splits == 1) cut.split_depth = depth;
  const auto workspace = device_->allocate(static_cast<size_t>(cuda::conv_workspace(cut, pixels, g.filters)) * 4 + 1);
  float* parts = reinterpret_cast<float*>(workspace.get());
  if (of.tf32) launch_conv_tf32(call, cut, parts, stream_->handle());
  if (!of.tf32) launch_conv_mma(call, number_of(narrow), cut, parts, stream_->handle());
  stream_->download(result.mutable_raw(), y.get(), result.bytes());
  stream_->synchronize();

  const auto place = [](bool last, int64_t image, int64_t channel, int64_t position, int64_t all, int64_t positions) {
    return static_cast<size_t>(last ? (image * positions + position) * all + channel
                                    : (image * all + channel) * positions + position);
  };
  for (int64_t image = 0; image < of.batch; ++image) {
    for (int64_t filter = 0; filter < all_filters; ++filter) {
      for (int64_t output = 0; output < g.outputs(); ++output) {
        const int64_t oy = output / g.axes[1].output, ox = output % g.axes[1].output;
        double sum = 0, size = 0;
        for (int64_t c = 0; c < g.channels; ++c) {
          for (int64_t tap = 0; tap < g.taps(); ++tap) {
            const int64_t iy = oy * of.y.stride - of.y.pad + tap / of.x.kernel * of.y.dilation;
            const int64_t ix = ox * of.x.stride - of.x.pad + tap % of.x.kernel * of.x.dilation;
            if (iy < 0 || iy >= of.y.input || ix < 0 || ix >= of.x.input) continue;
            const int64_t channel = filter / g.filters * g.channels + c;
            const double term =
                x.values[place(of.x_last, image, channel, iy * of.x.input + ix, all_channels, g.inputs())] *
                w.values[static_cast<size_t>((filter * g.channels + c) * g.taps() + tap)];
            sum += term;
            size += std::abs(term);
          }
        }
        const size_t at = place(of.y_last, image, filter, output, all_filters, g.outputs());
        if (of.extras) {
          const double more = bias.values[static_cast<size_t>(filter)] + addend.values[at];
          size += std::abs(more);
          sum = std::max(sum + more, 0.0);
        }
        const float got = wide == DType::F32   ? result.data<float>()[at]
                          : wide == DType::F16 ? static_cast<float>(result.data<Half>()[at])
                                               : static_cast<float>(result.data<BFloat16>()[at]);
        // Sums in float, and half a unit of what is stored.
        const double unit = wide == DType::F32 ? 0 : wide == DType::F16 ? 0x1p-11 : 0x1p-8;
        ASSERT_NEAR(got, sum, 1e-6 * size + unit * std::abs(sum) + 1e-7) << image << ", " << filter << ", " << output;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, MmaConvolutions, testing::ValuesIn(all_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace mica
