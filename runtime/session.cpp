#include <algorithm>
#include <cstring>
#include <utility>

#include "backends/cpu/thread_pool.h"
#include "runtime/base/text.h"
#include "runtime/executor.h"
#include "runtime/mica.h"
#include "runtime/session_state.h"

namespace mica {

size_t find_name(const std::vector<std::string>& names, std::string_view name, std::string_view what) {
  const auto it = std::ranges::find(names, name);
  if (it != names.end()) return static_cast<size_t>(it - names.begin());
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  throw Error(ErrorCode::InvalidArgument, unknown_name(what, name, candidates));
}

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
  is_set.resize(input_names.size());
  bound.resize(input_names.size());
  is_bound.resize(names->size());
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
    const bool is_bound = s.bound[i].tensor.defined();
    if (s.inputs[i] != nullptr && (is_bound || s.executor.kept(i) != nullptr)) {
      throw Error(ErrorCode::InvalidArgument,
                  "input \"" + s.input_names[i] + "\" is " + (is_bound ? "bound" : "a state") + " and not to be given");
    }
    if (is_bound) s.inputs[i] = &s.bound[i];
  }
  for (size_t i = 0; i < s.inputs.size(); ++i) {
    if (s.inputs[i] != nullptr) continue;
    if (s.tied_to[i] == kUntied) {
      throw Error(ErrorCode::InvalidArgument,
                  "input \"" + s.input_names[i] + "\" is missing: " + s.plan->input_type(i).str());
    }
    s.inputs[i] = &s.state_of(i);
  }
  s.executor.run(s.inputs, s.outputs.values_);
  for (size_t i = 0; i < s.tied_to.size(); ++i) {
    if (s.tied_to[i] != kUntied && s.executor.kept(i) == nullptr) s.kept[i] = s.outputs.values_[s.tied_to[i]];
  }
  return s.outputs;
}

// What a tied input is in the run at hand; made empty when it has not been set.
const Datum& Session::State::state_of(size_t input) {
  KeptState* in_place_state = executor.kept(input);
  if (!is_set[input]) {
    const Tensor empty = empty_state(input);
    if (in_place_state != nullptr) {
      in_place_state->set(empty);
    } else {
      kept[input] = Datum(empty);
    }
    is_set[input] = true;
  }
  return in_place_state != nullptr ? in_place_state->value() : kept[input];
}

// Zeros. Dims that are symbols get the value the given inputs fix for them, else 0.
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
  Tensor zeros(type.dtype, shape);
  if (type.dtype != DType::String) std::memset(zeros.mutable_raw(), 0, zeros.bytes());
  return zeros;
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
  const size_t in = find_name(s.input_names, input, "input");
  const size_t out = find_name(*s.names, output, "output");
  if (s.tied_to[in] != kUntied) {
    throw Error(ErrorCode::InvalidArgument, "input \"" + std::string(input) + "\" is tied to an output already");
  }
  if (s.bound[in].tensor.defined() || s.is_bound[out]) {
    throw Error(ErrorCode::InvalidArgument, "input \"" + std::string(input) + "\" or output \"" + std::string(output) +
                                                "\" is bound to memory of its own");
  }
  s.executor.keep(in, out);
  s.tied_to[in] = out;
}

size_t Session::State::tied_input(std::string_view name) const {
  const size_t at = find_name(input_names, name, "input");
  if (tied_to[at] != kUntied) return at;
  throw Error(ErrorCode::InvalidArgument, "input \"" + std::string(name) + "\" is not tied to an output");
}

void Session::set_state(std::string_view input, const Tensor& value) {
  State& s = *state_;
  const size_t at = s.tied_input(input);
  wait();
  s.is_set[at] = value.defined();
  if (!value.defined()) return;
  const ValueType& type = s.plan->input_type(at);
  if (value.dtype() != type.dtype || (type.dims && value.shape().rank() != type.dims->size())) {
    s.is_set[at] = false;
    throw Error(ErrorCode::InvalidArgument,
                "state \"" + std::string(input) + "\" is " + value.str() + ", the model takes " + type.str());
  }
  if (KeptState* state = s.executor.kept(at)) {
    state->set(value);
  } else {
    s.kept[at] = Datum(value.clone());
  }
}

Tensor Session::state_value(std::string_view input) const {
  const size_t at = state_->tied_input(input);
  if (!state_->is_set[at]) return {};
  state_->executor.wait();
  const KeptState* state = state_->executor.kept(at);
  return state != nullptr ? state->dense() : state_->kept[at].tensor.clone();
}

Session Session::fork() const {
  return Session(std::make_unique<State>(state_->plan, state_->pool.threads()));
}

int Session::threads() const {
  return state_->pool.threads();
}

const std::vector<std::string>& Session::notes() const {
  return state_->plan->notes();
}

const Plan& Session::plan() const {
  return *state_->plan;
}

size_t Session::arena_bytes() const {
  return state_->executor.arena_bytes();
}

void Session::set_device_clock(double* seconds) {
  state_->executor.set_device_clock(seconds);
}

void Session::set_profile(std::span<double> seconds) {
  state_->executor.set_profile(seconds);
}

}  // namespace mica
