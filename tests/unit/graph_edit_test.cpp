// Edits of graphs, and the check that finds the broken ones.
#include <gtest/gtest.h>

#include "graph/edit.h"
#include "graph/verify.h"
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
  chain.graph.inputs.clear();
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

}  // namespace
}  // namespace mica
