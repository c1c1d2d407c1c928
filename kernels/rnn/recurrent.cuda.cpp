// LSTM, GRU and RNN on CUDA devices: one product of the inputs of all steps, and then the steps.
#include <cmath>
#include <limits>

#include "kernels/cuda/operand.h"
#include "kernels/device_kernel.h"
#include "kernels/matmul/library_product.h"
#include "kernels/matmul/own_product.h"
#include "kernels/rnn/gru.h"
#include "kernels/rnn/lstm.h"
#include "kernels/rnn/recurrent_cuda.h"

namespace mica {
namespace {

using cuda::RecurrentCell;
using Multiply = void (*)(const cuda::GemmCall& call, const DeviceOperands& io);

cuda::GateFunction gate_function(const Activation& f) {
  using enum Activation::Kind;
  using cuda::UnaryFunction;
  switch (f.kind) {
    case Relu:
      return {UnaryFunction::Relu};
    case Tanh:
      return {UnaryFunction::Tanh};
    case Sigmoid:
      return {UnaryFunction::Sigmoid};
    case Affine:
      return {UnaryFunction::Affine, f.alpha, f.beta};
    case LeakyRelu:
      return {UnaryFunction::LeakyRelu, f.alpha};
    case ThresholdedRelu:  // which here keeps alpha itself
      return {UnaryFunction::ThresholdedRelu, std::nextafter(f.alpha, -std::numeric_limits<float>::infinity())};
    case ScaledTanh:
      return {UnaryFunction::ScaledTanh, f.alpha, f.beta};
    case HardSigmoid:
      return {UnaryFunction::HardSigmoid, f.alpha, f.beta};
    case Elu:
      return {UnaryFunction::Elu, f.alpha, 1};
    case Softsign:
      return {UnaryFunction::Softsign};
    case Softplus:
      return {UnaryFunction::Softplus};
  }
  return {};
}

// All but what is projected.
cuda::RecurrentCall layer_call(RecurrentCell cell, const Recurrent& op, const RecurrentDims& dims,
                               const DeviceOperands& io) {
  cuda::RecurrentCall call{};
  call.cell = cell;
  call.number = number_of(io.in(0).dtype());
  call.steps = dims.steps;
  call.batch = dims.batch;
  call.hidden = dims.hidden;
  call.gates = dims.gates;
  call.directions = static_cast<int>(dims.directions);
  call.batch_first = dims.batch_first;
  const size_t functions = op.activations.size() / static_cast<size_t>(dims.directions);
  for (int64_t d = 0; d < dims.directions; ++d) {
    call.reversed[d] = op.reversed(d);
    for (size_t i = 0; i < std::min<size_t>(functions, 3); ++i) {
      call.functions[d][i] = gate_function(op.activation(d, i));
    }
  }
  call.clip = op.clip.value_or(std::numeric_limits<float>::infinity());
  call.r = io.data(2);
  call.bias = io.data(3);
  call.lengths = static_cast<const int32_t*>(io.data(4));
  call.initial_h = io.data(5);
  call.initial_c = io.data(6);
  call.peepholes = io.data(7);
  void** const results[] = {&call.y, &call.y_h, &call.y_c};
  for (size_t i = 0; i < std::size(results); ++i) {
    if (io.wants(i)) *results[i] = io.out(i).mutable_raw();
  }
  call.fault = io.fault();
  return call;
}

// A state of [directions, batch, hidden], with elements of the layer's type between rows and between directions.
struct StateRows {
  const void* data;
  int64_t row, direction;
};

class Steps {
 public:
  Steps(const cuda::RecurrentCall& call, Multiply multiply, const DeviceOperands& io)
      : multiply_(multiply), io_(io), width_(bit_width(io.in(0).dtype()) / 8), step_{} {
    const int64_t states = call.directions * call.batch * call.hidden;
    const int64_t wide = call.number == cuda::Number::F64 ? 8 : 4;
    step_.layer = call;
    step_.together = call.cell == RecurrentCell::Gru ? 2 : call.gates;
    step_.h = io.scratch<std::byte>(states * wide);
    if (io.has(7) || call.gates == kLstmGates) step_.c = io.scratch<std::byte>(states * wide);
    state_ = width_ == wide ? step_.h : io.scratch<std::byte>(states * width_);
    reset_ = call.cell == RecurrentCell::Gru ? io.scratch<std::byte>(states * width_) : nullptr;
    sums_ = io.scratch<std::byte>(states * call.gates * width_);
  }

