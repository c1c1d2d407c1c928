// Recurrent layers: step by step, between products of the states with R, and in one launch where a block can hold R.
#include "kernels/rnn/recurrent_cell.cuh"

namespace mica::cuda {
namespace {

template <class W>
__device__ void store_states(const RecurrentCall& call, const RecurrentPlace& place, const RecurrentUnit<W>& unit) {
  if (call.y_h != nullptr) store_wide(call.y_h, call.number, place.state() + unit.j, unit.h);
  if (call.y_c != nullptr) store_wide(call.y_c, call.number, place.state() + unit.j, unit.c);
}

// A hidden unit of a sequence in a step, which one thread computes.
template <class W>
struct StepUnit {
  const RecurrentStep& step;
  RecurrentUnit<W> unit;
  RecurrentPlace place;
  int64_t state, length, time;

  __device__ StepUnit(const RecurrentStep& of, int64_t i)
      : step(of),
        unit{of.layer, static_cast<int>(i / of.layer.hidden / of.layer.batch), i % of.layer.hidden, 0, 0},
        place{of.layer, unit.d, i / of.layer.hidden % of.layer.batch},
        state(i),
        length(sequence_length(of.layer, place.b)),
        time(place.time(of.step, length)) {
    const RecurrentCall& call = step.layer;
    const bool first = step.step == 0;
    unit.h = first ? load_given<W>(call.initial_h, call.number, place.state() + unit.j) : static_cast<W*>(step.h)[i];
    unit.c = first               ? load_given<W>(call.initial_c, call.number, place.state() + unit.j)
             : step.c != nullptr ? static_cast<W*>(step.c)[i]
                                 : W(0);
  }

