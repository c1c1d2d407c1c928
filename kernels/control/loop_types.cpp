#include "kernels/control/loop_types.h"

#include <set>

#include "kernels/sequence/values.h"
#include "runtime/base/concat.h"

namespace mica {
namespace {

// The types carried so far, and the symbols made for dims that change.
class CarriedTypes {
 public:
  CarriedTypes(const InferContext& ctx, std::vector<ValueType> types) : ctx_(ctx), types_(std::move(types)) {}

  const std::vector<ValueType>& types() const { return types_; }

  /// Makes type `i` cover `next`. Returns whether it had to change.
  bool widen(size_t i, const ValueType& next) {
    ValueType& type = types_[i];
    if (type.kind == ValueType::Kind::Unknown) return false;
    if (type.is_tensor() && next.is_tensor()) return widen_tensor(type, next);
    if (type == next) return false;
    ValueType joined = join_types(ctx_, type, next);
    if (type.kind == next.kind && !type.is_tensor()) joined = loosened(type, next);
    const bool changed = !(joined == type);
    type = std::move(joined);
    return changed;
  }

  /// The type behind the loop, where dims that changed are other numbers than inside.
  ValueType final_type(size_t i) const {
    ValueType type = types_[i];
    if (!type.dims) return type;
    for (Dim& dim : *type.dims) {
      if (is_varying(dim)) dim = ctx_.unknown();
    }
    return type;
  }

 private:
  bool is_varying(const Dim& dim) const {
    const auto symbols = dim.symbols();
    return symbols.size() == 1 && varying_.contains(*symbols.begin());
  }

  // A sequence or optional whose element changes: nothing is kept of the element but its dtype.
  static ValueType loosened(const ValueType& a, const ValueType& b) {
    ValueType result = a;
    if (!a.element || !b.element || *a.element == *b.element) return result;
    const bool tensors = a.element->is_tensor() && b.element->is_tensor();
    const DType dtype = tensors && a.element->dtype != DType::Undefined ? a.element->dtype : b.element->dtype;
    result.element = std::make_shared<const ValueType>(tensors ? ValueType::tensor(dtype) : ValueType{});
    return result;
  }

  bool widen_tensor(ValueType& type, const ValueType& next) {
    if (type.dtype != next.dtype && type.dtype != DType::Undefined && next.dtype != DType::Undefined) {
      throw_error(ErrorCode::InvalidModel, {"a value carried by the loop changes from ", type, " to ", next});
    }
    if (!type.dims) return false;
    if (!next.dims || next.dims->size() != type.dims->size()) {
      type.dims.reset();
      return true;
    }
    bool changed = false;
    for (size_t k = 0; k < type.dims->size(); ++k) {
      Dim& dim = (*type.dims)[k];
      if (dim == (*next.dims)[k] || is_varying(dim)) continue;
      dim = ctx_.unknown();
      varying_.merge(dim.symbols());
      changed = true;
    }
    return changed;
  }

  const InferContext& ctx_;
  std::vector<ValueType> types_;
  std::set<std::string> varying_;
};

// Symbols of the body stand for another number in each iteration.
ValueType outside(const InferContext& ctx, ValueType type) {
  if (!type.dims) return type;
  for (Dim& dim : *type.dims) {
    for (const std::string& symbol : dim.symbols()) {
      if (!is_unknown_symbol(symbol)) continue;
      dim = ctx.unknown();
      break;
    }
  }
  return type;
}

}  // namespace

LoopTypes infer_loop(const InferContext& ctx, std::span<const ValueType> before, std::vector<ValueType> carried,
                     std::span<const ValueType> after, size_t skipped) {
  CarriedTypes state(ctx, std::move(carried));
  const size_t count = state.types().size();
  std::vector<ValueType> outputs;
  for (bool changed = true; changed;) {
    std::vector<ValueType> inputs(before.begin(), before.end());
    inputs.insert(inputs.end(), state.types().begin(), state.types().end());
    inputs.insert(inputs.end(), after.begin(), after.end());
    outputs = ctx.infer_subgraph(0, inputs);
    if (outputs.empty()) return {};
    if (outputs.size() < skipped + count) {
      throw_error(ErrorCode::InvalidModel,
                  {"the body has ", outputs.size(), " outputs for ", count, " values carried"});
    }
    changed = false;
    for (size_t i = 0; i < count; ++i) changed = state.widen(i, outputs[skipped + i]) || changed;
  }
  LoopTypes result;
  for (size_t i = 0; i < count; ++i) result.carried.push_back(state.final_type(i));
  for (size_t i = skipped + count; i < outputs.size(); ++i) result.scanned.push_back(outside(ctx, outputs[i]));
  return result;
}

}  // namespace mica
