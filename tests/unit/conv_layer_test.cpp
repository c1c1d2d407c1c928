// ConvLayer and the poolings of the engine's own domain, in both layouts, against loops in double over the definition.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "kernels/conv/channels_last.h"
#include "kernels/simd/isa.h"
#include "tests/unit/backwards.h"
#include "tests/unit/conv_cases.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"
#include "tests/unit/run_op.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

using namespace conv_cases;

std::vector<size_t> runnable_isas() {
  std::vector<size_t> list;
  for (size_t i = 0; i < isas().size(); ++i) {
    if (lacking(isas()[i]).empty()) list.push_back(i);
  }
  return list;
}

TEST(ConvLayer, AgreesWithDoubleInBothLayouts) {
  Backwards packer;
  const UsePacker in_parts(packer);
  std::mt19937 random(4);
  for (const size_t isa : runnable_isas()) {
    const UseIsa use(isa);
    for (const Case& c : kCases) {
      const size_t index = static_cast<size_t>(&c - kCases);
      for (size_t round = 0; round < 4; ++round) {
        const Layer layer = random_layer(index, round, random);
        OpCall call = layer.call(c);
        const std::string what = std::string(isas()[isa].name) + " case " + std::to_string(index);
        expect_layer(c, layer, run_op(call, {layer.x, layer.w, layer.bias, layer.residual})[0].tensor, what);
        call.attributes.emplace("channels_last", int64_t{1});
        const Tensor last = layer.residual.defined() ? moved(layer.residual, true) : Tensor();
        const std::vector<Tensor> inputs{moved(layer.x, true), layer.w, layer.bias, last};
        expect_layer(c, layer, moved(run_op(call, inputs)[0].tensor, false), what + " channels last");
        expect_layer(c, layer, moved(run_packed_op(call, inputs, {1}, 2)[0].tensor, false), what + " packed");
        call.attributes.emplace("x_channels_first", int64_t{1});
        const std::vector<Tensor> first{layer.x, layer.w, layer.bias, last};
        expect_layer(c, layer, moved(run_packed_op(call, first, {1}, 2)[0].tensor, false), what + " of channels first");
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Each number is off by up to 2^-9 of itself when it is rounded to bfloat16. Winograd's filtering rounds sums of up to
// four numbers of the input and of nine weights, and its products cancel.
TEST(ConvLayer, InBFloat16AgreesWithDoubleWithinItsRounding) {
  Backwards packer;
  const UsePacker in_parts(packer);
  std::mt19937 random(7);
  const Case cases[] = {
      {2, 64, 65, 1, 7, 9, 1, 1},
      {2, 18, 17, 1, 8, 9, 1, 1, 2, 2},
      {1, 1600, 40, 1, 3, 5, 1, 1},  // several passes over the depth
      {1, 24, 48, 2, 7, 20, 2, 3, 1, 1, 2, 3, 1, 3, 2, 3},
      {1, 32, 48, 2, 7, 20, 1, 1, 2, 3},
      {2, 16, 40, 1, 9, 11, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
      {1, 300, 20, 1, 4, 5, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1},
      {1, 80, 24, 1, 1, 50, 1, 3, 1, 2, 1, 1, 0, 1, 0, 1, true},
      {2, 32, 32, 1, 7, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},  // Winograd
      {1, 160, 144, 1, 6, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1},
      {1, 34, 50, 1, 12, 10, 3, 3, 1, 1, 1, 1, 2, 0, 0, 1},
  };
  for (const size_t isa : runnable_isas()) {
    const UseIsa use(isa);
    for (const Case& c : cases) {
      const Layer layer{"relu", random_tensor(c.input(), random), random_tensor(c.weights(), random),
                        random_tensor({c.filters}, random), random_tensor(c.output(), random)};
      OpCall call{"ConvLayer", 1, c.attributes(), 1, "mica"};
      call.attributes.insert({{"group", c.group}, {"activation", layer.f}, {"channels_last", int64_t{1}}});
      const std::vector<Tensor> inputs{moved(layer.x, true), layer.w, layer.bias, moved(layer.residual, true)};
      const std::string what = std::string(isas()[isa].name) + " case " + std::to_string(&c - cases);
      expect_layer(c, layer, moved(run_packed_op(call, inputs, {1}, 2, "bf16")[0].tensor, false), what, 0x1p-8);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(ChannelsLastConvTranspose, AgreesWithConvTransposeInDouble) {
  Backwards packer;
  const UsePacker in_parts(packer);
  std::mt19937 random(6);
  const std::pair<Shape, Shape> cases[] = {{{2, 5, 6, 7}, {5, 8, 2, 2}},
                                           {{1, 24, 9, 20}, {24, 1, 2, 3}},
                                           {{1, 17, 4, 3}, {17, 19, 1, 4}},
                                           {{2, 16, 11}, {16, 3, 2}}};
  for (const size_t isa : runnable_isas()) {
    const UseIsa use(isa);
    for (const auto& [image, weights] : cases) {
      const Tensor x = random_tensor(image, random), w = random_tensor(weights, random);
      const Tensor bias = random_tensor({weights[1]}, random);
      const auto wide = [](const Tensor& from) {
        Tensor to(DType::F64, from.shape());
        std::copy_n(from.data<float>(), from.elements(), to.mutable_data<double>());
        return to;
      };
      const std::vector<int64_t> strides(weights.dims().begin() + 2, weights.dims().end());
      const Tensor wanted =
          run_op({"ConvTranspose", 22, {{"strides", strides}}}, {wide(x), wide(w), wide(bias)})[0].tensor;
      const OpCall call{"ChannelsLastConvTranspose", 1, {}, 1, "mica"};
      const std::vector<Tensor> inputs{moved(x, true), w, bias};
      for (const Tensor& y : {run_op(call, inputs)[0].tensor, run_packed_op(call, inputs, {1}, 2)[0].tensor}) {
        const Tensor first = moved(y, false);
        ASSERT_EQ(first.shape(), wanted.shape());
        for (int64_t i = 0; i < first.elements(); ++i) {
          ASSERT_NEAR(first.data<float>()[i], wanted.data<double>()[i],
                      tolerance::sum(image[1]) * static_cast<double>(image[1]))
              << isas()[isa].name << " " << image.str() << " at " << i;
        }
      }
    }
  }
}

TEST(ChannelsLastPool, AgreesWithDouble) {
  std::mt19937 random(5);
  const Case cases[] = {{2, 64, 64, 1, 9, 11, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1},
                        {1, 19, 19, 1, 8, 20, 2, 3, 1, 2, 2, 1, 1, 0, 0, 2},
                        {1, 5, 5, 1, 4, 4, 4, 4},
                        {2, 33, 33, 1, 1, 31, 1, 4, 1, 2, 1, 1, 0, 2, 0, 1, true}};
  for (const size_t isa : runnable_isas()) {
    const UseIsa use(isa);
    for (const Case& c : cases) {
      const Tensor x = random_tensor(c.input(), random);
      for (const int64_t padding : {-1, 0, 1}) {  // -1: MaxPool
        OpCall call{padding < 0 ? "ChannelsLastMaxPool" : "ChannelsLastAveragePool", 1, c.attributes(), 1, "mica"};
        if (padding > 0) call.attributes.emplace("count_include_pad", padding);
        const Tensor y = moved(run_op(call, {moved(x, true)})[0].tensor, false);
        ASSERT_EQ(y.shape(), c.output());
        for (int64_t at = 0; at < y.elements(); ++at) {
          double best = -std::numeric_limits<double>::infinity(), sum = 0;
          int64_t count = 0;
          for_each_seen(c, at / c.columns() % c.rows(), at % c.columns(), [&](int64_t place, int64_t) {
            const double value = x.data<float>()[at / c.columns() / c.rows() * c.height * c.width + place];
            best = std::max(best, value);
            sum += value;
            ++count;
          });
          if (padding > 0) count = c.kernel_height * c.kernel_width;
          ASSERT_NEAR(y.data<float>()[at], padding < 0 ? best : sum / static_cast<double>(count), 1e-6)
              << isas()[isa].name << " case " << &c - cases << " padding " << padding << " at " << at;
        }
      }
    }
  }
}

TEST(ConvLayer, InfersDimsAndRefusesWhatDoesNotFit) {
  OpCall call{"ConvLayer", 1, {{"channels_last", int64_t{1}}, {"strides", std::vector<int64_t>{2, 1}}}, 1, "mica"};
  const Dim n = Dim::symbol("n"), h = Dim::symbol("h");
  const auto known =
      infer_op(call, {tensor_input(DType::F32, {n, h * 2, 7, 3}), tensor_input(DType::F32, {8, 3, 1, 3})});
  EXPECT_EQ(known[0].type.dims->at(0), n);
  EXPECT_EQ(known[0].type.dims->at(2), Dim(5));
  EXPECT_EQ(known[0].type.dims->at(3), Dim(8));
  const Tensor x(DType::F32, {1, 5, 5, 3}), w(DType::F32, {4, 3, 3, 3}), five(DType::F32, {1, 5, 5, 5, 3});
  const Tensor bias(DType::F32, {5}), residual(DType::F32, {1, 2, 3, 5});
  const Tensor cube(DType::F32, {4, 3, 3, 3, 3});
  EXPECT_NE(message_of([&] { run_op(call, {x, w, bias}); }), "");
  EXPECT_NE(message_of([&] { run_op(call, {x, w, Tensor(), residual}); }).find("has not the dims"), std::string::npos);
  EXPECT_NE(message_of([&] { run_op(call, {residual, w}); }), "");
  call.attributes.erase("strides");
  EXPECT_NE(message_of([&] { run_op(call, {five, cube}); }).find("two spatial axes"), std::string::npos);
}

}  // namespace
}  // namespace mica
