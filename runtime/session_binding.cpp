// Inputs and outputs of a session in memory of its device.
#include "backends/backend.h"
#include "runtime/mica.h"
#include "runtime/session_state.h"

namespace mica {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view name, const std::string& why) {
  throw Error(ErrorCode::InvalidArgument, std::string(what) + " \"" + std::string(name) + "\" " + why);
}

std::string device_name(const Device* device) {
  return device == nullptr ? "cpu" : device->info().id;
}

void check_device(std::string_view what, std::string_view name, const Device* of_tensor, const Device* of_session) {
  if (of_tensor == of_session) return;
  refuse(what, name,
         "is bound to memory of " + device_name(of_tensor) + ", the session is on " + device_name(of_session));
}

}  // namespace

void Session::bind_input(std::string_view input, const DeviceTensor& tensor) {
  State& s = *state_;
  const size_t at = find_name(s.input_names, input, "input");
  if (s.tied_to[at] != kUntied) refuse("input", input, "is tied to an output");
  if (tensor.defined()) {
    const ValueType& type = s.plan->input_type(at);
    check_device("input", input, tensor.device_.get(), s.plan->device().get());
    if (type.dtype != tensor.dtype() || !type.is_tensor() || !type.dims) {
      refuse("input", input, "cannot be bound to " + tensor.str() + ", the model takes " + type.str());
    }
  }
  if (s.plan->inputs()[at] != Slot::kNone) s.executor.set_on_device(at, tensor.defined());
  s.bound[at] = Datum(tensor.tensor_);
}

void Session::bind_output(std::string_view output, const DeviceTensor& tensor) {
  State& s = *state_;
  const size_t at = find_name(*s.names, output, "output");
  if (tensor.defined()) {
    check_device("output", output, tensor.device_.get(), s.plan->device().get());
    for (size_t input = 0; input < s.tied_to.size(); ++input) {
      if (s.tied_to[input] == at)
        refuse("output", output, "is the input \"" + s.input_names[input] + "\" of the next run");
    }
  }
  s.executor.set_target(at, tensor.tensor_);
  s.is_bound[at] = tensor.defined();
}

void Session::wait() {
  state_->executor.wait();
}

}  // namespace mica
