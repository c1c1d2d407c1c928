// Convolutions by oneDNN against loops in double, and what holds for packed weights.
#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "kernels/provider.h"
#include "runtime/plan.h"
#include "tests/api/model_from_text.h"
#include "tests/unit/conv_cases.h"

namespace mica {
namespace {

using namespace conv_cases;

std::string text(const Attribute& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<float>(&value)) return std::to_string(*number);
  if (const auto* name = std::get_if<std::string>(&value)) return "\"" + *name + "\"";
  std::string list;
  for (const int64_t x : std::get<std::vector<int64_t>>(value)) list += (list.empty() ? "" : ",") + std::to_string(x);
  return "[" + list + "]";
}

// The layer with constant weights and bias, as it is.
Model model_of(const OpCall& call, const Tensor& x, const Layer& layer) {
  const auto type = [](const Tensor& tensor) { return "float" + tensor.shape().str(); };
  const bool has_bias = layer.bias.defined(), has_residual = layer.residual.defined();
  std::string source = "graph g(x: " + type(x);
  if (has_residual) source += ", r: " + type(moved(layer.residual, true));
  source += ") -> (y) opset 20, mica 1 {\n  w: " + type(layer.w) + " = 0\n";
  if (has_bias) source += "  b: " + type(layer.bias) + " = 0\n";
  source +=
      "  y = mica.ConvLayer(x, w, " + std::string(has_bias ? "b" : "_") + ", " + (has_residual ? "r" : "_") + ") {";
  for (const auto& [name, value] : call.attributes)
    source += (source.back() == '{' ? "" : ", ") + name + "=" + text(value);
  GraphModel graph = parse_text(source + "}\n}", operators());
  graph.graph->value(*graph.graph->find_value("w")).constant = layer.w;
  if (has_bias) graph.graph->value(*graph.graph->find_value("b")).constant = layer.bias;
  const std::string bytes = onnx::export_model(graph);
  LoadOptions as_it_is;
  as_it_is.optimize = false;
  return Model::from_bytes(std::as_bytes(std::span(bytes)), as_it_is);
}

TEST(OneDnn, AgreesWithDouble) {
  std::mt19937 random(7);
  for (const Case& c : kCases) {
    const size_t index = static_cast<size_t>(&c - kCases);
    for (const size_t round : {0, 3}) {
      const Layer layer = random_layer(index, round, random);
      OpCall call = layer.call(c);
      call.attributes.emplace("channels_last", int64_t{1});
      for (const bool first : {false, true}) {
        if (first) call.attributes.emplace("x_channels_first", int64_t{1});
        const Tensor x = first ? layer.x : moved(layer.x, true);
        const Model model = model_of(call, x, layer);
        std::vector<NamedInput> inputs{{"x", x}};
        if (layer.residual.defined()) inputs.push_back({"r", moved(layer.residual, true)});
        const int threads = round == 0 ? 2 : 1;
        Session session = model.compile({.threads = threads, .provider = "onednn"});
        ASSERT_EQ(session.plan().steps()[0].kernel_name(), "onednn");
        const std::string what = "case " + std::to_string(index) + " threads " + std::to_string(threads);
        expect_layer(c, layer, moved(session.run(inputs)[0], false), what);
        if (HasFatalFailure()) return;
      }
    }
  }
}

constexpr const char* kModel = R"(
    graph g(x: float[n,17,h,9]) -> (y) {
      w: float[37,17,3,3] = 0.125
      b: float[37] = 1
      c = Conv(x, w, b) {pads=[1,1,1,1]}
      y = Relu(c)
    })";

// What the constants make of ones: 17 channels of the taps that are inside.
void expect_sums(Session& session, int64_t n, int64_t h) {
  const std::vector<float> ones(static_cast<size_t>(n * 17 * h * 9), 1.0f);
  const Tensor y = session.run({{"x", Tensor::view<float>({n, 17, h, 9}, ones)}})[0];
  ASSERT_EQ(y.shape(), Shape({n, 37, h, 9}));
  for (int64_t i = 0; i < y.elements(); ++i) {
    const int64_t row = i / 9 % h, column = i % 9;
    const int64_t rows = std::min<int64_t>(h, row + 2) - std::max<int64_t>(0, row - 1);
    const int64_t columns = std::min<int64_t>(9, column + 2) - std::max<int64_t>(0, column - 1);
    ASSERT_FLOAT_EQ(y.data<float>()[i], 1 + 0.125f * 17 * static_cast<float>(rows * columns)) << i;
  }
}

TEST(OneDnn, ServesDimsThatChangeAndSessionsThatShareWeights) {
  const Model model = model_from_text(kModel);
  std::vector<std::thread> threads;
  Session first = model.compile({.threads = 2, .provider = "onednn"});
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, session = first.fork()]() mutable {
      for (const int64_t n : {1, 3, 1}) {
        for (const int64_t h : {11, 5, 2, 40, 7, 1, 11}) expect_sums(session, n, h);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Session own = model.compile({.threads = 2});
  EXPECT_NE(&own.plan(), &first.plan());
  expect_sums(own, 1, 11);
}

// A file that is mapped cannot be written to.
TEST(OneDnn, ReadsWeightsThatAreKeptInAFile) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "mica_onednn_cache";
  std::filesystem::remove_all(folder);
  for (int i = 0; i < 2; ++i) {
    Session session = model_from_text(kModel).compile({.packed_cache = folder.string(), .provider = "onednn"});
    EXPECT_THAT(session.notes(), testing::IsEmpty());
    expect_sums(session, 1, 11);
  }
  std::filesystem::remove_all(folder);
}

TEST(OneDnn, IsToldByItsName) {
  EXPECT_THAT(provider_kernels().providers(), testing::ElementsAre("onednn"));
  EXPECT_THROW(check_provider("one"), Error);
}

}  // namespace
}  // namespace mica
