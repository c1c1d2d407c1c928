#include "graph/half_storage.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "graph/edit.h"
#include "graph/inference.h"
#include "runtime/base/error.h"
#include "runtime/base/half.h"
#include "runtime/base/unaligned.h"

namespace mica {
namespace {

constexpr float kSmallestNormalHalf = 0x1p-14f;

// Why the elements cannot be stored so; empty when they can.
template <class T>
std::string objection(std::span<const float> from, std::span<const T> to) {
  float largest = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!std::isfinite(from[i])) continue;
    if (!std::isfinite(static_cast<float>(to[i]))) return "it holds " + std::to_string(from[i]) + ", which overflows";
    largest = std::max(largest, std::fabs(from[i]));
  }
  const bool is_tiny = std::is_same_v<T, Half> && largest > 0 && largest < kSmallestNormalHalf;
  return is_tiny ? "all its elements are below the normal range" : "";
}

class Storing {
 public:
  Storing(DType type, int64_t opset, const OpTable& operators) : type_(type), opset_(opset), operators_(operators) {}

  void run(Graph& graph) {
    const std::unordered_set<ValueId> captured(graph.captures.begin(), graph.captures.end());
    const size_t count = graph.value_count();
    for (uint32_t i = 0; i < count; ++i) {
      const ValueId id{i};
      const Value& value = graph.value(id);
      const bool is_weight = is_constant(graph, id) && value.producer == NodeId::None && !captured.contains(id);
      if (!is_weight || value.constant.dtype() != DType::F32 || graph.is_unused(id)) continue;
      if (value.constant.bytes() < kMinHalfStored) {
        ++result.small;
      } else {
        visit_dtype<Half, BFloat16>(type_, [&]<class T>() { store<T>(graph, id); });
      }
    }
  }

  HalfStorage result;

 private:
  template <class T>
  void store(Graph& graph, ValueId id) {
    const Tensor from = aligned(graph.value(id).constant);
    Tensor to(type_, from.shape());
    std::ranges::transform(from.as<float>(), to.mutable_data<T>(), [](float x) { return T(x); });
    const std::string name = graph.value(id).name, why = objection<T>(from.as<float>(), to.as<T>());
    if (!why.empty()) {
      result.kept.push_back({name, why});
      return;
    }
    ++result.stored;
    result.bytes_saved += from.bytes() - to.bytes();
    graph.rename(id, "");
    graph.value(id).constant = Tensor();
    const ValueId stored = graph.add_constant(name + "." + std::string(mica::name(type_)), std::move(to));
    Node cast;
    cast.op_type = "Cast";
    cast.opset = opset_;
    cast.attributes = {{"to", static_cast<int64_t>(DType::F32)}};
    const ValueId restored = graph.node(add_node(graph, operators_, std::move(cast), {stored})).outputs[0];
    graph.replace_uses(id, restored);
    graph.rename(restored, name);
  }

  DType type_;
  int64_t opset_;
  const OpTable& operators_;
};

}  // namespace

HalfStorage store_weights_as(GraphModel& model, DType type, const OpTable& operators) {
  const int64_t needed = type == DType::F16 ? 6 : 13;  // the first Cast that takes the type, by number
  const int64_t opset = model.opsets.try_emplace("", needed).first->second;
  if (opset < needed) {
    throw Error(ErrorCode::Unsupported, "storing weights as " + std::string(name(type)) + " needs opset " +
                                            std::to_string(needed) + ", the model has " + std::to_string(opset));
  }
  Storing storing(type, opset, operators);
  for_each_graph(*model.graph, [&](Graph& graph) { storing.run(graph); });
  return std::move(storing.result);
}

}  // namespace mica
