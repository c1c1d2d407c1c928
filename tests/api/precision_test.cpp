// How far models are from PyTorch's outputs when their products are computed in less than float.
#include "runtime/precision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "kernels/matmul/bf16_gemm.h"
#include "runtime/mica.h"
#include "runtime/plan.h"
#include "tools/case_folder.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

// How far the largest error of an output may be off, relative to its largest element. The models are small transformers
// of random weights, which damp no error. Of the convolutional networks some have outputs that are all near zero.
constexpr double kInBf16 = 0.03, kConvolutionalInBf16 = 0.08;
constexpr double kInInt8 = 0.1;

// Networks of convolutions among the shared models, where these are there.
constexpr const char* kConvolutional[] = {"crepe_tiny",         "dnsmos_model_v8",     "facemesh",
                                          "mnist_rten_extdata", "silero_vad_16k_op15", "super_resolution_10",
                                          "tinyvit_demo",       "yunet_dynamic"};

// The largest distance of an element from what is expected, relative to the largest element; over float outputs.
double largest_error(const Outputs& got, const std::vector<Datum>& expected) {
  double worst = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!is_float(expected[i].tensor.dtype())) continue;
    const std::vector<double> a = tools::to_doubles(got[i]), b = tools::to_doubles(expected[i].tensor);
    double error = 0, largest = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const double distance = std::abs(a[j] - b[j]);
      error = std::max(error, std::isnan(distance) ? INFINITY : distance);
      largest = std::max(largest, std::abs(b[j]));
    }
    worst = std::max(worst, largest > 0 ? error / largest : error);
  }
  return worst;
}

bool uses_kernel(const Plan& plan, std::string_view kernel) {
  return std::ranges::any_of(plan.steps(), [&](const Step& step) { return step.kernel->name == kernel; });
}

class PrecisionTest : public testing::TestWithParam<fs::path> {
 protected:
  void expect_errors_below(Precision precision, double bound) {
    const Model model = Model::load((GetParam() / "model.onnx").string());
    Session session = model.compile({.threads = 1, .precision = precision});
    if (precision == Precision::Int8Dynamic && !uses_kernel(session.plan(), name(precision))) {
      GTEST_SKIP() << "no product that is computed so";
    }
    ASSERT_TRUE(uses_kernel(session.plan(), name(precision)));
    double worst = 0;
    for (const fs::path& folder : tools::data_set_folders(GetParam())) {
      const tools::DataSet data = tools::read_data_set(folder, model);
      const auto inputs = model.inputs();
      std::vector<NamedInput> named;
      for (size_t i = 0; i < inputs.size(); ++i) named.push_back({inputs[i].name, data.inputs[i]});
      worst = std::max(worst, largest_error(session.run(named), data.outputs));
    }
    EXPECT_LE(worst, bound);
    EXPECT_GT(worst, 0);
    RecordProperty("error", std::to_string(worst));
    std::printf("%s %s: %.2g\n", GetParam().filename().c_str(), std::string(name(precision)).c_str(), worst);
  }
};

TEST_P(PrecisionTest, BFloat16) {
  if (!multiplies_bf16()) GTEST_SKIP() << "the CPU has no products of bfloat16";
  const bool convolutional = std::ranges::find(kConvolutional, GetParam().filename()) != std::end(kConvolutional);
  expect_errors_below(Precision::BFloat16, convolutional ? kConvolutionalInBf16 : kInBf16);
}

TEST_P(PrecisionTest, Int8Dynamic) {
  expect_errors_below(Precision::Int8Dynamic, kInInt8);
}

std::vector<fs::path> cases() {
  std::vector<fs::path> list = tools::find_cases(MICA_E2E_FOLDER);
  for (const char* name : kConvolutional) {
    const fs::path folder = fs::path(MICA_SHARED_MODELS) / name;
    if (fs::exists(folder / "model.onnx")) list.push_back(folder);
  }
  return list;
}

INSTANTIATE_TEST_SUITE_P(Models, PrecisionTest, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.filename().string(); });

TEST(Precision, Names) {
  for (const std::string_view text : precision_names()) EXPECT_EQ(name(precision_named(text).value()), text);
  EXPECT_FALSE(precision_named("fp8"));
}

}  // namespace
}  // namespace mica