  void run() {
    const cuda::RecurrentCall& call = step_.layer;
    const StateRows kept{state_, call.hidden, call.batch * call.hidden};
    const StateRows initial = call.batch_first ? StateRows{call.initial_h, call.directions * call.hidden, call.hidden}
                                               : StateRows{call.initial_h, call.hidden, call.batch * call.hidden};
    if (call.steps == 0) launch_recurrent_step(step_, io_.stream());
    for (step_.step = 0; step_.step < call.steps; ++step_.step) {
      step_.sums = multiply(step_.step == 0 ? initial : kept, 0, step_.together, sums_);
      if (reset_ != nullptr) {
        step_.operand = reset_;
        launch_recurrent_reset(step_, io_.stream());
        std::byte* const rest = sums_ + call.directions * call.batch * step_.together * call.hidden * width_;
        step_.candidate = multiply({reset_, kept.row, kept.direction}, step_.together, call.gates, rest);
      }
      step_.operand = state_;
      launch_recurrent_step(step_, io_.stream());
    }
  }

 private:
  // The states times the rows of R of gates [first, last), for all directions; null where there are no states.
  const void* multiply(const StateRows& states, int64_t first, int64_t last, void* to) const {
    const cuda::RecurrentCall& call = step_.layer;
    if (states.data == nullptr || call.batch * call.hidden == 0) return nullptr;
    const int64_t columns = (last - first) * call.hidden;
    const std::byte* rows = static_cast<const std::byte*>(call.r) + first * call.hidden * call.hidden * width_;
    cuda::GemmCall product{
        call.number, call.batch, columns, call.hidden, {states.data, states.row, 1}, {rows, 1, call.hidden},
        to,          columns,    {}};
    product.batch.add(call.directions,
                      {{states.direction, call.gates * call.hidden * call.hidden, call.batch * columns}});
    io_.lend_scratch([&] { multiply_(product, io_); });
    return to;
  }

  const Multiply multiply_;
  const DeviceOperands& io_;
  const int64_t width_;  ///< bytes of an element of the layer's type
  cuda::RecurrentStep step_;
  void *state_, *reset_;
  std::byte* sums_;
};

template <Multiply multiply>
void run(RecurrentCell cell, const Recurrent& op, int64_t gates, const DeviceOperands& io) {
  const RecurrentDims dims = recurrent_dims(op, io.shapes(), gates);
  cuda::RecurrentCall call = layer_call(cell, op, dims, io);
  const int64_t rows = dims.steps * dims.batch, columns = dims.directions * gates * dims.hidden;
  void* projected = io.scratch<std::byte>(rows * columns * bit_width(io.in(0).dtype()) / 8);
  if (rows * columns > 0) {
    const cuda::GemmCall product{
        call.number, rows,    columns, dims.inputs, {io.data(0), dims.inputs, 1}, {io.data(1), 1, dims.inputs},
        projected,   columns, {}};
    io.lend_scratch([&] { multiply(product, io); });
  }
  call.projected = projected;
  if (takes_one_launch(call, io.capability())) return launch_recurrent_layer(call, io.stream());
  Steps(call, multiply, io).run();
}

template <Multiply multiply>
void add_layers(DeviceKernelTable& table, std::string_view name, const DeviceKernel::Accepts& accepts) {
  constexpr auto kAllVersions = DeviceKernelTable::kAllVersions;
  const auto run_rnn = [](const Recurrent& op, const DeviceOperands& io) {
    run<multiply>(RecurrentCell::Rnn, op, 1, io);
  };
  const auto run_gru = [](const Gru& op, const DeviceOperands& io) {
    run<multiply>(op.linear_before_reset ? RecurrentCell::GruLinear : RecurrentCell::Gru, op, kGruGates, io);
  };
  const auto run_lstm = [](const Lstm& op, const DeviceOperands& io) {
    run<multiply>(op.input_forget ? RecurrentCell::LstmCoupled : RecurrentCell::Lstm, op, kLstmGates, io);
  };
  table.add("RNN", kAllVersions, device_kernel<Recurrent>(name, run_rnn, accepts));
  table.add("GRU", kAllVersions, device_kernel<Gru>(name, run_gru, accepts));
  table.add("LSTM", kAllVersions, device_kernel<Lstm>(name, run_lstm, accepts));
}

}  // namespace

void cuda_kernels_recurrent(DeviceKernelTable& table) {
  constexpr uint64_t kFloats = 0b11101111;  // all but the lengths of sequences
  add_layers<multiply_by_library>(table, "cublaslt",
                                  [](const void* params, std::span<const ValueType> inputs) -> std::string {
                                    return refuse_library(params, inputs.first(std::min<size_t>(inputs.size(), 1)));
                                  });
  add_layers<multiply_by_own>(table, "steps", takes_only(types::floats, kFloats));
}

}  // namespace mica
