// Where the inputs and outputs of a run are when some steps run on a device.
#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/shape/copy.h"
#include "runtime/base/error.h"
#include "runtime/device_run.h"
#include "runtime/executor.h"

namespace mica {
namespace {

constexpr uint32_t kNone = Slot::kNone;

int64_t address_of(const Tensor& tensor) {
  return static_cast<int64_t>(reinterpret_cast<uintptr_t>(tensor.raw()));
}

}  // namespace

void Executor::set_device_clock(double* seconds) {
  if (device_ != nullptr) device_->set_clock(seconds);
}

void Executor::wait() {
  if (device_ != nullptr && device_->busy()) device_->wait();
}

void Executor::set_on_device(size_t input, bool on_device) {
  if (device_ == nullptr) return;
  wait();
  device_inputs_[input].on_device = on_device;
  for (const InputCopy& copy : device_inputs_[input].port.copies) set_outside(copy.slot, on_device);
  skip_copies();
}

void Executor::set_target(size_t output, const Tensor& target) {
  wait();
  targets_[output] = target;
  if (device_ == nullptr) return;
  DeviceOutput& on_device = device_outputs_[output];
  on_device.point = target.defined() && on_device.port.alone;
  if (on_device.port.alone) set_outside(plan_->slots()[on_device.port.slot].root, on_device.point);
  skip_copies();
}

// Memory in the arena is laid out for it, or is not, when the next run is bound.
void Executor::set_outside(uint32_t root, bool outside) {
  if (outside_[root] == outside) return;
  outside_[root] = outside;
  room_[root] = 0;
  is_bound_ = false;
}

void Executor::skip_copies() {
  std::vector<bool> skipped(plan_->steps().size(), false);
  for (size_t i = 0; i < device_inputs_.size(); ++i) {
    const bool is_there = device_inputs_[i].on_device || (kept_[i] != nullptr && kept_[i]->on_device);
    for (const InputCopy& copy : device_inputs_[i].port.copies) skipped[copy.step] = is_there;
  }
  // An output may be given out twice.
  const auto stays = [&](size_t output) { return is_kept_[output] || targets_[output].defined(); };
  for (size_t i = 0; i < device_outputs_.size(); ++i) {
    const OutputPort& port = device_outputs_[i].port;
    if (port.step != OutputPort::kNoStep) skipped[port.step] = !port.host_reads;
  }
  for (size_t i = 0; i < device_outputs_.size(); ++i) {
    const size_t step = device_outputs_[i].port.step;
    if (step != OutputPort::kNoStep && !stays(i)) skipped[step] = false;
  }
  device_->set_skipped(skipped);
}

// The host's side of an input is memory that the device copies from; a caller's would have to be waited for.
void Executor::place_input(size_t input, const Tensor& tensor) {
  const uint32_t id = plan_->inputs()[input];
  DeviceInput& to = device_inputs_[input];
  if (kept_[input] != nullptr && kept_[input]->on_device) return;
  if (to.on_device) {
    for (const InputCopy& copy : to.port.copies) point(copy.slot, const_cast<void*>(tensor.raw()));
    if (!to.port.host_reads) return;
  } else if (to.port.copies.empty()) {
    return point(id, const_cast<void*>(tensor.raw()));
  }
  const size_t bytes = tensor.bytes();
  if (to.staging == nullptr || bytes > to.bytes) {
    to.bytes = to.staging == nullptr ? bytes : bytes + bytes / 4;
    to.staging = device_->device().allocate_shared(to.bytes);
  }
  point(id, to.staging.get());
  if (bytes == 0) return;
  if (to.on_device) {
    device_->copy({to.staging.get(), bytes, tensor.raw(), bytes, bytes});
  } else {
    std::memcpy(to.staging.get(), tensor.raw(), bytes);
  }
}

void Executor::place_kept(size_t input) {
  Kept& kept = *kept_[input];
  kept.state.reserve(slots_[kept.output_slot].tensor.shape());
  if (kept.state.axis()) {
    kept.state.bind_value(slots_[kept.input_slot].tensor);
    kept.state.bind_next(slots_[kept.output_slot].tensor);
    return;
  }
  for (const InputCopy& copy : device_inputs_[input].port.copies) {
    point(copy.slot, const_cast<void*>(kept.state.value().tensor.raw()));
  }
  const uint32_t root = plan_->slots()[kept.output_slot].root;
  kept.state.bind_next(slots_[root].tensor);
  point(root, slots_[root].tensor.mutable_raw());
}

void Executor::place_output(size_t output, Datum& datum) {
  const PlanOutput& of = plan_->outputs()[output];
  if (is_kept_[output]) return;
  const Tensor& tensor = slots_[of.slot].tensor;
  Tensor& target = targets_[output];
  if (target.defined()) {
    check_target(output);
    if (device_ != nullptr && device_outputs_[output].point) {
      point(plan_->slots()[device_outputs_[output].port.slot].root, target.mutable_raw());
      if (!device_outputs_[output].port.host_reads) return;
    } else if (device_ == nullptr && of.direct) {
      return point(plan_->slots()[of.slot].root, target.mutable_raw());
    }
  }
  if (!of.direct) return;
  datum.tensor = outputs_[output].take(tensor.dtype(), tensor.shape());
  point(plan_->slots()[of.slot].root, datum.tensor.mutable_raw());
}

void Executor::check_target(size_t output) const {
  const Slot& slot = plan_->slots()[plan_->outputs()[output].slot];
  const Tensor& made = slots_[plan_->outputs()[output].slot].tensor;
  const Tensor& target = targets_[output];
  if (slot.dynamic || (made.dtype() == target.dtype() && made.shape() == target.shape())) return;
  throw Error(ErrorCode::InvalidArgument, "output \"" + slot.name + "\" is " + made.str() +
                                              " for these inputs, the tensor that is bound to it is " + target.str());
}

// What recordings are known by, besides dims.
void Executor::tell_places() {
  places_.clear();
  places_.push_back(layouts_);
  for (size_t i = 0; i < device_inputs_.size(); ++i) {
    if (plan_->inputs()[i] == kNone) continue;
    for (const InputCopy& copy : device_inputs_[i].port.copies) {
      if (!device_inputs_[i].on_device) places_.push_back(address_of(slots_[plan_->inputs()[i]].tensor));
      places_.push_back(address_of(slots_[copy.slot].tensor));
      places_.push_back(slots_[copy.slot].tensor.pitch());
    }
  }
  for (size_t i = 0; i < device_outputs_.size(); ++i) {
    if (!is_kept_[i]) places_.push_back(address_of(slots_[plan_->outputs()[i].slot].tensor));
    const uint32_t slot = device_outputs_[i].port.slot;
    if (slot == kNone) continue;
    places_.push_back(address_of(slots_[slot].tensor));
    places_.push_back(slots_[slot].tensor.pitch());
  }
  device_->set_place(bound_, places_);
}

// Copies what was made elsewhere to the callers' tensors, and waits unless nobody on the host looks at the results.
void Executor::finish_on_device() {
  bool wanted = device_->is_timed();
  for (size_t i = 0; i < device_outputs_.size(); ++i) {
    if (is_kept_[i]) continue;
    const DeviceOutput& output = device_outputs_[i];
    if (!targets_[i].defined() || output.port.step == OutputPort::kNoStep) {
      wanted = true;
    } else if (!output.point && targets_[i].bytes() > 0) {
      const size_t bytes = targets_[i].bytes();
      device_->copy_later({targets_[i].mutable_raw(), bytes, slots_[output.port.slot].tensor.raw(), bytes, bytes});
    }
  }
  if (wanted) {
    device_->wait();
  } else {
    device_->leave();
  }
}

// Behind `collect`: outputs that the host has made.
void Executor::fill_target(size_t output, Datum& datum) {
  Tensor& target = targets_[output];
  if (!datum.tensor.defined()) return;
  const Tensor made = std::exchange(datum, Datum()).tensor;
  if (device_ != nullptr && device_outputs_[output].port.step != OutputPort::kNoStep) return;
  if (made.dtype() != target.dtype() || made.shape() != target.shape()) {
    throw Error(ErrorCode::InvalidArgument, "output \"" + plan_->slots()[plan_->outputs()[output].slot].name +
                                                "\" became " + made.str() + ", the tensor that is bound to it is " +
                                                target.str());
  }
  if (device_ != nullptr) {
    device_->copy({target.mutable_raw(), target.bytes(), made.raw(), target.bytes(), target.bytes()});
  } else {
    copy_elements(made, target);
  }
}

}  // namespace mica
