#include "graph/element_program.h"

#include <charconv>
#include <utility>

#include "graph/edit.h"
#include "graph/inference.h"
#include "graph/pattern.h"
#include "graph/text_elements.h"
#include "graph/text_scanner.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

using Step = ElementProgram::Step;

class Reader {
 public:
  explicit Reader(std::string_view text) : in_(text) {}

  ElementProgram program() {
    do {
      if (program_.inputs.size() == ElementProgram::kMaxInputs) in_.fail("fewer inputs");
      if (value("x") != static_cast<int>(program_.inputs.size())) in_.fail("the inputs in their order");
      in_.expect(":");
      const auto dtype = dtype_from_name(in_.name());
      if (!dtype) in_.fail("an element type");
      program_.inputs.push_back(*dtype);
    } while (in_.accept(","));
    in_.expect(";");
    do {
      if (program_.steps.size() == ElementProgram::kMaxSteps) in_.fail("fewer steps");
      if (value("t") != static_cast<int>(program_.steps.size())) in_.fail("the steps in their order");
      in_.expect("=");
      program_.steps.push_back(step());
    } while (in_.accept(";"));
    if (!in_.at_end()) in_.fail("the end of the program");
    return std::move(program_);
  }

 private:
  // The number behind a letter.
  int value(std::string_view letter) {
    const std::string name = in_.name();
    const std::string_view digits =
        std::string_view(name).substr(name.starts_with(letter) ? letter.size() : name.size());
    int number = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number < 0) {
      in_.fail("a value such as " + std::string(letter) + "0");
    }
    return number;
  }

  int operand() {
    if (in_.accept_word("_")) return ElementProgram::kAbsent;
    const size_t begin = in_.position();
    const bool is_input = in_.name().starts_with("x");
    in_.return_to(begin);
    const int number = value(is_input ? "x" : "t");
    const size_t count = is_input ? program_.inputs.size() : program_.steps.size();
    if (static_cast<size_t>(number) >= count) in_.fail("a value that is known before");
    return is_input ? number : static_cast<int>(program_.inputs.size()) + number;
  }

  Step step() {
    Step step;
    const std::string op = in_.name();
    const size_t dot = op.rfind('.');
    step.op_type = dot == std::string::npos ? op : op.substr(dot + 1);
    if (dot != std::string::npos) step.domain = op.substr(0, dot);
    in_.expect(":");
    step.opset = in_.integer();
    in_.expect("(");
    do {
      step.operands.push_back(operand());
    } while (in_.accept(","));
    in_.expect(")");
    if (in_.accept("{")) {
      do {
        std::string name = in_.name();
        in_.expect("=");
        step.attributes.insert_or_assign(std::move(name), attribute());
      } while (in_.accept(","));
      in_.expect("}");
    }
    return step;
  }

  Attribute attribute() {
    if (in_.next_is('"')) return in_.quoted();
    const std::string_view text = in_.number();
    Tensor whole(DType::I64, {}), real(DType::F32, {});
    if (parse_element(text, whole, 0)) return *whole.data<int64_t>();
    if (!parse_element(text, real, 0)) in_.fail("an attribute");
    return *real.data<float>();
  }

  TextScanner in_;
  ElementProgram program_;
};

std::string text(const Attribute& attribute) {
  if (const auto* whole = std::get_if<int64_t>(&attribute)) return std::to_string(*whole);
  if (const auto* real = std::get_if<float>(&attribute)) return float_text(*real);
  return quoted_text(std::get<std::string>(attribute));
}

}  // namespace

ElementProgram ElementProgram::parse(std::string_view text) {
  return Reader(text).program();
}

bool ElementProgram::has_text(const Attribute& attribute) {
  return std::holds_alternative<int64_t>(attribute) || std::holds_alternative<float>(attribute) ||
         std::holds_alternative<std::string>(attribute);
}

std::string ElementProgram::str() const {
  std::string out;
  for (size_t i = 0; i < inputs.size(); ++i) {
    out += (i > 0 ? ", x" : "x") + std::to_string(i) + ": " + std::string(name(inputs[i]));
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    out += "; t" + std::to_string(i) + " = " + (step.domain.empty() ? "" : step.domain + ".") + step.op_type + ":" +
           std::to_string(step.opset) + "(";
    for (size_t k = 0; k < step.operands.size(); ++k) {
      const int operand = step.operands[k], count = static_cast<int>(inputs.size());
      if (k > 0) out += ", ";
      out += operand == kAbsent ? "_"
             : operand < count  ? "x" + std::to_string(operand)
                                : "t" + std::to_string(operand - count);
    }
    out += ")";
    std::string list;
    for (const auto& [name, value] : step.attributes) list += (list.empty() ? "" : ", ") + name + "=" + text(value);
    if (!list.empty()) out += " {" + list + "}";
  }
  return out;
}

const Kernel* block_kernel(const OpDef& def, const void* params, std::span<const DType> inputs) {
  if (!def.elementwise) return nullptr;
  std::vector<ValueType> types;
  for (const DType dtype : inputs) types.push_back(ValueType::tensor(computed_type(dtype)));
  for (const Kernel& kernel : def.kernels) {
    if (kernel.device != ElementProgram::kDevice) continue;
    if (kernel.accepts == nullptr || kernel.accepts(params, types).empty()) return &kernel;
  }
  return nullptr;
}

void expand_chains(Graph& graph, const OpTable& operators, const std::function<bool(const Node&)>& stays) {
  for (const NodeId id : graph.order()) {
    const Node& chain = graph.node(id);
    if (chain.op_type != ElementProgram::kOperator || chain.domain != kOwnDomain || stays(chain)) continue;
    const auto program =
        ElementProgram::parse(std::get<std::string>(chain.attributes.find(ElementProgram::kAttribute)->second));
    std::vector<ValueId> values = chain.inputs;
    const ValueId result = chain.outputs[0];
    for (const Step& step : program.steps) {
      Node node;
      node.domain = step.domain;
      node.op_type = step.op_type;
      node.opset = step.opset;
      node.attributes = step.attributes;
      std::vector<ValueId> operands;
      for (const int i : step.operands) {
        operands.push_back(i == ElementProgram::kAbsent ? ValueId::None : values[static_cast<size_t>(i)]);
      }
      values.push_back(graph.node(add_node(graph, operators, std::move(node), std::move(operands))).outputs[0]);
    }
    redirect(graph, result, values.back());
    remove_unused(graph, id);
  }
}

}  // namespace mica
