// Text to the protobuf form of a model, which the import then reads.
#include <cstring>
#include <deque>
#include <utility>

#include "graph/onnx/import.h"
#include "graph/onnx/onnx.pb.h"
#include "graph/onnx/tensor_proto.h"
#include "graph/onnx/types.h"
#include "graph/text_elements.h"
#include "graph/text_format.h"
#include "graph/text_scanner.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

namespace proto = onnx::proto;
using Kind = proto::AttributeProto;

// A constant of which the text says little takes much memory when its shape is large.
constexpr int64_t kMaxElements = int64_t{1} << 24;

// Types as the text gives them: a file cannot hold expressions.
struct GivenTypes {
  std::map<std::string, ValueType> values;
  std::deque<GivenTypes> subgraphs;  // in the order of the text
};

void apply(const GivenTypes& types, Graph& graph) {
  for (const auto& [name, type] : types.values) {
    const auto id = graph.find_value(name);
    if (id && !graph.value(*id).constant.defined()) graph.value(*id).type = type;
  }
  auto next = types.subgraphs.begin();
  for (size_t i = 0; i < graph.node_count(); ++i) {
    for (Subgraph& sub : graph.node(NodeId{static_cast<uint32_t>(i)}).subgraphs) {
      if (next != types.subgraphs.end()) apply(*next++, *sub.graph);
    }
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  GraphModel model(const OpTable& operators) {
    proto::ModelProto model;
    model.set_ir_version(10);
    GivenTypes types;
    if (!in_.accept_word("graph")) in_.fail("`graph`");
    graph(*model.mutable_graph(), types, &model, 0);
    if (!in_.at_end()) in_.fail("the end of the text");
    const auto bytes = std::make_shared<const std::string>(model.SerializeAsString());
    GraphModel result = onnx::import_model(std::as_bytes(std::span(*bytes)), bytes, operators);
    apply(types, *result.graph);
    return result;
  }

 private:
  // Behind the word `graph`.
  void graph(proto::GraphProto& proto, GivenTypes& types, proto::ModelProto* model, int depth) {
    if (depth > onnx::kMaxDepth) in_.fail("fewer graphs within graphs");
    if (in_.next_is_name()) proto.set_name(in_.name());
    in_.expect("(");
    list(")", [&] { parameter(proto, types); });
    in_.expect("->");
    in_.expect("(");
    list(")", [&] {
      auto& info = *proto.add_output();
      info.set_name(in_.name());
      if (const auto given = optional_type()) declare(info, *given, types);
    });
    if (model != nullptr) opsets(*model);
    in_.expect("{");
    while (!in_.accept("}")) statement(proto, types, depth);
  }

  void opsets(proto::ModelProto& model) {
    const auto add = [&](const std::string& domain, int64_t version) {
      auto& opset = *model.add_opset_import();
      opset.set_domain(domain);
      opset.set_version(version);
    };
    if (!in_.accept_word("opset")) return add("", kNewestOpset);
    do {
      const size_t begin = in_.position();
      const std::string word = in_.name();
      const bool is_number = word.find_first_not_of("0123456789") == std::string::npos;
      if (is_number) in_.return_to(begin);
      add(is_number ? "" : word, in_.integer());
    } while (in_.accept(","));
  }

  void parameter(proto::GraphProto& proto, GivenTypes& types) {
    const std::string name = in_.name();
    const auto type = optional_type();
    if (in_.accept("=")) {
      if (!type) in_.fail("a type before the constant");
      constant(name, *type, proto);
      return;
    }
    auto& info = *proto.add_input();
    info.set_name(name);
    if (type) declare(info, *type, types);
  }

  static void declare(proto::ValueInfoProto& info, const ValueType& type, GivenTypes& types) {
    if (type.kind != ValueType::Kind::Unknown) onnx::write_type(type, *info.mutable_type());
    types.values[info.name()] = type;
  }

  void statement(proto::GraphProto& proto, GivenTypes& types, int depth) {
    std::vector<std::pair<std::string, std::optional<ValueType>>> outputs;
    do {
      auto& [name, type] = outputs.emplace_back();
      if (in_.accept_word("_")) continue;
      name = in_.name();
      type = optional_type();
    } while (in_.accept(","));
    in_.expect("=");
    if (!next_is_call()) {
      if (outputs.size() != 1 || !outputs[0].second) in_.fail("an operator, or one value of a given type");
      constant(outputs[0].first, *outputs[0].second, proto);
      return;
    }
    auto& node = *proto.add_node();
    for (const auto& [name, type] : outputs) {
      node.add_output(name);
      if (type) types.values[name] = *type;
    }
    const std::string op = in_.name();
    const size_t dot = op.rfind('.');
    node.set_op_type(dot == std::string::npos ? op : op.substr(dot + 1));
    if (dot != std::string::npos) node.set_domain(op.substr(0, dot));
    in_.expect("(");
    list(")", [&] { node.add_input(operand(proto)); });
    if (in_.accept("{")) list("}", [&] { attribute(*node.add_attribute(), types, depth); });
    if (in_.accept("@")) node.set_name(in_.name());
  }

  bool next_is_call() {
    if (!in_.next_is_name()) return false;
    const size_t begin = in_.position();
    in_.name();
    const bool is_call = in_.next_is('(');
    in_.return_to(begin);
    return is_call;
  }

  std::string operand(proto::GraphProto& proto) {
    if (in_.accept_word("_")) return "";
    const size_t begin = in_.position();
    const std::string name = in_.name();
    if (!in_.next_is('[')) return name;
    in_.return_to(begin);
    const ValueType given = type();
    const std::string made = "constant." + std::to_string(begin);
    constant(made, given, proto);
    return made;
  }

  std::optional<ValueType> optional_type() {
    if (!in_.accept(":")) return std::nullopt;
    return type();
  }

  ValueType type(int depth = 0) {
    if (depth > onnx::kMaxDepth) in_.fail("fewer types within types");
    if (in_.accept("?")) return {};
    const size_t begin = in_.position();
    const std::string word = in_.name();
    if (word == "seq" || word == "optional" || word == "map") {
      in_.expect("(");
      DType key = DType::Undefined;
      if (word == "map") {
        key = dtype(in_.name());
        in_.expect(",");
      }
      ValueType element = type(depth + 1);
      in_.expect(")");
      if (word == "map") return ValueType::map(key, std::move(element));
      return word == "seq" ? ValueType::sequence(std::move(element)) : ValueType::optional(std::move(element));
    }
    if (!dtype_from_name(word)) in_.return_to(begin);
    const DType element = dtype(word);
    in_.expect("[");
    const size_t dims_begin = in_.position();
    if (in_.accept("?") && in_.accept("]")) return ValueType::tensor(element);
    in_.return_to(dims_begin);
    Dims dims;
    list("]", [&] { dims.push_back(in_.dim()); });
    if (dims.size() > Shape::kMaxRank) in_.fail("a smaller rank");
    return ValueType::tensor(element, std::move(dims));
  }

  DType dtype(const std::string& word) {
    const auto found = dtype_from_name(word);
    if (!found) in_.fail("a type such as float or int64, not " + word);
    return *found;
  }

  void constant(const std::string& name, const ValueType& type, proto::GraphProto& proto) {
    if (name.empty()) in_.fail("a name of the constant");
    onnx::write_tensor(tensor(type), name, *proto.add_initializer());
  }

  // A list of elements, or one that fills the shape.
  Tensor tensor(const ValueType& type) {
    const auto shape = type.is_tensor() && type.dims ? to_shape(*type.dims) : std::nullopt;
    const auto elements = shape ? checked_elements(shape->dims()) : std::nullopt;
    if (!elements || *elements > kMaxElements) in_.fail("the type of a tensor of known and moderate size");
    Tensor result(type.dtype, *shape);
    if (is_sub_byte(type.dtype)) std::memset(result.mutable_raw(), 0, result.bytes());  // the bits behind the last one
    const int64_t numbers = stored_numbers(result);
    if (in_.accept("[")) {
      int64_t count = 0;
      list("]", [&] {
        if (count == numbers) in_.fail("`]` after " + std::to_string(numbers) + " elements");
        element(result, count++);
      });
      if (count != numbers) in_.fail(std::to_string(numbers) + " elements, not " + std::to_string(count));
    } else {
      const size_t begin = in_.position();
      for (int64_t i = 0; i < numbers; ++i) {
        in_.return_to(begin);
        element(result, i);
      }
      if (numbers == 0) in_.fail("[]");
    }
    return result;
  }

  void element(Tensor& tensor, int64_t index) {
    if (tensor.dtype() == DType::String) {
      tensor.mutable_data<std::string>()[index] = in_.quoted();
    } else if (!parse_element(in_.number(), tensor, index)) {
      in_.fail("an element of type " + std::string(name(tensor.dtype())));
    }
  }

  void attribute(Kind& proto, GivenTypes& types, int depth) {
    proto.set_name(in_.name());
    in_.expect("=");
    if (in_.accept_word("graph")) {
      proto.set_type(Kind::GRAPH);
      graph(*proto.mutable_g(), types.subgraphs.emplace_back(), nullptr, depth + 1);
      return;
    }
    if (in_.accept("[")) {
      int kind = Kind::UNDEFINED;
      list("]", [&] {
        const int next = attribute_item(proto, true);
        if (kind != Kind::UNDEFINED && next != kind) in_.fail("items of one kind");
        kind = next;
      });
      if (kind == Kind::UNDEFINED) in_.fail("ints[], floats[], strings[], tensors[] or types[] for an empty list");
      proto.set_type(kind);
      return;
    }
    for (const auto& [word, kind] :
         {std::pair("ints", Kind::INTS), std::pair("floats", Kind::FLOATS), std::pair("strings", Kind::STRINGS),
          std::pair("tensors", Kind::TENSORS), std::pair("types", Kind::TYPE_PROTOS)}) {
      if (!in_.accept_word(word)) continue;
      in_.expect("[");
      in_.expect("]");
      proto.set_type(kind);
      return;
    }
    proto.set_type(attribute_item(proto, false));
  }

  // One value, or one of a list, of which it returns the kind.
  int attribute_item(Kind& proto, bool in_list) {
    if (in_.next_is('"')) {
      (in_list ? *proto.add_strings() : *proto.mutable_s()) = in_.quoted();
      return in_list ? Kind::STRINGS : Kind::STRING;
    }
    if (in_.accept_word("type")) {
      in_.expect("(");
      onnx::write_type(type(), in_list ? *proto.add_type_protos() : *proto.mutable_tp());
      in_.expect(")");
      return in_list ? Kind::TYPE_PROTOS : Kind::TYPE_PROTO;
    }
    const size_t begin = in_.position();
    if (in_.next_is_name()) {
      in_.name();
      const bool is_type = in_.next_is('[');
      in_.return_to(begin);
      if (is_type) {
        const ValueType given = type();
        onnx::write_tensor(tensor(given), "", in_list ? *proto.add_tensors() : *proto.mutable_t());
        return in_list ? Kind::TENSORS : Kind::TENSOR;
      }
    }
    const std::string_view text = in_.number();
    Tensor whole(DType::I64, {}), real(DType::F32, {});
    if (parse_element(text, whole, 0)) {
      const int64_t value = *whole.data<int64_t>();
      in_list ? proto.add_ints(value) : proto.set_i(value);
      return in_list ? Kind::INTS : Kind::INT;
    }
    if (!parse_element(text, real, 0)) {
      in_.return_to(begin);
      in_.fail("an attribute");
    }
    in_list ? proto.add_floats(*real.data<float>()) : proto.set_f(*real.data<float>());
    return in_list ? Kind::FLOATS : Kind::FLOAT;
  }

  // Items between commas, up to the closing bracket.
  template <class Item>
  void list(std::string_view close, const Item& item) {
    if (in_.accept(close)) return;
    do {
      item();
    } while (in_.accept(","));
    in_.expect(close);
  }

  TextScanner in_;
};

}  // namespace

GraphModel parse_text(std::string_view text, const OpTable& operators) {
  return Parser(text).model(operators);
}

}  // namespace mica
