// Import of graphs: names, order, subgraphs and functions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/onnx/import.h"
#include "graph/text_format.h"
#include "tests/unit/onnx_model.h"

namespace mica {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

std::string text_of(const GraphModel& model) {
  return print(*model.graph, {.types = false});
}

TEST(OnnxImport, ReadsAGraph) {
  auto model = new_model();
  auto& graph = *model.mutable_graph();
  add_info(*graph.add_input(), "x", {-1, 4});
  graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_param("n");
  add_info(*graph.add_output(), "y", {-1, 4, 0});
  onnx::write_tensor(Tensor::of<float>({2}, {1, 2}), "w", *graph.add_initializer());
  auto& node = add_node(graph, "Clip", {"x", "", "w"}, {"y"});
  node.set_name("clip");
  auto& attribute = *node.add_attribute();
  attribute.set_name("alpha");
  attribute.set_f(2);  // of a type that old files leave out
  model.set_producer_name("test");

  const GraphModel read = import_proto(model);
  EXPECT_EQ(read.graph->value(read.graph->inputs[0]).type.str(), "float[x.0,4,n]");
  EXPECT_EQ(read.graph->value(read.graph->outputs[0]).type.str(), "float[%y.0,4,0]");
  const Node& clip = read.graph->node(NodeId{0});
  EXPECT_EQ(clip.str(), "Clip \"clip\"");
  EXPECT_EQ(clip.opset, 20);
  EXPECT_EQ(clip.inputs[1], ValueId::None);
  EXPECT_EQ(clip.formal_inputs, 3u);
  EXPECT_EQ(std::get<float>(clip.attributes.at("alpha")), 2);
  EXPECT_EQ(read.opsets.at(""), 20);
  EXPECT_EQ(read.producer, "test");
  EXPECT_TRUE(read.notes.empty());
}

TEST(OnnxImport, MendsWhatIsFoundInTheWild) {
  auto model = new_model();
  model.mutable_opset_import(0)->set_domain("ai.onnx");
  auto& graph = *model.mutable_graph();
  add_info(*graph.add_input(), "x", {1});
  graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_value(-1);
  add_info(*graph.add_input(), "w", {2});
  graph.add_output()->set_name("y");
  onnx::write_tensor(Tensor::of<float>({2}, {1, 2}), "w", *graph.add_initializer());
  onnx::write_tensor(Tensor::of<float>({2}, {3, 4}), "w", *graph.add_initializer());
  add_node(graph, "Mystery", {"h"}, {"y"}, "custom");
  add_node(graph, "Add", {"x", "w"}, {"h"}, "ai.onnx");

  const GraphModel read = import_proto(model);
  EXPECT_EQ(text_of(read), "graph g(x) -> (y) {\n  h = Add(x, float[2] [3,4])\n  y = custom.Mystery(h)\n}\n");
  EXPECT_EQ(read.graph->value(read.graph->inputs[0]).type.str(), "float[x.0]");
  EXPECT_EQ(read.graph->node(NodeId{0}).opset, 1);
  EXPECT_EQ(read.graph->node(NodeId{1}).opset, 20);
  EXPECT_EQ(read.notes.size(), 5u);
  EXPECT_THAT(read.notes, Contains(HasSubstr("sorted")));
  EXPECT_THAT(read.notes, Contains(HasSubstr("the last one counts")));
  EXPECT_THAT(read.notes, Contains(HasSubstr("\"custom\"")));
}

TEST(OnnxImport, MakesCapturesExplicitThroughAllLevels) {
  auto model = new_model();
  auto& graph = *model.mutable_graph();
  for (const char* name : {"c", "a", "b"}) graph.add_input()->set_name(name);
  graph.add_output()->set_name("y");
  auto& node = add_node(graph, "If", {"c"}, {"y"});
  auto& then_branch = add_graph(node, "then_branch");
  then_branch.add_output()->set_name("t");
  auto& inner = add_node(then_branch, "If", {"c"}, {"t"});
  for (const char* name : {"then_branch", "else_branch"}) {
    auto& innermost = add_graph(inner, name);
    innermost.add_output()->set_name("s");
    add_node(innermost, "Add", {"a", std::string(name) == "then_branch" ? "b" : "a"}, {"s"});
  }
  auto& else_branch = add_graph(node, "else_branch");
  else_branch.add_output()->set_name("b");  // a value of the graph around

  const GraphModel read = import_proto(model);
  const Graph& outer = *read.graph;
  const Node& outer_if = outer.node(NodeId{0});
  ASSERT_EQ(outer_if.formal_inputs, 1u);
  std::vector<std::string> captured;
  for (size_t i = 1; i < outer_if.inputs.size(); ++i) captured.push_back(outer.value(outer_if.inputs[i]).name);
  EXPECT_EQ(captured, (std::vector<std::string>{"c", "a", "b"}));
  const Graph& then_graph = *outer_if.subgraphs[0].graph;
  const Graph& else_graph = *outer_if.subgraphs[1].graph;
  EXPECT_EQ(then_graph.captures.size(), 3u);
  ASSERT_EQ(else_graph.captures.size(), 3u);
  EXPECT_EQ(else_graph.captures[0], ValueId::None);
  EXPECT_EQ(else_graph.captures[2], else_graph.outputs[0]);
  const Node& inner_if = then_graph.node(NodeId{0});
  EXPECT_EQ(inner_if.inputs[0], then_graph.captures[0]);
  EXPECT_EQ(inner_if.inputs.size(), 3u);
  EXPECT_EQ(inner_if.subgraphs[1].graph->captures[1], ValueId::None);
}

proto::FunctionProto& add_function(proto::ModelProto& model, const std::string& name,
                                   const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  auto& function = *model.add_functions();
  function.set_name(name);
  function.set_domain("local");
  function.add_opset_import()->set_version(18);
  for (const std::string& input : inputs) function.add_input(input);
  for (const std::string& output : outputs) function.add_output(output);
  return function;
}

void refer(proto::NodeProto& node, const std::string& name, const std::string& to) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_ref_attr_name(to);
}

