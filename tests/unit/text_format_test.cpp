// The text form of graphs, and export to ONNX and back, which must not change it.
#include "graph/text_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/onnx/export.h"
#include "tests/unit/onnx_model.h"

namespace mica {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSample =
    R"(graph mlp(x: float[batch,2*seq + 1,"a b"], c: bool[], s: seq(float[?])) -> (y: float[?,4], z, w2) opset 20, com.microsoft 1 {
  w: float[4,4] = 0.5
  w2: int64[9] = [1,2,3,4,5,6,7,8,-9]
  "odd name:0": string[9] = ["a","b \"c\"","\x01","","e","f","g","h","i"]
  h: float[batch,floor(seq/2),max(4, seq) - 1] = MatMul(x, w)
  /a/b.0, onnx::c_1 = com.microsoft.BiasGelu(h, _, float[2] [0.1,-inf]) {approximate="tanh"} @"/node 1"
  n = Op(/a/b.0, "odd name:0") {axis=-1, axes=[0,1], empty=ints[], list=[1.0,2.5], scale=2.0, t=float[2] [1,2], types=[type(int64[?]),type(?)], words=["a","b"]}
  y = If(c) {else_branch=graph other() -> (q: float[2]) {
    q = Neg(n)
  }, then_branch=graph inner() -> (q) {
    k: float[9] = [1,2,3,4,5,6,7,8,9]
    q = Loop(_, c, onnx::c_1) {body=graph body(i: int64[], d, v) -> (d, u) {
      u = Add(h, k)
    }}
  }}
  z, _ = Split(int4[3] [-8,7,1], float16[] 1.5, bool[2] [true,false], complex64[1] [1,2], float8e4m3fn[2] [1,255])
}
)";

TEST(TextFormat, PrintsWhatItParsed) {
  const GraphModel model = parse_text(kSample, no_operators());
  const std::string text = print(model, {.node_names = true});
  EXPECT_THAT(text, HasSubstr("float[batch,floor(seq/2),"));
  EXPECT_EQ(print(parse_text(text, no_operators()), {.node_names = true}), text);
}

TEST(TextFormat, ReadsEachPart) {
  const GraphModel model = parse_text(kSample, no_operators());
  const Graph& graph = *model.graph;
  EXPECT_EQ(model.opsets.at("com.microsoft"), 1);
  EXPECT_EQ(graph.value(graph.inputs[0]).type.str(), "float[batch,2*seq + 1,a b]");
  EXPECT_EQ(graph.value(*graph.find_value("odd name:0")).constant.data<std::string>()[1], "b \"c\"");
  EXPECT_EQ(graph.value(*graph.find_value("w")).constant.data<float>()[15], 0.5f);
  const Node& gelu = graph.node(NodeId{1});
  EXPECT_EQ(gelu.domain, "com.microsoft");
  EXPECT_EQ(gelu.name, "/node 1");
  EXPECT_EQ(gelu.inputs[1], ValueId::None);
  const Attributes& attributes = graph.node(NodeId{2}).attributes;
  EXPECT_EQ(std::get<int64_t>(attributes.at("axis")), -1);
  EXPECT_EQ(std::get<float>(attributes.at("scale")), 2);
  EXPECT_EQ(std::get<std::vector<int64_t>>(attributes.at("axes")), (std::vector<int64_t>{0, 1}));
  EXPECT_TRUE(std::get<std::vector<int64_t>>(attributes.at("empty")).empty());
  EXPECT_EQ(std::get<Tensor>(attributes.at("t")).data<float>()[1], 2);
  EXPECT_EQ(std::get<std::vector<ValueType>>(attributes.at("types"))[0].str(), "int64[?]");
  const Node& branch = graph.node(NodeId{3});
  EXPECT_EQ(branch.subgraphs[1].graph->name, "inner");
  EXPECT_EQ(branch.inputs.size(), 1u + 4u);  // captures n, c, onnx::c_1, h
}

TEST(TextFormat, ExportKeepsTheGraph) {
  const GraphModel model = parse_text(kSample, no_operators());
  const auto bytes = std::make_shared<const std::string>(onnx::export_model(model));
  const GraphModel read = onnx::import_model(bytes_of(*bytes), bytes, no_operators());
  const TextOptions untyped{.types = false, .node_names = true};
  EXPECT_EQ(print(read, untyped), print(model, untyped));
}

TEST(TextFormat, ANameMeansOneValueInAllGraphs) {
  // The inner `t` is another value than the outer one, and the branch's output is one from outside.
  const GraphModel model = parse_text(
      "graph(c, x) -> (y, t) {y = If(c) {else_branch=graph() -> (x) {}, then_branch=graph() -> (t) {t = Neg(x)}}\n"
      "t = Abs(x)}",
      no_operators());
  const GraphModel read = parse_text(print(model), no_operators());
  EXPECT_THAT(print(read), HasSubstr("t.1 = Neg(x)"));
  const auto bytes = std::make_shared<const std::string>(onnx::export_model(model));
  const GraphModel exported = onnx::import_model(bytes_of(*bytes), bytes, no_operators());
  EXPECT_THAT(print(exported), HasSubstr("x.1 = Identity(x)"));
}

TEST(TextFormat, SaysWhereItIsWrong) {
  const auto error = [](std::string_view text) -> std::string {
    try {
      parse_text(text, no_operators());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(error("graph(x) -> (y) {\n  y = Neg(x\n}"), "line 3, column 1: expected `)`");
  EXPECT_EQ(error("graph(x: flot[2]) -> (y) {}"),
            "line 1, column 10: expected a type such as float or int64, not flot");
  EXPECT_THAT(error("graph(x) -> (y) {y: int64[2] = [1,2,3]}"), HasSubstr("`]` after 2 elements"));
  EXPECT_THAT(error("graph(x) -> (y) {y: uint8[1] = [256]}"), HasSubstr("an element of type uint8"));
  EXPECT_THAT(error("graph(x) -> (y) {y: float[99999999,99999999] = 1}"), HasSubstr("moderate size"));
  EXPECT_THAT(error("graph(x) -> (y) {y: float[n] = 1}"), HasSubstr("known"));
  EXPECT_THAT(error("graph(x) -> (y) {y = Neg(x) {a=[1,2.5]}}"), HasSubstr("one kind"));
  EXPECT_THAT(error("graph(x) -> (y) {y = Neg(x)} more"), HasSubstr("the end of the text"));
  EXPECT_THAT(error("graph(x) -> (y) {y = Neg(z)}"), HasSubstr("Neg \"y\": \"z\" is no output"));
}

TEST(TextFormat, PrintsOneNode) {
  const GraphModel model = parse_text(kSample, no_operators());
  EXPECT_EQ(print(*model.graph, NodeId{1}),
            "/a/b.0, onnx::c_1 = com.microsoft.BiasGelu(h, _, float[2] [0.1,-inf]) {approximate=\"tanh\"}");
  EXPECT_EQ(print(*model.graph, NodeId{3}, {.types = false}),
            "y = If(c) {else_branch=graph ..., then_branch=graph ...}");
}

}  // namespace
}  // namespace mica
