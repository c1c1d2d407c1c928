#include "tests/cuda/kernels/device_case.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/backend.h"
#include "kernels/cuda/number.h"
#include "kernels/device_kernel.h"
#include "runtime/plan.h"
#include "tests/api/model_from_text.h"
#include "tools/compare_values.h"
#include "tools/inputs/model_inputs.h"

namespace mica {

std::string absence_of_device() {
  try {
    open_device(MICA_TEST_DEVICE);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string name_of_case(const testing::TestParamInfo<DeviceCase>& info) {
  return info.param.name;
}

void check_on_device(const DeviceCase& of) {
  const std::string device = MICA_TEST_DEVICE;
  if (const std::string why = absence_of_device(); !why.empty()) GTEST_SKIP() << "skipped: " << why;
  const Model model = model_from_text(of.graph, false);
  Session cpu = model.compile(), other = model.compile({.device = device, .precision = of.precision});
  for (const Step& step : other.plan().steps()) {
    ASSERT_TRUE(step.kind != Step::Kind::Host || step.view)
        << other.plan().graph().node(step.node).str() << " runs on the CPU";
  }
  const auto runs_it = [&](const Step& step) {
    return step.device_kernel != nullptr && step.device_kernel->name == of.kernel;
  };
  const bool is_able = other.plan().device()->info().capability >= cuda::kBrainProducts;
  ASSERT_TRUE(of.kernel.empty() || !is_able || std::ranges::any_of(other.plan().steps(), runs_it));
  for (const uint64_t seed : {1, 2}) {
    tools::CommonOptions options;
    options.seed = seed;
    options.quiet = true;
    tools::GivenInputs given;
    for (const NamedInput& input : of.inputs) given.emplace(input.name, input.value);
    const tools::ModelInputs inputs = tools::make_inputs(model, options, given);
    const Outputs& expected = cpu.run(inputs.named());
    const Outputs& actual = other.run(inputs.named());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(tools::compare(expected.datum(i), actual.datum(i), {of.rtol, of.atol}), "") << expected.name(i);
    }
  }
}

}  // namespace mica