TEST(OnnxImport, WritesFunctionsOut) {
  auto model = new_model();
  auto& opset = *model.add_opset_import();
  opset.set_domain("local");
  opset.set_version(1);
  auto& graph = *model.mutable_graph();
  graph.add_input()->set_name("x");
  graph.add_output()->set_name("y");
  for (const char* input : {"x", "h"}) {
    auto& call = add_node(graph, "F", {input}, {input == std::string("x") ? "h" : "y"}, "local");
    if (input == std::string("h")) continue;
    auto& attribute = *call.add_attribute();
    attribute.set_name("to");
    attribute.set_type(proto::AttributeProto::INT);
    attribute.set_i(7);
  }
  auto& outer = add_function(model, "F", {"a", "b"}, {"r"});
  outer.mutable_opset_import()->Add()->set_domain("local");
  auto& to_default = *outer.add_attribute_proto();
  to_default.set_name("to");
  to_default.set_type(proto::AttributeProto::INT);
  to_default.set_i(1);
  refer(add_node(outer, "G", {"a", "b"}, {"r", "unused"}, "local"), "kind", "to");
  auto& inner = add_function(model, "G", {"p", "q"}, {"s", "p"});  // an output that is an input
  auto& branch = add_node(inner, "If", {"p"}, {"s"});
  auto& body = add_graph(branch, "then_branch");
  body.add_output()->set_name("t");
  auto& cast = add_node(body, "Cast", {"p", "q"}, {"t"});
  refer(cast, "to", "kind");
  refer(cast, "saturate", "nowhere");  // not given: left out

  const GraphModel read = import_proto(model);
  EXPECT_EQ(print(read, {.types = false}),
            "graph g(x) -> (y) opset 20, local 1 {\n"
            "  h = If:18(x) {then_branch=graph() -> (t) {\n"
            "    t = Cast:18(x, _) {to=7}\n"
            "  }}\n"
            "  F/unused = Identity:18(x)\n"
            "  y = If:18(h) {then_branch=graph() -> (t) {\n"
            "    t = Cast:18(h, _) {to=1}\n"
            "  }}\n"
            "  F/unused.4 = Identity:18(h)\n"
            "}\n");
}

TEST(OnnxImport, FunctionsMayNotCallThemselves) {
  auto model = new_model();
  model.mutable_graph()->add_input()->set_name("x");
  add_node(*model.mutable_graph(), "F", {"x"}, {"y"}, "local");
  add_node(add_function(model, "F", {"a"}, {"b"}), "G", {"a"}, {"b"}, "local");
  add_node(add_function(model, "G", {"a"}, {"b"}), "F", {"a"}, {"b"}, "local");
  EXPECT_THAT(import_error(model), HasSubstr("calls itself"));
}

