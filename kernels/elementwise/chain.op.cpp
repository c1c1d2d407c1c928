// ElementwiseChain, mica 1: elementwise operators of any domain in a row, in one pass over memory. `program` says
// which: see graph/element_program.h. Narrow floats are rounded once, at the end.
#include "kernels/elementwise/chain.h"

#include <algorithm>

#include "kernels/elementwise/binary.h"
#include "kernels/op.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

using Member = ElementwiseChain::Member;

/// Time that a function of one element takes, relative to an addition.
constexpr int64_t kFunctionCost = 4;

// The type of a member's result, whose operands are among `values`.
ValueType infer_member(const Member& member, std::span<const ValueType> values, std::string_view label) {
  std::array<InferContext::Input, ElementProgram::kMaxOperands> inputs;
  for (size_t i = 0; i < member.count; ++i) {
    const int operand = member.operands[i];
    if (operand != ElementProgram::kAbsent) inputs[i].type = &values[static_cast<size_t>(operand)];
  }
  std::array<InferContext::Output, 1> outputs;
  InferContext ctx({inputs.data(), member.count}, outputs, label);
  member.def->infer(member.params.get(), ctx);
  return outputs[0].type;
}

[[noreturn]] void refuse(const ElementProgram::Step& step, const std::string& why) {
  throw_error(ErrorCode::InvalidModel, {"operator ", step.op_type, " of the program ", why});
}

void check_types(const ElementProgram::Step& step, const OpDef& def, std::span<const DType> types) {
  for (size_t i = 0; i < types.size(); ++i) {
    const FormalParameter& formal = def.inputs[std::min(i, def.inputs.size() - 1)];
    if (types[i] == DType::Undefined ? formal.variadic || !formal.optional : !formal.types.contains(types[i])) {
      refuse(step, "does not take its input " + std::to_string(i));
    }
  }
}

Member make_member(const ElementProgram::Step& step, std::span<const ValueType> values) {
  if (step.operands.size() > ElementProgram::kMaxOperands) refuse(step, "has too many inputs");
  Node node;
  node.domain = step.domain;
  node.op_type = step.op_type;
  node.opset = step.opset;
  node.attributes = step.attributes;
  Member member;
  std::vector<DType> types;
  for (const int operand : step.operands) {
    const bool absent = operand == ElementProgram::kAbsent;
    types.push_back(absent ? DType::Undefined : values[static_cast<size_t>(operand)].dtype);
    node.inputs.push_back(absent ? ValueId::None : ValueId{static_cast<uint32_t>(operand)});
    member.operands[member.count++] = operand;
  }
  node.formal_inputs = node.inputs.size();
  node.outputs = {ValueId{0}};
  resolve(node, operators());
  if (node.op == nullptr) refuse(step, "is none of this build");
  member.def = &node.op->def();
  member.params = node.params;
  check_types(step, *member.def, types);
  const Kernel* kernel = block_kernel(*member.def, member.params.get(), types);
  if (kernel == nullptr) refuse(step, "has no kernel for blocks of these types");
  member.run = kernel->run;
  std::ranges::transform(types, member.types.begin(), computed_type);
  member.result = infer_member(member, values, step.op_type).dtype;
  return member;
}

// Gives each result but the last one a block, which may be that of an operand that is not read again.
void assign_temporaries(ElementwiseChain& chain) {
  const size_t inputs = chain.parsed.inputs.size();
  std::vector<size_t> last_use(chain.members.size(), 0);
  for (size_t at = 0; at < chain.members.size(); ++at) {
    for (const int operand : std::span(chain.members[at].operands).first(chain.members[at].count)) {
      if (operand >= static_cast<int>(inputs)) last_use[static_cast<size_t>(operand) - inputs] = at;
    }
  }
  std::vector<int> free;
  for (size_t at = 0; at < chain.members.size(); ++at) {
    Member& member = chain.members[at];
    std::vector<int> released;
    for (size_t i = 0; i < at; ++i) {
      if (last_use[i] != at) continue;
      const Member& operand = chain.members[i];
      const bool fits = member.temporary == ElementwiseChain::kOutput && operand.result == member.result;
      if (fits) {
        member.temporary = operand.temporary;
      } else {
        released.push_back(operand.temporary);
      }
    }
    const bool is_last = at + 1 == chain.members.size();
    if (is_last && narrowing(member.result) == nullptr)
      member.temporary = ElementwiseChain::kOutput;
    else if (member.temporary == ElementwiseChain::kOutput) {
      if (free.empty()) free.push_back(chain.temporaries++);
      member.temporary = free.back();
      free.pop_back();
    }
    free.insert(free.end(), released.begin(), released.end());
  }
}

void prepare(ElementwiseChain& chain, const NodeFacts& facts) {
  chain.parsed = ElementProgram::parse(chain.program);
  const ElementProgram& program = chain.parsed;
  if (program.inputs.size() != facts.inputs) {
    throw_error(ErrorCode::InvalidModel,
                {"the program takes ", program.inputs.size(), " inputs, the node has ", facts.inputs});
  }
  std::vector<ValueType> values;
  for (const DType dtype : program.inputs) values.push_back(ValueType::tensor(dtype));
  for (const ElementProgram::Step& step : program.steps) {
    chain.members.push_back(make_member(step, values));
    values.push_back(ValueType::tensor(chain.members.back().result));
    chain.cost += step.operands.size() == 1 ? kFunctionCost : 1;
  }
  for (const ValueType& value : values) chain.widest = std::max(chain.widest, computed_width(value.dtype));
  assign_temporaries(chain);
}

void infer(const ElementwiseChain& chain, InferContext& ctx) {
  std::vector<ValueType> values;
  for (size_t i = 0; i < chain.parsed.inputs.size(); ++i) {
    if (!ctx.has(i)) throw_error(ErrorCode::InvalidModel, {"input ", i, " is missing"});
    if (ctx.dtype(i) != chain.parsed.inputs[i] && ctx.dtype(i) != DType::Undefined) {
      throw_error(ErrorCode::InvalidModel,
                  {"input ", i, " is ", name(ctx.dtype(i)), ", the program takes ", name(chain.parsed.inputs[i])});
    }
    values.push_back(ValueType::tensor(chain.parsed.inputs[i], ctx.type(i).dims));
  }
  for (const Member& member : chain.members) values.push_back(infer_member(member, values, "ElementwiseChain"));
  ctx.set(0, values.back());
}

}  // namespace

MICA_OP(ElementwiseChain, 1, mica) {
  auto def = op<ElementwiseChain>()
                 .variadic_input("X", types::numeric | types::boolean)
                 .output("Y")
                 .required("program", &ElementwiseChain::program)
                 .prepare<prepare>()
                 .infer<infer>()
                 .cpu<run_chain>("blocks");
  for (size_t i = 0; i < ElementProgram::kMaxInputs; ++i) def.may_overwrite(0, i);
  return def;
}

}  // namespace mica
