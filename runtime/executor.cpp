#include "runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "kernels/shape/copy.h"
#include "runtime/base/error.h"
#include "runtime/interpreter.h"
#include "runtime/memory_plan.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;
constexpr size_t kBindings = 8;

// What outlives the step that made it must not lie in memory that will be used for something else.
void own(Datum& datum) {
  if (datum.tensor.defined() && !datum.tensor.owns()) datum.tensor = datum.tensor.clone();
  for (Datum& item : datum.items) own(item);
}

void write_integer(Tensor& tensor, size_t at, int64_t value) {
  switch (tensor.dtype()) {
    case DType::I64:
      tensor.mutable_data<int64_t>()[at] = value;
      break;
    case DType::I32:
      tensor.mutable_data<int32_t>()[at] = static_cast<int32_t>(value);
      break;
    default:
      tensor.mutable_data<bool>()[at] = value != 0;
  }
}

}  // namespace

/// Runs the bodies of one control-flow step, each through an executor of its own.
class Executor::BodyRunner : public SubgraphRunner {
 public:
  BodyRunner(const Step& step, std::span<Datum* const> captures, ThreadPool& threads)
      : captures_(captures), errors_(step.body_errors) {
    for (const auto& body : step.bodies) {
      executors_.push_back(body ? std::make_unique<Executor>(body, threads) : nullptr);
    }
  }

  std::vector<Datum> run(size_t index, std::span<const Datum> inputs) override {
    if (executors_.at(index) == nullptr) throw Error(ErrorCode::InvalidModel, errors_[index]);
    Executor& executor = *executors_[index];
    const size_t wanted = executor.plan().graph().inputs.size();
    if (inputs.size() != wanted) {
      throw Error(ErrorCode::InvalidModel,
                  "subgraph takes " + std::to_string(wanted) + " inputs, is given " + std::to_string(inputs.size()));
    }
    std::vector<const Datum*> all;
    for (const Datum& input : inputs) all.push_back(&input);
    all.insert(all.end(), captures_.begin(), captures_.end());
    std::vector<Datum> outputs(executor.plan().outputs().size());
    executor.run(all, outputs);
    return outputs;
  }

  ValueType output_type(size_t index, size_t output) const override {
    if (executors_.at(index) == nullptr) return {};
    const Graph& body = executors_[index]->plan().graph();
    return output < body.outputs.size() ? body.value(body.outputs[output]).type : ValueType{};
  }

 private:
  std::span<Datum* const> captures_;
  std::span<const std::string> errors_;
  std::vector<std::unique_ptr<Executor>> executors_;
};

Executor::Executor(std::shared_ptr<const Plan> plan, ThreadPool& threads)
    : plan_(std::move(plan)),
      threads_(threads),
      slots_(plan_->slots().size()),
      outputs_(plan_->outputs().size()),
      symbols_(plan_->dims().symbols().size(), -1),
      room_(plan_->slots().size(), 0) {
  bindings_.reserve(kBindings);
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = plan_->slots()[i];
    if (slot.source == Slot::Source::Constant) {
      slots_[i] = Datum(slot.constant);
    } else if (!slot.dynamic) {
      const void* memory = slot.root == i ? nullptr : slots_[slot.root].tensor.raw();
      slots_[i] = Datum(Tensor::over(slot.dtype, Shape{}, memory, nullptr));
    }
  }
  const auto pointers = [&](std::span<const uint32_t> ids) {
    std::vector<Datum*> result;
    for (const uint32_t id : ids) result.push_back(id == kNone ? nullptr : &slots_[id]);
    return result;
  };
  steps_.reserve(plan_->steps().size());
  for (const Step& step : plan_->steps()) {
    BoundStep& bound = steps_.emplace_back();
    bound.inputs = pointers(step.inputs);
    bound.outputs = pointers(step.outputs);
    bound.context = {&workspace_, &threads_, nullptr};
    if (step.bodies.empty()) continue;
    const std::span<Datum* const> captures = std::span(bound.inputs).subspan(step.formal_inputs);
    bodies_.push_back(std::make_unique<BodyRunner>(step, captures, threads));
    bound.context.subgraphs = bodies_.back().get();
  }
}

Executor::~Executor() = default;

