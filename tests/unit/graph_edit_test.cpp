// Edits of graphs, and the check that finds the broken ones.
#include <gtest/gtest.h>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/verify.h"
#include "kernels/op.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

ValueId add(Graph& graph, const std::string& op_type, std::vector<ValueId> inputs, const std::string& output) {
  Node node;
  node.op_type = op_type;
  node.formal_inputs = inputs.size();
  node.inputs = std::move(inputs);
  node.outputs = {graph.add_value(output)};
  const ValueId id = node.outputs[0];
  graph.add_node(std::move(node));
  return id;
}

std::string complaint(const Graph& graph) {
  try {
    verify(graph);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

struct Chain {
  Graph graph;
  ValueId x = graph.add_value("x");
  ValueId a = add(graph, "A", {x}, "a");
  ValueId b = add(graph, "B", {a}, "b");
  Chain() {
    graph.inputs = {x};
    graph.outputs = {b};
  }
};

TEST(Verify, AcceptsWhatTheMethodsMake) {
  Chain chain;
  EXPECT_EQ(complaint(chain.graph), "");
  chain.graph.add_constant("c", Tensor::scalar(1.0f));
  EXPECT_EQ(complaint(chain.graph), "");
}

TEST(Verify, FindsAValueFromNowhere) {
  Chain chain;
  chain.graph.inputs = {};
  EXPECT_EQ(complaint(chain.graph), "the graph is broken: value \"x\", used by A, comes from nowhere");
}

TEST(Verify, FindsTwoSources) {
  Chain chain;
  chain.graph.value(chain.b).constant = Tensor::scalar(1.0f);
  EXPECT_EQ(complaint(chain.graph), "the graph is broken: value \"b\" comes from a constant and B");
}

TEST(Verify, FindsUsesThatAreNotKept) {
  Chain chain;
  chain.graph.node(NodeId{1}).inputs[0] = chain.x;
  EXPECT_EQ(complaint(chain.graph), "the graph is broken: the uses of \"x\" are not those of the nodes");
}

TEST(Verify, FindsACycle) {
  Chain chain;
  chain.graph.set_input(NodeId{0}, 0, chain.b);
  EXPECT_NE(complaint(chain.graph).find("depends on its own output"), std::string::npos);
}

TEST(Redirect, KeepsTheNameOfAnOutput) {
  Chain chain;
  EXPECT_TRUE(redirect(chain.graph, chain.b, chain.a));
  EXPECT_EQ(chain.graph.value(chain.graph.outputs[0]).name, "b");
  EXPECT_EQ(remove_unused(chain.graph, NodeId{1}), 1u);
  EXPECT_EQ(complaint(chain.graph), "");
}

TEST(Redirect, LeavesAnOutputThatIsAnInput) {
  Chain chain;
  EXPECT_FALSE(redirect(chain.graph, chain.b, chain.x));
  EXPECT_EQ(chain.graph.outputs[0], chain.b);
}

TEST(MakeConstant, RemovesWhatComputedIt) {
  Chain chain;
  make_constant(chain.graph, chain.b, Tensor::scalar(2.0f));
  EXPECT_TRUE(chain.graph.order().empty());
  EXPECT_EQ(complaint(chain.graph), "");
}

TEST(EraseInput, MovesTheOnesBehind) {
  Graph graph;
  const ValueId x = graph.add_value("x");
  const ValueId z = graph.add_value("z");
  graph.inputs = {x, z};
  graph.outputs = {add(graph, "A", {x, z, z}, "a")};
  graph.erase_input(NodeId{0}, 0);
  EXPECT_EQ(graph.node(NodeId{0}).inputs, (std::vector<ValueId>{z, z}));
  EXPECT_EQ(graph.node(NodeId{0}).formal_inputs, 2u);
  EXPECT_TRUE(graph.is_unused(x));
  EXPECT_EQ(complaint(graph), "");
}

TEST(ValueList, KnowsWhereValuesStandThroughAllEdits) {
  const ValueId a{0}, b{7}, c{3};
  ValueList list{a, b, a, ValueId::None};
  EXPECT_TRUE(list.contains(a) && list.contains(b));
  EXPECT_FALSE(list.contains(c) || list.contains(ValueId::None));
  list.replace(a, c);
  EXPECT_EQ(list, (ValueList{c, b, c, ValueId::None}));
  EXPECT_FALSE(list.contains(a));
  list.replace(c, b);
  list.replace(b, a);
  EXPECT_EQ(list, (ValueList{a, a, a, ValueId::None}));
  list.set(1, c);
  list.set(0, b);
  EXPECT_EQ(list, (ValueList{b, c, a, ValueId::None}));
  list.set(2, c);
  EXPECT_FALSE(list.contains(a));
  list.erase(1);
  EXPECT_EQ(list, (ValueList{b, c, ValueId::None}));
  EXPECT_TRUE(list.contains(c));
  list.erase_if([&](ValueId id) { return id == c; });
  EXPECT_FALSE(list.contains(c));
  list.replace(b, ValueId::None);
  EXPECT_EQ(list, (ValueList{ValueId::None, ValueId::None}));
}

Node named(const std::string& op_type) {
  Node node;
  node.op_type = op_type;
  node.opset = 20;
  return node;
}

TEST(AddNode, InfersTheTypesOfItsOutputs) {
  Graph graph;
  graph.inputs = {graph.add_value("x", ValueType::tensor(DType::F32, Dims{Dim::symbol("n"), 4}))};
  const NodeId id = add_node(graph, operators(), named("Transpose"), {graph.inputs[0]});
  graph.outputs = {graph.node(id).outputs[0]};
  EXPECT_EQ(graph.value(graph.outputs[0]).type.str(), "float[4,n]");
  EXPECT_EQ(complaint(graph), "");
}

TEST(AddNode, LeavesTheGraphAsItWasWhereTheNodeDoesNotFit) {
  Graph graph;
  const auto input = [&](const char* name, Dims dims) {
    graph.inputs.push_back(graph.add_value(name, ValueType::tensor(DType::F32, std::move(dims))));
    return graph.inputs[graph.inputs.size() - 1];
  };
  const ValueId x = input("x", {2, 3}), y = input("y", {2, 4});
  EXPECT_THROW(add_node(graph, operators(), named("Add"), {x, y}), Error);
  EXPECT_THROW(add_node(graph, operators(), named("NoSuchOperator"), {x}), Error);
  EXPECT_THROW(add_node(graph, operators(), named("Add"), {x}), Error);
  EXPECT_TRUE(graph.order().empty() && graph.uses(x).empty());
  const NodeId kept = add_node(graph, operators(), named("Add"), {x, y}, {true}, Contradiction::Kept);
  EXPECT_EQ(graph.value(graph.node(kept).outputs[0]).type.kind, ValueType::Kind::Unknown);
  EXPECT_EQ(complaint(graph), "");
}

}  // namespace
}  // namespace mica
