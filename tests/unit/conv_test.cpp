// Convolutions in float, which are products of matrices or vector loops, against the plain loops in double.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "runtime/base/half.h"
#include "tests/unit/run_op.h"

namespace mica {
namespace {

struct Case {
  const char* op;
  int64_t channels, filters, group;  // of the whole
  std::vector<int64_t> image, kernel, strides, dilations, pads;
  int64_t batch = 2;
};

// Small multiples of a power of two: exact in every type, sums too.
Tensor numbers(DType dtype, const Shape& shape, uint32_t seed) {
  std::mt19937 random(seed);
  Tensor tensor(dtype, shape);
  visit_dtype<float, double, Half, BFloat16>(dtype, [&]<class T>() {
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      const float value = static_cast<float>(static_cast<int>(random() % 9) - 4) * 0.25f;
      tensor.mutable_data<T>()[i] = static_cast<T>(value);
    }
  });
  return tensor;
}

double at(const Tensor& tensor, int64_t i) {
  double value = 0;
  visit_dtype<float, double, Half, BFloat16>(tensor.dtype(),
                                             [&]<class T>() { value = static_cast<double>(tensor.data<T>()[i]); });
  return value;
}

Tensor convolve(const Case& x, DType dtype) {
  const bool transposed = std::string(x.op) == "ConvTranspose";
  Shape image{x.batch, x.channels};
  Shape weights = transposed ? Shape{x.channels, x.filters / x.group} : Shape{x.filters, x.channels / x.group};
  for (const int64_t dim : x.image) image.push_back(dim);
  for (const int64_t dim : x.kernel) weights.push_back(dim);
  OpCall call{x.op, 22};
  call.attributes.emplace("group", x.group);
  if (!x.strides.empty()) call.attributes.emplace("strides", x.strides);
  if (!x.dilations.empty()) call.attributes.emplace("dilations", x.dilations);
  if (!x.pads.empty()) call.attributes.emplace("pads", x.pads);
  return run_op(call, {numbers(dtype, image, 1), numbers(dtype, weights, 2), numbers(dtype, {x.filters}, 3)})[0].tensor;
}

const Case kCases[] = {
    {"Conv", 3, 8, 1, {9, 11}, {3, 3}, {}, {}, {1, 1, 1, 1}},
    {"Conv", 4, 6, 1, {20, 33}, {3, 5}, {2, 3}, {}, {0, 2, 1, 3}},
    {"Conv", 5, 7, 1, {8, 8}, {1, 1}, {}, {}, {}},
    {"Conv", 5, 7, 1, {8, 8}, {1, 1}, {2, 2}, {}, {}},
    {"Conv", 6, 4, 2, {7, 40}, {2, 3}, {}, {2, 3}, {1, 3, 2, 3}},
    {"Conv", 6, 6, 6, {12, 70}, {3, 3}, {}, {}, {1, 1, 1, 1}},
    {"Conv", 6, 6, 6, {13, 75}, {3, 3}, {2, 2}, {}, {0, 0, 1, 1}},
    {"Conv", 3, 6, 3, {5, 19}, {5, 4}, {1, 3}, {1, 2}, {4, 5, 3, 6}},
    {"Conv", 2, 2, 2, {2, 2}, {5, 5}, {}, {}, {2, 2, 2, 2}},
    {"Conv", 80, 24, 1, {50}, {3}, {2}, {}, {1, 1}},
    {"Conv", 300, 20, 1, {4, 5}, {3, 3}, {}, {}, {1, 1, 1, 1}},  // several passes over the depth
    {"Conv", 4, 5, 1, {5, 6, 7}, {2, 3, 2}, {1, 2, 1}, {}, {0, 1, 1, 1, 1, 0}},
    {"Conv", 1, 9, 1, {28, 28}, {5, 5}, {}, {}, {}},
    {"ConvTranspose", 4, 6, 1, {5, 7}, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}},
    {"ConvTranspose", 6, 4, 2, {4, 30}, {2, 4}, {1, 3}, {2, 1}, {0, 1, 1, 0}},
    {"ConvTranspose", 3, 3, 3, {9}, {4}, {2}, {}, {}},
    {"ConvTranspose", 2, 5, 1, {3, 4, 3}, {2, 2, 3}, {2, 1, 2}, {}, {}},
    {"ConvTranspose", 20, 3, 1, {40, 41}, {3, 3}, {}, {}, {}},
    {"ConvTranspose", 2, 2, 1, {120, 110}, {5, 5}, {}, {}, {2, 2, 2, 2}, 1},  // several chunks of positions
};

TEST(Conv, AgreesWithPlainLoopsInDouble) {
  for (const Case& x : kCases) {
    const Tensor wanted = convolve(x, DType::F64);
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
      const Tensor y = convolve(x, dtype);
      ASSERT_EQ(y.shape(), wanted.shape());
      for (int64_t i = 0; i < y.elements(); ++i) {
        const double step = dtype == DType::F32 ? 0 : dtype == DType::F16 ? 0x1p-11 : 0x1p-8;
        ASSERT_NEAR(at(y, i), at(wanted, i), std::abs(at(wanted, i)) * step)
            << x.op << " case " << &x - kCases << " " << name(dtype) << " at " << i;
      }
    }
  }
}

}  // namespace
}  // namespace mica