void Executor::check_input(size_t index, const Datum& datum) {
  const ValueType& type = plan_->input_type(index);
  const Slot& slot = plan_->slots()[plan_->inputs()[index]];
  if (!type.is_tensor()) return;
  const Tensor& tensor = datum.tensor;
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::InvalidArgument, "input \"" + slot.name + "\" is " + datum.str() + ", " + why);
  };
  if (!datum.is_tensor() || (tensor.dtype() != type.dtype && type.dtype != DType::Undefined)) {
    refuse("the model takes " + type.str());
  }
  if (!type.dims) return;
  if (tensor.shape().rank() != type.dims->size()) refuse("the model takes " + type.str());
  const auto symbols = plan_->input_symbols(index);
  for (size_t axis = 0; axis < symbols.size(); ++axis) {
    const int64_t dim = tensor.shape()[axis];
    if (symbols[axis] == kNone) {
      if (!(*type.dims)[axis].is(dim)) refuse("the model takes " + type.str());
      continue;
    }
    int64_t& symbol = symbols_[symbols[axis]];
    if (symbol >= 0 && symbol != dim) {
      refuse("but " + plan_->dims().symbols()[symbols[axis]] + " is " + std::to_string(symbol) + " in another input");
    }
    symbol = dim;
  }
}

void Executor::bind(std::span<const Datum* const> inputs) {
  std::ranges::fill(symbols_, -1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (plan_->inputs()[i] != kNone) check_input(i, *inputs[i]);
  }
  ++clock_;
  if (active_ != nullptr && active_->symbols == symbols_) {
    active_->last_used = clock_;
    return;
  }
  auto known = std::ranges::find(bindings_, symbols_, &Binding::symbols);
  if (known == bindings_.end()) {
    if (bindings_.size() < kBindings) {
      bindings_.emplace_back();
      bindings_.back().registers.resize(plan_->dims().registers());
      known = bindings_.end() - 1;
    } else {
      known = std::ranges::min_element(bindings_, {}, &Binding::last_used);
    }
    active_ = nullptr;
    known->symbols = symbols_;
    if (!plan_->dims().evaluate(symbols_, known->registers)) {
      known->symbols.assign(symbols_.size(), -2);
      throw Error(ErrorCode::InvalidArgument, "the dims of the inputs lead to a division by zero or an overflow");
    }
  }
  known->last_used = clock_;
  activate(*known);
}

// Gives the slot its dims; true when its memory must grow.
bool Executor::settle_shape(uint32_t id, const Binding& binding) {
  const Slot& slot = plan_->slots()[id];
  Shape shape;
  for (const uint32_t reg : slot.dims) {
    const int64_t dim = binding.registers[reg];
    if (dim < 0) {
      throw Error(ErrorCode::InvalidArgument,
                  "the dims of the inputs make a dim of \"" + slot.name + "\" " + std::to_string(dim));
    }
    shape.push_back(dim);
  }
  slots_[id].tensor.set_shape(shape);
  const auto elements = checked_elements(shape.dims());
  const auto bytes = elements ? byte_size(slot.dtype, *elements) : std::nullopt;
  if (!bytes) throw Error(ErrorCode::InvalidArgument, "\"" + slot.name + "\" would be too large: " + shape.str());
  if (slot.root == kNone || !plan_->slots()[slot.root].in_arena || *bytes <= room_[slot.root]) return false;
  room_[slot.root] = room_[slot.root] == 0 ? *bytes : *bytes + *bytes / 4;
  return true;
}

void Executor::fill_contents(uint32_t id, const Binding& binding) {
  const Slot& slot = plan_->slots()[id];
  Tensor& tensor = slots_[id].tensor;
  if (static_cast<size_t>(tensor.elements()) != slot.contents.size()) {
    throw Error(ErrorCode::Internal, "contents of \"" + slot.name + "\" do not fit its dims");
  }
  if (!tensor.owns()) {
    tensor = Tensor(slot.dtype, tensor.shape());
    point(id, tensor.mutable_raw());
  }
  for (size_t i = 0; i < slot.contents.size(); ++i) write_integer(tensor, i, binding.registers[slot.contents[i]]);
}

// Dims that only now are numbers may contradict each other: a view must not be larger than what it looks at.
void Executor::check_view(uint32_t id) const {
  const Slot& slot = plan_->slots()[id];
  if (slot.dynamic || slot.root == id || slot.root == kNone) return;
  const Tensor& memory = slots_[slot.root].tensor;
  if (slots_[id].tensor.elements() == memory.elements()) return;
  throw Error(ErrorCode::InvalidArgument, "the dims of the inputs make \"" + slot.name + "\" " +
                                              slots_[id].tensor.str() + ", which does not fit the " +
                                              std::to_string(memory.elements()) + " elements of \"" +
                                              plan_->slots()[slot.root].name + "\"");
}

void Executor::activate(Binding& binding) {
  active_ = nullptr;  // until all is in place
  bool grow = false;
  for (uint32_t id = 0; id < slots_.size(); ++id) {
    const Slot& slot = plan_->slots()[id];
    if (slot.dynamic || slot.source == Slot::Source::Constant) continue;
    grow |= settle_shape(id, binding);
    if (slot.source == Slot::Source::Contents) fill_contents(id, binding);
  }
  for (uint32_t id = 0; id < slots_.size(); ++id) check_view(id);
  if (grow) lay_out();
  active_ = &binding;
}

