#include "graph/infer_context.h"

#include <algorithm>
#include <utility>

#include "graph/dim_broadcast.h"
#include "graph/dim_caps.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

template <class T>
Dims elements_of(const Tensor& tensor) {
  const T* data = tensor.data<T>();
  return Dims(data, data + tensor.elements());
}

}  // namespace

const ValueType& InferContext::type(size_t input) const {
  static const ValueType kAbsent;
  return has(input) ? *inputs_[input].type : kAbsent;
}

const Dims* InferContext::dims(size_t input) const {
  const ValueType& t = type(input);
  return t.is_tensor() && t.dims ? &*t.dims : nullptr;
}

std::optional<Dims> InferContext::contents(size_t input) const {
  if (!has(input)) return std::nullopt;
  if (inputs_[input].contents != nullptr) return *inputs_[input].contents;
  const Tensor* tensor = inputs_[input].constant;
  if (tensor == nullptr || !tensor->defined()) return std::nullopt;
  if (tensor->elements() > static_cast<int64_t>(kMaxContents)) return std::nullopt;
  std::optional<Dims> contents;
  visit_dtype<int64_t, int32_t, int16_t, int8_t, uint32_t, uint16_t, uint8_t, bool>(
      tensor->dtype(), [&]<class T>() { contents = elements_of<T>(*tensor); });
  return contents;
}

std::optional<std::vector<int64_t>> InferContext::integers(size_t input) const {
  const auto dims = contents(input);
  if (!dims) return std::nullopt;
  std::vector<int64_t> numbers;
  numbers.reserve(dims->size());
  for (const Dim& dim : *dims) {
    if (!dim.is_constant()) return std::nullopt;
    numbers.push_back(dim.value());
  }
  return numbers;
}

void InferContext::set(size_t output, DType dtype, std::optional<Dims> dims) {
  set(output, ValueType::tensor(dtype, std::move(dims)));
}

void InferContext::set(size_t output, ValueType type) {
  if (output < outputs_.size()) outputs_[output].type = std::move(type);
}

void InferContext::set_contents(size_t output, Dims contents) {
  if (output < outputs_.size() && contents.size() <= kMaxContents) outputs_[output].contents = std::move(contents);
}

Dim InferContext::unknown() const {
  return Dim::symbol(std::string(1, kUnknownSign) + std::string(node_) + "#" + std::to_string(unknowns_++));
}

bool is_unknown_symbol(std::string_view symbol) {
  return !symbol.empty() && symbol.front() == kUnknownSign;
}

Dim InferContext::merge(const Dim& a, const Dim& b, std::string_view what) const {
  if (a == b) return a;
  if (a.is_constant() && b.is_constant()) fail(std::string(what) + " differ: " + a.str() + " and " + b.str());
  if (a.is_constant()) return a;
  if (b.is_constant()) return b;
  const auto known = [](const Dim& dim) {
    const auto symbols = dim.symbols();
    return std::ranges::none_of(symbols, [](const std::string& s) { return is_unknown_symbol(s); });
  };
  return !known(a) && known(b) ? b : a;
}

Dims InferContext::broadcast(const Dims& a, const Dims& b) const {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims result = longer;
  const size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    Dim& dim = result[offset + i];
    const Dim& other = shorter[i];
    // A table that is cut to length is long enough, or the two do not broadcast.
    if (dim == other || uncapped(other) == dim) continue;
    if (uncapped(dim) == other) {
      dim = other;
      continue;
    }
    if (other.is(1)) continue;
    if (dim.is(1)) {
      dim = other;
    } else if (dim.is_constant() && other.is_constant()) {
      fail("shapes do not broadcast: " + str(a) + " and " + str(b));
    } else if (other.is_constant()) {
      dim = other;
    } else if (!dim.is_constant()) {
      dim = mica::broadcast(dim, other);  // kernels refuse dims that turn out not to broadcast
    }
  }
  return result;
}

size_t InferContext::axis(int64_t axis, size_t rank, bool one_past_end) const {
  const int64_t n = static_cast<int64_t>(rank);
  if (axis < -n || axis > (one_past_end ? n : n - 1)) {
    fail("axis " + std::to_string(axis) + " is out of range for rank " + std::to_string(rank));
  }
  return static_cast<size_t>(axis < 0 ? axis + n : axis);
}

std::vector<ValueType> InferContext::infer_subgraph(size_t subgraph, std::span<const ValueType> inputs) const {
  if (subgraphs_ == nullptr || !*subgraphs_) return {};
  return (*subgraphs_)(subgraph, inputs);
}

void InferContext::fail(const std::string& message) const {
  throw Error(ErrorCode::InvalidModel, message);
}

}  // namespace mica
