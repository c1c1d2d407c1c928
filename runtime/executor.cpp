#include "runtime/executor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "kernels/shape/copy.h"
#include "runtime/base/error.h"
#include "runtime/device_run.h"
#include "runtime/interpreter.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

// What outlives the step that made it must not lie in memory that will be used for something else.
void own(Datum& datum) {
  if (datum.tensor.defined() && !datum.tensor.owns()) datum.tensor = datum.tensor.clone();
  for (Datum& item : datum.items) own(item);
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
      kept_(plan_->inputs().size()),
      is_kept_(plan_->outputs().size(), false),
      bound_(plan_->dims().symbols().size(), -1),
      symbols_(bound_),
      registers_(plan_->dims().registers()),
      room_(plan_->slots().size(), 0),
      outside_(plan_->slots().size(), false) {
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
  targets_.resize(outputs_.size());
  if (plan_->device() == nullptr) return;
  std::vector<DeviceRun::Bound> operands;
  for (const BoundStep& bound : steps_) operands.push_back({bound.inputs, bound.outputs});
  device_ = std::make_unique<DeviceRun>(*plan_, std::move(operands));
  for (InputPort& port : input_ports(*plan_)) device_inputs_.push_back({std::move(port)});
  for (const OutputPort& port : output_ports(*plan_)) device_outputs_.push_back({port});
  for (OutputBuffer& output : outputs_) output = OutputBuffer(*plan_->device());
}

Executor::~Executor() = default;

void Executor::set_profile(std::span<double> seconds) {
  profile_ = seconds;
  if (device_ != nullptr) device_->set_profile(seconds);
}

void Executor::point(uint32_t root, void* memory) {
  for (const uint32_t member : plan_->slots()[root].members) slots_[member].tensor.rebind(memory);
}

void Executor::run(std::span<const Datum* const> inputs, std::span<Datum> outputs) {
  std::ranges::fill(outputs, Datum());
  plan_->before_run(threads_);
  if (device_ != nullptr && device_->touches_host()) wait();
  bind(inputs);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const uint32_t id = plan_->inputs()[i];
    if (id == kNone) continue;
    if (plan_->slots()[id].dynamic) {
      slots_[id] = *inputs[i];
    } else if (device_ != nullptr) {
      place_input(i, inputs[i]->tensor);
    } else if (slots_[id].tensor.raw() != inputs[i]->tensor.raw()) {
      point(id, const_cast<void*>(inputs[i]->tensor.raw()));
    }
  }
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i] != nullptr) place_kept(i);
  }
  for (size_t i = 0; i < outputs_.size(); ++i) place_output(i, outputs[i]);
  if (device_ != nullptr) tell_places();
  run_steps();
  if (device_ != nullptr) finish_on_device();
  for (const auto& kept : kept_) {
    if (kept != nullptr) kept->state.advance(slots_[kept->output_slot].tensor.shape());
  }
  collect(outputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (targets_[i].defined()) fill_target(i, outputs[i]);
  }
}

void Executor::run_steps() {
  const auto steps = plan_->steps();
  for (size_t at = 0; at < steps.size(); ++at) {
    if (device_ != nullptr && (at = device_->launch(at)) == steps.size()) break;
    const Step& step = steps[at];
    if (step.view) continue;
    if (step.waits) device_->wait();
    const auto start = profile_.empty() ? std::chrono::steady_clock::time_point() : std::chrono::steady_clock::now();
    run_step(step, steps_[at]);
    if (!profile_.empty()) {
      profile_[at] += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
  }
}

void Executor::run_step(const Step& step, BoundStep& bound) {
  try {
    if (step.dynamic) {
      run_dynamic(step, bound);
    } else {
      const std::span<Datum* const> formal(bound.inputs.data(), step.formal_inputs);
      step.kernel->run(step.params, Operands(formal, bound.outputs, step.packed.get(), bound.context));
    }
    workspace_.reset();
  } catch (const Error& error) {
    workspace_.reset();
    if (device_ != nullptr) device_->abandon();
    throw error.within(plan_->graph().node(step.node).str());
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
    if (output.direct || is_kept_[i]) continue;
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