void Executor::lay_out() {
  std::vector<Lifetime> lifetimes;
  std::vector<uint32_t> roots;
  for (uint32_t id = 0; id < slots_.size(); ++id) {
    const Slot& slot = plan_->slots()[id];
    if (!slot.in_arena || slot.root != id) continue;
    roots.push_back(id);
    lifetimes.push_back({slot.first, slot.last, room_[id]});
  }
  const MemoryPlan memory = plan_memory(lifetimes);
  if (memory.bytes > arena_bytes_) {
    arena_.reset();
    arena_ = std::static_pointer_cast<std::byte>(allocate_aligned(memory.bytes));
    arena_bytes_ = memory.bytes;
  }
  for (size_t i = 0; i < roots.size(); ++i) point(roots[i], arena_.get() + memory.offsets[i]);
}

void Executor::point(uint32_t root, void* memory) {
  for (const uint32_t member : plan_->slots()[root].members) slots_[member].tensor.rebind(memory);
}

void Executor::run(std::span<const Datum* const> inputs, std::span<Datum> outputs) {
  std::ranges::fill(outputs, Datum());
  bind(inputs);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const uint32_t id = plan_->inputs()[i];
    if (id == kNone) continue;
    if (plan_->slots()[id].dynamic) {
      slots_[id] = *inputs[i];
    } else if (slots_[id].tensor.raw() != inputs[i]->tensor.raw()) {
      point(id, const_cast<void*>(inputs[i]->tensor.raw()));
    }
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const PlanOutput& output = plan_->outputs()[i];
    if (!output.direct) continue;
    const Tensor& tensor = slots_[output.slot].tensor;
    outputs[i].tensor = outputs_[i].take(tensor.dtype(), tensor.shape());
    point(plan_->slots()[output.slot].root, outputs[i].tensor.mutable_raw());
  }
  run_steps();
  collect(outputs);
}

void Executor::run_steps() {
  const auto steps = plan_->steps();
  size_t at = 0;
  try {
    for (; at < steps.size(); ++at) {
      const Step& step = steps[at];
      if (step.view) continue;
      BoundStep& bound = steps_[at];
      const auto start = profile_.empty() ? std::chrono::steady_clock::time_point() : std::chrono::steady_clock::now();
      if (step.dynamic) {
        run_dynamic(step, bound);
      } else {
        const std::span<Datum* const> formal(bound.inputs.data(), step.formal_inputs);
        step.kernel->run(step.params, Operands(formal, bound.outputs, step.packed.get(), bound.context));
      }
      workspace_.reset();
      if (!profile_.empty()) {
        profile_[at] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      }
    }
  } catch (const Error& error) {
    workspace_.reset();
    throw error.within(plan_->graph().node(steps[at].node).str());
  }
}

void Executor::run_dynamic(const Step& step, BoundStep& bound) {
  const std::span<Datum* const> formal(bound.inputs.data(), step.formal_inputs);
  if (!step.def->data_dependent) {
    const auto types = infer_concrete(plan_->graph().node(step.node), {formal.data(), formal.size()});
    for (size_t i = 0; i < bound.outputs.size(); ++i) {
      if (bound.outputs[i] == nullptr || !types[i].is_tensor()) continue;
      const auto shape = types[i].dims ? to_shape(*types[i].dims) : std::nullopt;
      if (!shape) throw Error(ErrorCode::Internal, "no shape was inferred for output " + std::to_string(i));
      *bound.outputs[i] = Datum(Tensor(types[i].dtype, *shape));
    }
  }
  step.kernel->run(step.params, Operands(formal, bound.outputs, step.packed.get(), bound.context));
  for (Datum* output : bound.outputs) {
    if (output != nullptr) own(*output);
  }
  for (const uint32_t slot : step.releases) slots_[slot] = Datum();
}

void Executor::collect(std::span<Datum> outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const PlanOutput& output = plan_->outputs()[i];
    if (output.direct) continue;
    Datum& value = slots_[output.slot];
    const Slot& slot = plan_->slots()[output.slot];
    if (slot.dynamic || slot.source == Slot::Source::Constant) {
      outputs[i] = value;
      own(outputs[i]);
      continue;
    }
    outputs[i].tensor = outputs_[i].take(value.tensor.dtype(), value.tensor.shape());
    copy_elements(value.tensor, outputs[i].tensor);
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = plan_->slots()[i];
    if (slot.dynamic) slots_[i] = Datum();
  }
}

}  // namespace mica
