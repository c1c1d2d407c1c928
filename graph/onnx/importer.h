// The import at work: scopes of names, and the graphs that values live in. Used by the import's own files only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"
#include "graph/onnx/onnx.pb.h"
#include "graph/onnx/tensor_proto.h"

namespace mica::onnx {

using Opsets = std::map<std::string, int64_t, std::less<>>;
using NodeList = google::protobuf::RepeatedPtrField<proto::NodeProto>;

/// "ai.onnx" and "" name the same domain.
std::string canonical_domain(const std::string& domain);
Opsets read_opsets(const google::protobuf::RepeatedPtrField<proto::OperatorSetIdProto>& imports);

/// A graph under construction within others.
struct Frame {
  Graph& graph;
  Frame* outer = nullptr;
  std::vector<ValueId> captured;               ///< values of the outer frame, in the order of their first use here
  std::unordered_map<ValueId, ValueId> inner;  ///< the values here that stand for them

  ValueId capture(ValueId outer_id);
};

struct Scope;

/// An attribute of a call, with the scope that the names in it belong to.
struct BoundAttribute {
  const proto::AttributeProto* proto;
  const Scope* scope;
};

/// A call of a function that is being replaced by the function's nodes.
struct Call {
  const proto::FunctionProto* function;
  const Call* caller;
  Opsets opsets;
  std::string prefix;  ///< of the names of its nodes and values
  std::map<std::string_view, BoundAttribute> attributes;
};

/// Names as a list of nodes sees them: of a graph, or of the body of a function.
struct Scope {
  static constexpr int kGiven = -1;  ///< an input, an initializer
  static constexpr int kOpen = -2;   ///< an output of a function, which one of its nodes is to produce
  struct Named {
    ValueId id;
    int producer = kGiven;  ///< index of the node
  };

  Frame& frame;
  const Scope* parent = nullptr;  ///< around a subgraph
  const Call* call = nullptr;     ///< the function whose text this is; null: the model's own graph
  int depth = 0;
  std::unordered_map<std::string_view, Named> names;  // of strings in the protos
};

class Importer {
 public:
  Importer(const proto::ModelProto& proto, TensorReader& tensors, const OpTable& operators, GraphModel& model);
  void run();

 private:
  using FunctionKey = std::tuple<std::string, std::string, std::string>;  // domain, name, overload

  // import_graph.cpp
  void fill(const proto::GraphProto& proto, Scope& scope);
  void add_inputs(const proto::GraphProto& proto, Scope& scope);
  void add_initializers(const proto::GraphProto& proto, Scope& scope);
  void add_initializer(const std::string& name, Tensor tensor, Scope& scope);
  void add_outputs(const proto::GraphProto& proto, Scope& scope);
  void declare_outputs(const NodeList& nodes, Scope& scope);
  void declare_types(const proto::GraphProto& proto, Scope& scope);
  ValueType value_type(const proto::ValueInfoProto& info, const Scope& scope, bool is_input);

  // import_node.cpp
  void add_nodes(const NodeList& nodes, Scope& scope);
  void add_node(const proto::NodeProto& proto, int index, Scope& scope);
  ValueId lookup(std::string_view name, const Scope& scope) const;
  static std::optional<BoundAttribute> bind(const proto::AttributeProto& attribute, const Scope& scope);
  Attribute read_attribute(const proto::AttributeProto& proto);
  void add_subgraph(const proto::GraphProto& proto, const Scope& around, Scope& scope, Node& node,
                    std::vector<Frame>& frames);
  void add_captures(Node& node, const std::vector<Frame>& frames);
  int64_t opset(const std::string& domain, const Scope& scope);

  // import_function.cpp
  void read_functions();
  const proto::FunctionProto* called_function(const proto::NodeProto& proto, const Scope& scope);
  void add_call(const proto::NodeProto& proto, const proto::FunctionProto& function, Scope& scope);
  void charge(const proto::NodeProto& proto, const Scope& scope);

  void note_once(const std::string& note);

  const proto::ModelProto& proto_;
  TensorReader& tensors_;
  const OpTable& operators_;
  GraphModel& model_;
  std::map<FunctionKey, const proto::FunctionProto*> functions_;
  std::set<std::string> symbols_;  // dims of the model's inputs
  std::set<std::string> notes_;
  size_t inlined_ = 0;  // bytes of nodes copied from functions
};

/// `MatMul "q"` of a node that may have no name.
std::string describe(const proto::NodeProto& proto);

}  // namespace mica::onnx
