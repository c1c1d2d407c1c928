// ElementwiseChain of the engine's own domain: elementwise operators in one pass over memory, against the same in
// double.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/element_program.h"
#include "kernels/simd/isa.h"
#include "runtime/base/half.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/message_of.h"

namespace mica {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

OpCall chain(const std::string& program) {
  return {"ElementwiseChain", 1, {{"program", program}}, 1, "mica"};
}

Tensor waves(const Shape& shape, double speed) {
  Tensor tensor(DType::F32, shape);
  for (int64_t i = 0; i < shape.elements(); ++i) {
    tensor.mutable_data<float>()[i] = static_cast<float>(2 * std::sin(speed * static_cast<double>(i + 1)));
  }
  return tensor;
}

/// The element that meets element `flat` of the output, by the definition of broadcasting.
double broadcast_at(const Tensor& tensor, const Shape& out, int64_t flat) {
  int64_t at = 0, stride = 1;
  for (size_t i = 1; i <= tensor.shape().rank(); ++i) {
    const int64_t dim = tensor.shape()[tensor.shape().rank() - i], extent = out[out.rank() - i];
    if (dim != 1) at += flat % extent * stride;
    flat /= extent;
    stride *= dim;
  }
  return static_cast<double>(tensor.data<float>()[at]);
}

/// The dims of `out` with those that the mask names as 1, and without leading ones.
Shape masked(const Shape& out, unsigned mask) {
  std::vector<int64_t> dims;
  for (size_t i = 0; i < out.rank(); ++i) {
    const int64_t dim = (mask >> i & 1) != 0 ? 1 : out[i];
    if (dim != 1 || !dims.empty()) dims.push_back(dim);
  }
  return Shape(std::span<const int64_t>(dims));
}

Tensor run(const OpCall& call, const std::vector<Tensor>& inputs, int thread_count) {
  const Node node = node_of(call, inputs);
  std::vector<Datum> data(inputs.begin(), inputs.end());
  std::vector<const Datum*> pointers;
  for (const Datum& datum : data) pointers.push_back(&datum);
  Workspace workspace;
  ThreadPool threads(thread_count);
  return evaluate(node, pointers, {&workspace, &threads, nullptr})[0].tensor;
}

class ChainOver : public testing::TestWithParam<Shape> {};

// Every way of broadcasting two operands into the third, on every instruction set of this CPU.
TEST_P(ChainOver, MeetsDouble) {
  const Shape& out = GetParam();
  const OpCall call = chain(
      "x0: float, x1: float, x2: float, x3: float; t0 = Mul:14(x0, x1); t1 = Sigmoid:13(t0); t2 = Add:14(t1, x2); "
      "t3 = Clip:13(t2, x3, _); t4 = Sub:14(x0, t3)");
  const Tensor x0 = waves(out, 0.37), x3 = Tensor::scalar(-0.5f);
  for (size_t isa = 0; isa < isas().size(); ++isa) {
    if (!lacking(isas()[isa]).empty()) continue;
    const UseIsa use(isa);
    for (unsigned mask = 0; mask < 1u << out.rank(); ++mask) {
      const Tensor x1 = waves(masked(out, mask), 0.71), x2 = waves(masked(out, ~mask), 1.3);
      for (const int threads : {1, 3}) {
        const Tensor y = run(call, {x0, x1, x2, x3}, threads);
        ASSERT_EQ(y.shape(), out);
        for (int64_t i = 0; i < out.elements(); ++i) {
          const double a = static_cast<double>(x0.data<float>()[i]);
          const double sum = 1 / (1 + std::exp(-a * broadcast_at(x1, out, i))) + broadcast_at(x2, out, i);
          // A sigmoid of 4 ulp below 1, and sums below 8.
          ASSERT_NEAR(static_cast<double>(y.data<float>()[i]), a - std::max(sum, -0.5), 1.5e-6)
              << isas()[isa].name << ", mask " << mask << ", " << threads << " threads, element " << i;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ChainOver,
                         testing::Values(Shape{}, Shape{1}, Shape{17}, Shape{5000}, Shape{0, 3}, Shape{3, 5},
                                         Shape{129, 3}, Shape{3, 300}, Shape{2, 1031}, Shape{2, 4099}, Shape{700, 7},
                                         Shape{1, 5, 1, 3}, Shape{3, 4, 5, 6}, Shape{2, 31, 2, 65}));

TEST(Chain, KeepsNaN) {
  const Tensor x = Tensor::of<float>({4}, {kNaN, 1, -1, kNaN}), z = Tensor::of<float>({4}, {1, kNaN, 3, kNaN});
  const Tensor y = run_op(chain("x0: float, x1: float; t0 = Relu:14(x0); t1 = Max:13(t0, x1)"), {x, z})[0].tensor;
  EXPECT_TRUE(std::isnan(y.data<float>()[0]));
  EXPECT_TRUE(std::isnan(y.data<float>()[1]));
  EXPECT_EQ(y.data<float>()[2], 3);
  EXPECT_TRUE(std::isnan(y.data<float>()[3]));
}

TEST(Chain, GoesFromTypeToType) {
  const Tensor x = Tensor::of<float>({3}, {-1.5f, 0.25f, 7}), m = Tensor::of<int64_t>({2, 1}, {3, -4});
  const Tensor flags = Tensor::of<bool>({3}, {true, false, true});
  const OpCall call = chain(
      "x0: float, x1: int64, x2: bool; t0 = Cast:13(x0) {to=7}; t1 = Sub:14(x1, t0); t2 = Less:13(t1, x1); "
      "t3 = Not:1(t2); t4 = And:7(t3, x2); t5 = Cast:13(t1) {to=1}; t6 = Where:16(t4, t5, x0)");
  const Tensor y = run_op(call, {x, m, flags})[0].tensor;
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  // x as integers: -1, 0, 7; m minus these: 4, 3, -4 and -3, -4, -11.
  const auto elements = y.as<float>();
  EXPECT_THAT(std::vector<float>(elements.begin(), elements.end()), ElementsAre(4, 0.25f, 7, -3, 0.25f, 7));
}

TEST(Chain, ReadsAnyByteAsATruthValue) {
  const uint8_t bytes[] = {0, 2, 255};
  const Tensor flags = Tensor::over(DType::Bool, {3}, bytes, nullptr);
  const auto y = run_op(chain("x0: bool; t0 = Cast:13(x0) {to=1}; t1 = Neg:13(t0)"), {flags})[0].tensor;
  EXPECT_THAT(std::vector<float>(y.data<float>(), y.data<float>() + 3), ElementsAre(0, -1, -1));
}

// Sums and products in float of narrow elements, rounded at the end; a Cast rounds where it stands.
TEST(Chain, ComputesNarrowFloatsInFloat) {
  for (const DType dtype : {DType::F16, DType::BF16}) {
    visit_dtype<Half, BFloat16>(dtype, [&]<class T>() {
      const std::string type(name(dtype)), number = std::to_string(static_cast<int>(dtype));
      Tensor x(dtype, {5, 900}), row(dtype, {900}), column(dtype, {5, 1});
      for (Tensor* tensor : {&x, &row, &column}) {
        for (int64_t i = 0; i < tensor->elements(); ++i) {
          tensor->mutable_data<T>()[i] = T(static_cast<float>(std::sin(0.3 * static_cast<double>(i))));
        }
      }
      const std::string head = "x0: " + type + ", x1: " + type + ", x2: " + type + "; t0 = Mul:14(x0, x1); ";
      const Tensor once = run_op(chain(head + "t1 = Add:14(t0, x2)"), {x, row, column})[0].tensor;
      const Tensor cast =
          run_op(chain(head + "t1 = Cast:13(t0) {to=1}; t2 = Cast:13(t1) {to=" + number + "}; t3 = Cast:13(t2) {to=1}"),
                 {x, row, column})[0]
              .tensor;
      ASSERT_EQ(once.dtype(), dtype);
      ASSERT_EQ(cast.dtype(), DType::F32);
      for (int64_t i = 0; i < x.elements(); ++i) {
        const float product = static_cast<float>(x.data<T>()[i]) * static_cast<float>(row.data<T>()[i % 900]);
        const T sum(product + static_cast<float>(column.data<T>()[i / 900]));
        ASSERT_EQ(static_cast<float>(once.data<T>()[i]), static_cast<float>(sum)) << i;
        ASSERT_EQ(cast.data<float>()[i], static_cast<float>(T(product))) << i;
      }
    });
  }
}

// What the executor does with an operand that is not used again.
TEST(Chain, MayOverwriteAnOperand) {
  const OpCall call =
      chain("x0: float, x1: float; t0 = Exp:13(x0); t1 = Mul:14(t0, x1); t2 = Sub:14(x0, t1); t3 = Add:14(t2, x1)");
  for (const size_t overwritten : {0, 1}) {
    std::vector<Datum> data{waves({3, 1500}, 0.1), waves({3, 1500}, 0.23)};
    const Tensor wanted = run_op(call, {data[0].tensor.clone(), data[1].tensor.clone()})[0].tensor;
    const Node node = node_of(call, {data[0].tensor, data[1].tensor});
    Datum out(data[overwritten].tensor);
    Datum* inputs[] = {&data[0], &data[1]};
    Datum* outputs[] = {&out};
    Workspace workspace;
    ThreadPool threads(2);
    const Operands::Context context{&workspace, &threads, nullptr};
    node.op->def().kernels[0].run(node.params.get(), Operands(inputs, outputs, nullptr, context));
    for (int64_t i = 0; i < wanted.elements(); ++i) ASSERT_EQ(out.tensor.data<float>()[i], wanted.data<float>()[i]);
  }
}

TEST(Chain, ComputesWhatIsTheSameEverywhereOnce) {
  const Tensor y = run_op(chain("x0: float, x1: float; t0 = Neg:13(x0); t1 = Exp:13(t0); t2 = Add:14(x1, t1)"),
                          {Tensor::scalar(0.0f), waves({2, 3}, 1)})[0]
                       .tensor;
  for (int64_t i = 0; i < 6; ++i) EXPECT_NEAR(y.data<float>()[i], 1 + waves({2, 3}, 1).data<float>()[i], 1e-6);
  const Tensor filled =
      run_op(chain("x0: float, x1: float; t0 = Neg:13(x1); t1 = Neg:13(x0)"), {Tensor::scalar(2.0f), waves({}, 1)})[0]
          .tensor;
  EXPECT_EQ(filled.data<float>()[0], -2);
}

TEST(Chain, InfersDims) {
  const Dim b = Dim::symbol("b"), s = Dim::symbol("s");
  const OpCall call = chain("x0: float, x1: float; t0 = Add:14(x0, x1); t1 = Less:13(t0, x1)");
  const auto types = infer_op(call, {tensor_input(DType::F32, {b, 1, 4}), tensor_input(DType::F32, {s, 1})});
  EXPECT_EQ(types[0].type, ValueType::tensor(DType::Bool, Dims{b, s, 4}));
}

TEST(Chain, RefusesWhatIsNoProgram) {
  const Tensor x = waves({3}, 1), z = waves({2}, 1), whole = Tensor::of<int64_t>({1}, {1});
  const auto message = [](const std::string& program, const std::vector<Tensor>& inputs) {
    return message_of([&] { run_op(chain(program), inputs); });
  };
  EXPECT_THAT(message("", {x}), HasSubstr("expected a name"));
  EXPECT_THAT(message("x0: float", {x}), HasSubstr("expected `;`"));
  EXPECT_THAT(message("x1: float; t0 = Neg:13(x1)", {x}), HasSubstr("inputs in their order"));
  EXPECT_THAT(message("x0: real; t0 = Neg:13(x0)", {x}), HasSubstr("an element type"));
  EXPECT_THAT(message("x0: float; t0 = Neg:13(t0)", {x}), HasSubstr("known before"));
  EXPECT_THAT(message("x0: float; t0 = Neg:13(x0) t1", {x}), HasSubstr("the end"));
  EXPECT_THAT(message("x0: float; t0 = Nag:13(x0)", {x}), HasSubstr("Nag of the program is none of this build"));
  EXPECT_THAT(message("x0: float; t0 = Softmax:13(x0)", {x}), HasSubstr("has no kernel for blocks"));
  EXPECT_THAT(message("x0: float; t0 = Add:14(x0)", {x}), HasSubstr("inputs"));
  EXPECT_THAT(message("x0: float; t0 = Add:14(x0, _)", {x}), HasSubstr("inputs"));
  EXPECT_THAT(message("x0: float; t0 = Max:13(x0, _)", {x}), HasSubstr("does not take its input 1"));
  EXPECT_THAT(message("x0: float; t0 = Not:1(x0)", {x}), HasSubstr("does not take its input 0"));
  EXPECT_THAT(message("x0: int64; t0 = Abs:13(x0)", {whole}), HasSubstr("has no kernel for blocks of these types"));
  EXPECT_THAT(message("x0: float, x1: float; t0 = Neg:13(x0)", {x}), HasSubstr("takes 2 inputs, the node has 1"));
  EXPECT_THAT(message("x0: int64; t0 = Cast:13(x0) {to=1}", {x}), HasSubstr("is float, the program takes int64"));
  EXPECT_THAT(message("x0: float, x1: float; t0 = Add:14(x0, x1)", {x, z}), HasSubstr("3"));
  std::string longer = "x0: float";
  for (int i = 0; i < 17; ++i) longer += "; t" + std::to_string(i) + " = Neg:13(x0)";
  EXPECT_THAT(message(longer, {x}), HasSubstr("fewer steps"));
}

TEST(ElementProgram, PrintsAsItReads) {
  const std::string text =
      "x0: float, x1: bool; t0 = LeakyRelu:16(x0) {alpha=0.2}; t1 = com.microsoft.QuickGelu:1(t0) {alpha=1.0}; "
      "t2 = Gelu:20(t1) {approximate=\"tanh\"}; t3 = Clip:13(t2, _, x0); t4 = Cast:13(x1) {to=1}; t5 = Mul:14(t3, t4)";
  EXPECT_EQ(ElementProgram::parse(text).str(), text);
}

}  // namespace
}  // namespace mica
