// Launchers of the CUDA kernels of LSTM, GRU and RNN.
#pragma once

#include <stddef.h>

#include "kernels/cuda/fault.h"
#include "kernels/cuda/number.h"
#include "kernels/elementwise/elementwise_cuda.h"

namespace mica::cuda {

/// What is done to the gates of a hidden unit: see the files of the operators.
enum class RecurrentCell : uint8_t {
  Rnn,
  Gru,
  GruLinear,  ///< linear_before_reset
  Lstm,
  LstmCoupled,  ///< input_forget
};

constexpr bool is_gru(RecurrentCell cell) {
  return cell == RecurrentCell::Gru || cell == RecurrentCell::GruLinear;
}

struct GateFunction {
  UnaryFunction function = UnaryFunction::Tanh;
  float alpha = 0, beta = 0;
};

/// A layer of all its steps. Tensors have the layouts of the operators and are of floats of one type; what is not given
/// or wanted is null.
struct RecurrentCall {
  RecurrentCell cell;
  Number number;
  int64_t steps, batch, hidden, gates;
  int directions;
  bool batch_first;
  bool reversed[2];
  GateFunction functions[2][3];  ///< of each direction
  float clip;                    ///< of what functions are applied to; infinite for none
  const void* projected;         ///< X W' of all directions: [rows of X, directions, gates * hidden]
  const void* r;
  const void* bias;
  const int32_t* lengths;
  const void* initial_h;
  const void* initial_c;
  const void* peepholes;
  void* y;
  void* y_h;
  void* y_c;
  Fault fault;  ///< of lengths outside [0, steps]
};

/// Threads of a block that takes all steps of a sequence, one for each row of R; elements of such a row that a thread
/// keeps in registers; and how many such blocks at most are preferred to launches for each step.
inline constexpr int64_t kMostRecurrentRows = 608, kRecurrentOwn = 32, kMostRecurrentBlocks = 1024;

/// Elements from a row of R in shared memory to the next, an odd number; and of a state.
constexpr int64_t recurrent_pitch(int64_t hidden) {
  return (hidden > kRecurrentOwn ? hidden - kRecurrentOwn : 0) | 1;
}
constexpr int64_t recurrent_state(int64_t hidden) {
  return hidden > kRecurrentOwn ? hidden : kRecurrentOwn;
}

/// Bytes of shared memory that a block needs for all steps of a sequence.
constexpr int64_t recurrent_shared(const RecurrentCall& call) {
  const int64_t pitch = recurrent_pitch(call.hidden), rows = call.gates * call.hidden;
  const int64_t matrix = rows * (pitch > kRecurrentOwn ? pitch : kRecurrentOwn + 1);
  return (matrix + 2 * recurrent_state(call.hidden) + rows) * (call.number == Number::F64 ? 8 : 4);
}

/// Bytes of shared memory that a block may have on devices of a compute capability (CUDA C++ Programming Guide,
/// "Technical Specifications per Compute Capability").
constexpr int64_t most_shared(int capability) {
  constexpr int64_t kKib = 1024;
  if (capability == 80 || capability == 87) return 163 * kKib;
  if (capability >= 90 && capability < 120) return 227 * kKib;
  return capability >= 86 ? 99 * kKib : 64 * kKib;
}

/// Whether the layer is computed by one block for each sequence and direction, which goes through all steps.
constexpr bool takes_one_launch(const RecurrentCall& call, int capability) {
  return call.steps > 1 && call.gates * call.hidden <= kMostRecurrentRows &&
         call.batch * call.directions <= kMostRecurrentBlocks && recurrent_shared(call) <= most_shared(capability);
}
void launch_recurrent_layer(const RecurrentCall& call, void* stream);

/// One step of a layer, of all its sequences and directions, when the state has been multiplied with R. States are
/// [directions, batch, hidden], of double for doubles and else of float.
struct RecurrentStep {
  RecurrentCall layer;
  int64_t step = 0;
  int64_t together;       ///< how many gates are multiplied with the state itself; of Gru the last with r times it
  const void* sums;       ///< [directions, batch, together * hidden], null for zeros
  const void* candidate;  ///< of Gru, the last gate: [directions, batch, hidden]
  void* h;                ///< the states, from the first step on
  void* c;                ///< of LSTM
  void* operand;          ///< the state, or what is multiplied in its place, in the layer's type
};
/// Of Gru, before its last gate is multiplied: operand = r * h.
void launch_recurrent_reset(const RecurrentStep& step, void* stream);
/// The new states, and with the last step or without any the layer's results.
void launch_recurrent_step(const RecurrentStep& step, void* stream);

}  // namespace mica::cuda
