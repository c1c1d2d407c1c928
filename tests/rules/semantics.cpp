#include "tests/rules/semantics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "backends/cpu/thread_pool.h"
#include "graph/edit.h"
#include "graph/pattern.h"
#include "runtime/base/half.h"
#include "runtime/interpreter.h"

namespace mica {
namespace {

double element(const Tensor& tensor, int64_t index) {
  double result = 0;
  visit_dtype<float, double, Half, BFloat16>(
      tensor.dtype(), [&]<class T>() { result = static_cast<double>(static_cast<float>(tensor.data<T>()[index])); });
  visit_dtype<int64_t, int32_t, int16_t, int8_t, uint64_t, uint32_t, uint16_t, uint8_t, bool>(
      tensor.dtype(), [&]<class T>() { result = static_cast<double>(tensor.data<T>()[index]); });
  return result;
}

Shape small_shape(const Dims& dims, const SymbolValues& given) {
  Shape shape;
  for (const Dim& dim : dims) {
    SymbolValues values = given;
    for (const std::string& symbol : dim.symbols()) {
      values.try_emplace(symbol, 2 + static_cast<int64_t>(symbol.size() % 3));
    }
    shape.push_back(evaluate(dim, values).value_or(2));
  }
  return shape;
}

}  // namespace

std::vector<Datum> interpret(const GraphModel& model, const std::vector<Datum>& inputs) {
  Workspace workspace;
  ThreadPool threads(1);
  return interpret(*model.graph, inputs, {}, workspace, threads);
}

std::vector<Datum> random_inputs(const Graph& graph, uint32_t seed, const SymbolValues& dims) {
  std::mt19937 generator(seed);
  std::vector<Datum> inputs;
  for (const ValueId id : graph.inputs) {
    const ValueType& type = graph.value(id).type;
    Tensor tensor(type.dtype, small_shape(type.dims.value_or(Dims{}), dims));
    const auto fill = [&]<class T>() {
      for (int64_t i = 0; i < tensor.elements(); ++i) {
        const double random = static_cast<double>(generator()) / 4294967296.0;
        tensor.mutable_data<T>()[i] = static_cast<T>(is_float(type.dtype) ? 4 * random - 2 : 2 * random);
      }
    };
    visit_dtype<float, double, int64_t, int32_t, uint8_t, bool>(type.dtype, fill);
    visit_dtype<Half, BFloat16>(type.dtype, [&]<class T>() {
      for (int64_t i = 0; i < tensor.elements(); ++i) {
        tensor.mutable_data<T>()[i] = T(static_cast<float>(generator() % 4096) / 1024.0f - 2.0f);
      }
    });
    inputs.emplace_back(std::move(tensor));
  }
  return inputs;
}

std::string difference(const Datum& a, const Datum& b, double tolerance) {
  if (a.kind != b.kind) return a.str() + " and " + b.str();
  if (!a.is_tensor()) {
    if (a.items.size() != b.items.size()) return a.str() + " and " + b.str();
    for (size_t i = 0; i < a.items.size(); ++i) {
      if (const std::string inner = difference(a.items[i], b.items[i], tolerance); !inner.empty()) return inner;
    }
    return "";
  }
  if (a.tensor.dtype() != b.tensor.dtype() || !(a.tensor.shape() == b.tensor.shape()))
    return a.str() + " and " + b.str();
  if (bit_width(a.tensor.dtype()) == 16) tolerance = std::max(tolerance, 2e-3);
  for (int64_t i = 0; i < a.tensor.elements(); ++i) {
    const double x = element(a.tensor, i);
    const double y = element(b.tensor, i);
    const bool same =
        x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= tolerance * std::max(1.0, std::abs(y));
    if (!same) return "element " + std::to_string(i) + ": " + std::to_string(x) + " and " + std::to_string(y);
  }
  return "";
}

std::string missing_operator(const Graph& graph) {
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.op == nullptr || node.op->def().kernels.empty()) return node.op_type;
    for (const Subgraph& sub : node.subgraphs) {
      if (std::string missing = missing_operator(*sub.graph); !missing.empty()) return missing;
    }
  }
  return "";
}

}  // namespace mica
