#include <algorithm>
#include <utility>

#include "backends/cpu/thread_pool.h"
#include "runtime/base/text.h"
#include "runtime/executor.h"
#include "runtime/mica.h"
#include "runtime/session_state.h"

namespace mica {
namespace {

size_t find_name(const std::vector<std::string>& names, std::string_view name, std::string_view what) {
  const auto it = std::ranges::find(names, name);
  if (it != names.end()) return static_cast<size_t>(it - names.begin());
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string near = nearest_name(name, candidates);
  std::string message = "no " + std::string(what) + " is called \"" + std::string(name) + "\"";
  if (!near.empty()) message += "; did you mean \"" + near + "\"?";
  throw Error(ErrorCode::InvalidArgument, message);
}

}  // namespace

const Tensor& Outputs::operator[](std::string_view name) const {
  return values_[find_name(*names_, name, "output")].tensor;
}

Session::State::State(std::shared_ptr<const Plan> the_plan, int threads)
    : plan(std::move(the_plan)), pool(threads), executor(plan, pool) {
  auto output_names = std::make_shared<std::vector<std::string>>();
  const Graph& graph = plan->graph();
  for (const ValueId id : graph.inputs) input_names.push_back(graph.value(id).name);
  for (const ValueId id : graph.outputs) output_names->push_back(graph.value(id).name);
  names = std::move(output_names);
  inputs.resize(input_names.size());
  tied_to.resize(input_names.size(), kUntied);
  kept.resize(input_names.size());
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {
  outputs().names_ = state_->names;
  outputs().values_.resize(state_->names->size());
}

Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Outputs& Session::outputs() {
  return state_->outputs;
}

const Outputs& Session::run(std::span<const NamedInput> inputs) {
  State& s = *state_;
  std::ranges::fill(s.inputs, nullptr);
  for (const NamedInput& input : inputs) s.inputs[find_name(s.input_names, input.name, "input")] = &input.value;
  for (size_t i = 0; i < s.inputs.size(); ++i) {
    if (s.inputs[i] != nullptr) continue;
    if (s.tied_to[i] == kUntied) {
      throw Error(ErrorCode::InvalidArgument, "input \"" + s.input_names[i] + "\" is missing: " +
                                                  s.plan->input_type(i).str());
    }
    if (!s.kept[i].tensor.defined()) s.kept[i] = Datum(s.empty_state(i));
    s.inputs[i] = &s.kept[i];
  }
  s.executor.run(s.inputs, s.outputs.values_);
  for (size_t i = 0; i < s.tied_to.size(); ++i) {
    if (s.tied_to[i] != kUntied) s.kept[i] = s.outputs.values_[s.tied_to[i]];
  }
  return s.outputs;
}

// Dims that are symbols get the value the given inputs fix for them, else 0.
Tensor Session::State::empty_state(size_t input) const {
  const ValueType& type = plan->input_type(input);
  if (!type.is_tensor() || !type.dims) {
    throw Error(ErrorCode::InvalidArgument, "state \"" + input_names[input] + "\" needs a first value: " + type.str());
  }
  Shape shape;
  const auto symbols = plan->input_symbols(input);
  for (size_t axis = 0; axis < symbols.size(); ++axis) {
    shape.push_back(symbols[axis] == Slot::kNone ? (*type.dims)[axis].value() : symbol_value(symbols[axis]));
  }
  return Tensor(type.dtype, shape);
}

int64_t Session::State::symbol_value(uint32_t symbol) const {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr || tied_to[i] != kUntied || !inputs[i]->is_tensor()) continue;
    const auto symbols = plan->input_symbols(i);
    for (size_t axis = 0; axis < symbols.size() && axis < inputs[i]->tensor.shape().rank(); ++axis) {
      if (symbols[axis] == symbol) return inputs[i]->tensor.shape()[axis];
    }
  }
  return 0;
}

void Session::state(std::string_view input, std::string_view output) {
  State& s = *state_;
  s.tied_to[find_name(s.input_names, input, "input")] = find_name(*s.names, output, "output");
}

void Session::set_state(std::string_view input, Tensor value) {
  State& s = *state_;
  const size_t at = find_name(s.input_names, input, "input");
  if (s.tied_to[at] == kUntied) {
    throw Error(ErrorCode::InvalidArgument, "input \"" + std::string(input) + "\" is not tied to an output");
  }
  s.kept[at] = Datum(std::move(value));
}

Session Session::fork() const {
  return Session(std::make_unique<State>(state_->plan, state_->pool.threads()));
}

int Session::threads() const {
  return state_->pool.threads();
}

const Plan& Session::plan() const {
  return *state_->plan;
}

size_t Session::arena_bytes() const {
  return state_->executor.arena_bytes();
}

void Session::set_profile(std::span<double> seconds) {
  state_->executor.set_profile(seconds);
}

}  // namespace mica