  __device__ bool runs() const { return step.step < length; }
  __device__ W of_input(int gate) const {
    const RecurrentCall& call = step.layer;
    const int64_t at = gate * call.hidden + unit.j;
    return load_wide<W>(call.projected, call.number, place.projected(time) + at) +
           load_given<W>(call.bias, call.number, 2 * unit.d * call.gates * call.hidden + at);
  }
  __device__ W of_state(int gate) const {
    const RecurrentCall& call = step.layer;
    const W bias = load_given<W>(call.bias, call.number, ((2 * unit.d + 1) * call.gates + gate) * call.hidden + unit.j);
    if (gate >= step.together) return bias + load_given<W>(step.candidate, call.number, state);
    const int64_t row = unit.d * call.batch + place.b;
    return bias + load_given<W>(step.sums, call.number, (row * step.together + gate) * call.hidden + unit.j);
  }
};

template <class W>
__global__ void reset_kernel(const __grid_constant__ RecurrentStep step) {
  const RecurrentCall& call = step.layer;
  for (int64_t i = first_element(); i < call.directions * call.batch * call.hidden; i += element_stride()) {
    const StepUnit<W> at(step, i);
    const W value = at.runs() ? at.unit.reset(at.of_input(1) + at.of_state(1)) : W(0);
    store_wide(step.operand, call.number, i, value);
  }
}

template <class W>
__global__ void step_kernel(const __grid_constant__ RecurrentStep step) {
  const RecurrentCall& call = step.layer;
  for (int64_t i = first_element(); i < call.directions * call.batch * call.hidden; i += element_stride()) {
    StepUnit<W> at(step, i);
    if (at.runs()) {
      const bool linear = call.cell == RecurrentCell::GruLinear;
      W gates[4] = {};
      for (int gate = 0; gate < call.gates; ++gate) {
        gates[gate] = at.of_input(gate);
        if (!linear || gate < 2) gates[gate] += at.of_state(gate);
      }
      at.unit.step(gates, linear ? at.of_state(2) : W(0));
    }
    if (call.y != nullptr && step.step < call.steps) {
      const int64_t y = at.place.y(at.runs() ? at.time : step.step) + at.unit.j;
      store_wide(call.y, call.number, y, at.runs() ? at.unit.h : W(0));
    }
    if (step.step + 1 >= call.steps) {
      store_states(call, at.place, at.unit);
      continue;
    }
    static_cast<W*>(step.h)[i] = at.unit.h;
    if (step.c != nullptr) static_cast<W*>(step.c)[i] = at.unit.c;
    if (step.operand != step.h) store_wide(step.operand, call.number, i, at.unit.h);
  }
}

// A row of R times a state, both of which begin with what the thread keeps in registers.
template <class W>
__device__ W row_times(const W (&own)[kRecurrentOwn], const W* rest, int count, const W* state) {
  W sums[4] = {};
#pragma unroll
  for (int k = 0; k < kRecurrentOwn; ++k) sums[k % 4] += own[k] * state[k];
  state += kRecurrentOwn;
  int k = 0;
  for (; k + 4 <= count; k += 4) {
#pragma unroll
    for (int u = 0; u < 4; ++u) sums[u] += rest[k + u] * state[k + u];
  }
  for (; k < count; ++k) sums[0] += rest[k] * state[k];
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Block (b, d) takes sequence b in direction d; thread i computes row i of the gates, and unit i of the states.
template <class W>
__global__ void __launch_bounds__(kMostRecurrentRows) layer_kernel(const __grid_constant__ RecurrentCall call) {
  const int n = static_cast<int>(call.hidden), rows = static_cast<int>(call.gates) * n;
  const int i = static_cast<int>(threadIdx.x), d = static_cast<int>(blockIdx.y);
  const int rest = n > kRecurrentOwn ? n - static_cast<int>(kRecurrentOwn) : 0;
  const int pitch = static_cast<int>(recurrent_pitch(n)), state = static_cast<int>(recurrent_state(n));
  W* h = shared_memory<W>();
  W* spare = h + state;
  W* gates = spare + state;
  W* matrix = gates + rows;
  const RecurrentPlace place{call, d, blockIdx.x};
  RecurrentUnit<W> unit{call, d, i, 0, 0};
  for (int j = i; j < state; j += blockDim.x) {
    h[j] = j < n ? load_given<W>(call.initial_h, call.number, place.state() + j) : W(0);
    spare[j] = 0;
  }
  unit.h = i < n ? load_given<W>(call.initial_h, call.number, place.state() + i) : W(0);
  unit.c = i < n ? load_given<W>(call.initial_c, call.number, place.state() + i) : W(0);

  // Columns from `first` on, side by side in shared memory.
  const auto load_columns = [&](int first, int count, int row_step) {
    for (int at = i; at < rows * count; at += blockDim.x) {
      const int row = at / count, column = at - row * count;
      matrix[row * row_step + column] =
          load_wide<W>(call.r, call.number, (static_cast<int64_t>(d) * rows + row) * n + first + column);
    }
    __syncthreads();
  };
  constexpr int kOwn = static_cast<int>(kRecurrentOwn);
  W own[kOwn] = {};
  load_columns(0, n - rest, kOwn + 1);
#pragma unroll
  for (int k = 0; k < kOwn; ++k) {
    if (i < rows && k < n) own[k] = matrix[i * (kOwn + 1) + k];
  }
  __syncthreads();
  load_columns(kOwn, rest, pitch);

  const int64_t length = sequence_length(call, place.b);
  const auto projected = [&](int64_t step) {
    if (i >= rows || step >= length) return W(0);
    return load_wide<W>(call.projected, call.number, place.projected(place.time(step, length)) + i);
  };
  W of_input = 0, of_state = 0;  // biases
  if (i < rows) {
    of_input = load_given<W>(call.bias, call.number, 2 * d * rows + i);
    of_state = load_given<W>(call.bias, call.number, (2 * d + 1) * rows + i);
  }
  const bool last_of_gru = is_gru(call.cell) && i >= 2 * n;
  const bool waits = last_of_gru && call.cell == RecurrentCell::Gru;
  const auto product = [&](const W* with) { return of_state + row_times(own, matrix + i * pitch, rest, with); };
  W next = projected(0);
  for (int64_t step = 0; step < length; ++step) {
    const W sum = next + of_input;
    next = projected(step + 1);
    if (i < rows) {
      const W more = waits ? W(0) : product(h);
      gates[i] = last_of_gru ? sum : sum + more;
      if (last_of_gru) spare[i - 2 * n] = more;
    }
    __syncthreads();
    if (call.cell == RecurrentCell::Gru) {
      if (i < n) spare[i] = unit.reset(gates[n + i]);
      __syncthreads();
      if (waits && i < rows) gates[i] += product(spare);
      __syncthreads();
    }
    if (i < n) {
      W of_unit[4] = {};
      for (int gate = 0; gate < call.gates; ++gate) of_unit[gate] = gates[gate * n + i];
      unit.step(of_unit, spare[i]);
      h[i] = unit.h;
      if (call.y != nullptr) store_wide(call.y, call.number, place.y(place.time(step, length)) + i, unit.h);
    }
    __syncthreads();
  }
  if (i >= n) return;
  for (int64_t time = length; call.y != nullptr && time < call.steps; ++time) {
    store_wide(call.y, call.number, place.y(time) + i, W(0));
  }
  store_states(call, place, unit);
}

int64_t units_of(const RecurrentStep& step) {
  return step.layer.directions * step.layer.batch * step.layer.hidden;
}

}  // namespace

void launch_recurrent_layer(const RecurrentCall& call, void* stream) {
  if (call.batch * call.hidden == 0) return;
  const int64_t threads = blocks_for(call.gates * call.hidden, kWarp) * kWarp;
  const Grid grid{static_cast<unsigned>(call.batch), static_cast<unsigned>(call.directions), 1,
                  static_cast<unsigned>(threads), static_cast<size_t>(recurrent_shared(call))};
  visit_wide(call.number == Number::F64, [&]<class W>() { launch(layer_kernel<W>, grid, stream, call); });
}

void launch_recurrent_reset(const RecurrentStep& step, void* stream) {
  if (units_of(step) == 0) return;
  visit_wide(step.layer.number == Number::F64,
             [&]<class W>() { launch(reset_kernel<W>, over_elements(units_of(step)), stream, step); });
}

void launch_recurrent_step(const RecurrentStep& step, void* stream) {
  if (units_of(step) == 0) return;
  visit_wide(step.layer.number == Number::F64,
             [&]<class W>() { launch(step_kernel<W>, over_elements(units_of(step)), stream, step); });
}

}  // namespace mica::cuda