TEST(OnnxImport, FunctionsThatGrowWithoutBoundAreRefused) {
  auto model = new_model();
  model.mutable_graph()->add_input()->set_name("x");
  add_node(*model.mutable_graph(), "F0", {"x"}, {"y"}, "local");
  for (int i = 0; i < 40; ++i) {
    auto& function = add_function(model, "F" + std::to_string(i), {"a"}, {"c"});
    add_node(function, "F" + std::to_string(i + 1), {"a"}, {"b"}, "local");
    add_node(function, "F" + std::to_string(i + 1), {"b"}, {"c"}, "local");
  }
  EXPECT_THAT(import_error(model), HasSubstr("too large"));
}

TEST(OnnxImport, AKernelIsPreferredToAFunction) {
  auto model = new_model();
  model.mutable_graph()->add_input()->set_name("x");
  add_node(*model.mutable_graph(), "F", {"x"}, {"y"}, "local");
  add_node(add_function(model, "F", {"a"}, {"b"}), "Neg", {"a"}, {"b"});
  static constexpr auto signature = [] {
    auto* def = new OpDef;
    def->inputs = {{.name = "a", .types = {}}};
    def->outputs = {{.name = "b", .types = {}}};
    return def;
  };
  const Operator plain[] = {{"local", "F", 1, signature}};
  const Operator computed[] = {{"local", "F", 1, [] {
                                  OpDef* def = signature();
                                  def->kernels.push_back({"cpu", "plain"});
                                  return def;
                                }}};
  const OpTable without(plain);
  const OpTable with(computed);
  EXPECT_EQ(import_proto(model, without).graph->node(NodeId{0}).op_type, "Neg");
  const GraphModel kept = import_proto(model, with);
  EXPECT_EQ(kept.graph->node(NodeId{0}).op_type, "F");
  EXPECT_NE(kept.graph->node(NodeId{0}).op, nullptr);
}

TEST(OnnxImport, SaysWhatIsWrong) {
  const auto error = [](auto&& change) {
    auto model = new_model();
    model.mutable_graph()->add_input()->set_name("x");
    change(*model.mutable_graph());
    return import_error(model);
  };
  EXPECT_THAT(error([](auto& g) {
                add_node(g, "Neg", {"x"}, {"y"}).set_name("n1");
                add_node(g, "Abs", {"x"}, {"y"}).set_name("n2");
              }),
              HasSubstr("\"y\" is an output of both Neg \"n1\" and Abs \"n2\""));
  EXPECT_THAT(error([](auto& g) { add_node(g, "Neg", {"x"}, {"x"}); }), HasSubstr("also an input"));
  EXPECT_THAT(error([](auto& g) { add_node(g, "Neg", {"z"}, {"y"}).set_name("n"); }), HasSubstr("Neg \"n\": \"z\" is"));
  EXPECT_THAT(error([](auto& g) {
                add_node(g, "Add", {"x", "b"}, {"a"});
                add_node(g, "Neg", {"a"}, {"b"});
              }),
              HasSubstr("depends on its own output"));
  EXPECT_THAT(error([](auto& g) { g.add_input()->set_name("x"); }), HasSubstr("two inputs"));
  EXPECT_THAT(error([](auto& g) {
                g.add_output()->set_name("x");
                g.add_output()->set_name("x");
              }),
              HasSubstr("two outputs"));
  EXPECT_THAT(error([](auto& g) { g.add_output()->set_name("nowhere"); }), HasSubstr("nowhere"));
  EXPECT_THAT(error([](auto& g) { add_node(g, "", {"x"}, {"y"}); }), HasSubstr("no operator"));
  EXPECT_THAT(error([](auto& g) {
                auto& node = add_node(g, "If", {"x"}, {"y"});
                auto& body = add_graph(node, "then_branch");
                body.add_output()->set_name("y");  // captures what the node itself makes
              }),
              HasSubstr("depends on its own output"));
  EXPECT_THAT(import_error(proto::ModelProto()), HasSubstr("no graph"));
}

TEST(OnnxImport, NestingIsLimited) {
  for (const int depth : {60, 70, 100}) {
    auto model = new_model();
    auto* graph = model.mutable_graph();
    for (int i = 0; i < depth; ++i) graph = &add_graph(add_node(*graph, "If", {}, {}), "then_branch");
    const std::string error = import_error(model);
    EXPECT_EQ(error.empty(), depth == 60) << error;
    EXPECT_TRUE(depth == 60 || error.find("deeper than") != std::string::npos) << error;
  }
}

}  // namespace
}  // namespace mica
