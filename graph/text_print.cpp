#include <algorithm>
#include <unordered_set>
#include <utility>

#include "graph/scoped_names.h"
#include "graph/text_elements.h"
#include "graph/text_format.h"

namespace mica {
namespace {

std::string name_text(std::string_view name) {
  return is_plain_name(name) && name != "_" ? std::string(name) : quoted_text(name);
}

std::string dim_text(const Dim& dim) {
  const auto symbols = dim.symbols();
  return std::ranges::all_of(symbols, is_plain_symbol) ? dim.str() : quoted_text(dim.str());
}

std::string type_text(const ValueType& type) {
  switch (type.kind) {
    case ValueType::Kind::Tensor: {
      std::string dims;
      if (type.dims) {
        for (const Dim& dim : *type.dims) dims += (dims.empty() ? "" : ",") + dim_text(dim);
      } else {
        dims = "?";
      }
      return std::string(name(type.dtype)) + "[" + dims + "]";
    }
    case ValueType::Kind::Sequence:
      return "seq(" + type_text(*type.element) + ")";
    case ValueType::Kind::Optional:
      return "optional(" + type_text(*type.element) + ")";
    case ValueType::Kind::Map:
      return "map(" + std::string(name(type.dtype)) + "," + type_text(*type.element) + ")";
    case ValueType::Kind::Unknown:
      break;
  }
  return "?";
}

std::string elements_text(const Tensor& tensor, int64_t limit) {
  const int64_t count = stored_numbers(tensor);
  const auto text = [&](int64_t i) {
    return tensor.dtype() == DType::String ? quoted_text(tensor.data<std::string>()[i]) : element_text(tensor, i);
  };
  if (count > 0 && tensor.dtype() != DType::String && count == tensor.elements()) {
    const std::string first = text(0);
    int64_t equal = 1;
    while (equal < count && text(equal) == first) ++equal;
    if (equal == count && (count > 1 || tensor.shape().rank() == 0)) return first;
  }
  if (count > limit) return "...";
  std::string out;
  for (int64_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + text(i);
  return tensor.shape().rank() == 0 && count == 1 ? out : "[" + out + "]";
}

class Printer {
 public:
  Printer(const TextOptions& options, const std::map<std::string, int64_t, std::less<>>* opsets)
      : options_(options), opsets_(opsets) {}

  std::string graph(const Graph& graph, const ScopedNames& names, const std::string& indent) {
    std::string text = "graph";
    if (!graph.name.empty()) text += " " + name_text(graph.name);
    text += "(" + list(graph.inputs, [&](ValueId id) { return declared(graph, names, id); }) + ") -> (";
    text += list(graph.outputs, [&](ValueId id) { return declared(graph, names, id); }) + ")";
    if (indent.empty() && opsets_ != nullptr && !opsets_->empty()) {
      std::string opsets;
      for (const auto& [domain, version] : *opsets_) {
        opsets +=
            (opsets.empty() ? "" : ", ") + (domain.empty() ? "" : name_text(domain) + " ") + std::to_string(version);
      }
      text += " opset " + opsets;
    }
    text += " {\n";
    const std::unordered_set<ValueId> captures(graph.captures.begin(), graph.captures.end());
    for (size_t i = 0; i < graph.value_count(); ++i) {
      const ValueId id{static_cast<uint32_t>(i)};
      const Value& value = graph.value(id);
      if (!value.constant.defined() || value.producer != NodeId::None || captures.contains(id)) continue;
      if (graph.is_unused(id) || (is_inline(value) && !graph.is_output(id))) continue;
      text +=
          indent + "  " + name_text(names[id]) + ": " + constant(value.constant, "= ", options_.max_elements) + "\n";
    }
    for (const NodeId id : graph.order()) text += indent + "  " + node(graph, names, id, indent + "  ", true) + "\n";
    return text + indent + "}";
  }

  std::string node(const Graph& graph, const ScopedNames& names, NodeId id, const std::string& indent, bool nested) {
    const Node& node = graph.node(id);
    std::string text = node.outputs.empty() ? "_" : list(node.outputs, [&](ValueId output) {
      return output == ValueId::None ? "_" : declared(graph, names, output);
    });
    text += " = " + name_text(node.domain.empty() ? node.op_type : node.domain + "." + node.op_type);
    if (opsets_ != nullptr) {
      const auto found = opsets_->find(node.domain);
      if (found != opsets_->end() && found->second != node.opset) text += ":" + std::to_string(node.opset);
    }
    const std::span formal(node.inputs.data(), node.formal_inputs);
    text += "(" + list(formal, [&](ValueId input) { return operand(graph, names, input); }) + ")";
    std::string attributes;
    for (const auto& [key, value] : node.attributes) {
      attributes += (attributes.empty() ? "" : ", ") + name_text(key) + "=";
      attributes += std::visit([&](const auto& held) { return attribute(held); }, value);
    }
    for (const Subgraph& sub : node.subgraphs) {
      attributes += (attributes.empty() ? "" : ", ") + name_text(sub.name) + "=";
      attributes += nested ? this->graph(*sub.graph, ScopedNames(*sub.graph, names, node), indent) : "graph ...";
    }
    if (!attributes.empty()) text += " {" + attributes + "}";
    if (options_.node_names && !node.name.empty()) text += " @" + name_text(node.name);
    return text;
  }

 private:
  template <class Range, class Text>
  static std::string list(const Range& range, const Text& text) {
    std::string out;
    bool first = true;
    for (const auto& item : range) out += (std::exchange(first, false) ? "" : ", ") + std::string(text(item));
    return out;
  }

  bool is_inline(const Value& value) const {
    return value.producer == NodeId::None && value.constant.elements() <= options_.inline_elements;
  }

  std::string declared(const Graph& graph, const ScopedNames& names, ValueId id) const {
    const ValueType& type = graph.value(id).type;
    const bool show = options_.types && type.kind != ValueType::Kind::Unknown;
    return name_text(names[id]) + (show ? ": " + type_text(type) : "");
  }

  std::string operand(const Graph& graph, const ScopedNames& names, ValueId id) const {
    if (id == ValueId::None) return "_";
    const Value& value = graph.value(id);
    const bool captured = graph.captures.contains(id);
    if (value.constant.defined() && is_inline(value) && !captured && !graph.is_output(id)) {
      return constant(value.constant, "", options_.inline_elements);
    }
    return name_text(names[id]);
  }

  static std::string constant(const Tensor& tensor, std::string_view sign, int64_t limit) {
    return tensor.str() + " " + std::string(sign) + elements_text(tensor, limit);
  }

  static std::string attribute(int64_t value) { return std::to_string(value); }
  static std::string attribute(float value) { return float_text(value); }
  static std::string attribute(const std::string& value) { return quoted_text(value); }
  std::string attribute(const Tensor& value) const { return constant(value, "", options_.max_elements); }
  static std::string attribute(const ValueType& value) { return "type(" + type_text(value) + ")"; }
  template <class T>
  std::string attribute(const std::vector<T>& values) const {
    if (values.empty()) return std::string(kind_name(values)) + "[]";
    return "[" + list(values, [&](const T& value) { return attribute(value); }) + "]";
  }

  const TextOptions& options_;
  const std::map<std::string, int64_t, std::less<>>* opsets_;
};

}  // namespace

std::string print(const GraphModel& model, const TextOptions& options) {
  return Printer(options, &model.opsets).graph(*model.graph, ScopedNames(*model.graph), "") + "\n";
}

std::string print(const Graph& graph, const TextOptions& options) {
  return Printer(options, nullptr).graph(graph, ScopedNames(graph), "") + "\n";
}

std::string print(const Graph& graph, NodeId node, const TextOptions& options) {
  return Printer(options, nullptr).node(graph, ScopedNames(graph), node, "", false);
}

}  // namespace mica
