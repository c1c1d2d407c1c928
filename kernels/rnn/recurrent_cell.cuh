// What a hidden unit of a recurrent layer does in a step, in W, which is double for doubles and else float.
#pragma once

#include "kernels/cuda/wide.cuh"
#include "kernels/elementwise/element_functions.cuh"
#include "kernels/rnn/recurrent_cuda.h"

namespace mica::cuda {

/// Element i of a tensor that may not be given.
template <class W>
__device__ W load_given(const void* data, Number number, int64_t i) {
  return data == nullptr ? W(0) : load_wide<W>(data, number, i);
}

// One copy of all functions for all calls: they are large.
template <class W>
__noinline__ __device__ W gate_function(const GateFunction& f, float clip, W x) {
  x = apply<W>(UnaryFunction::Clip, x, -clip, clip);
  return apply<W>(f.function, x, f.alpha, f.beta);
}

/// Hidden unit `j` of a direction. Gates are sums with all their terms; `linear` is what r multiplies of GruLinear.
template <class W>
struct RecurrentUnit {
  const RecurrentCall& call;
  int d;
  int64_t j;
  W h, c;

  __device__ void step(const W* gates, W linear) {
    if (call.cell == RecurrentCell::Rnn) {
      h = f(0, gates[0]);
    } else if (is_gru(call.cell)) {
      const W z = f(0, gates[0]);
      const W sum = call.cell == RecurrentCell::Gru ? gates[2] : gates[2] + f(0, gates[1]) * linear;
      h = (1 - z) * f(1, sum) + z * h;
    } else {
      const W in = f(0, with_peephole(gates[0], 0));
      const W forget = call.cell == RecurrentCell::LstmCoupled ? 1 - in : f(0, with_peephole(gates[2], 2));
      c = forget * c + in * f(1, gates[3]);
      h = f(0, with_peephole(gates[1], 1)) * f(2, c);
    }
  }

  /// Of Gru: what its last gate is multiplied with.
  __device__ W reset(W gate) const { return f(0, gate) * h; }

  __device__ W f(int which, W x) const { return gate_function(call.functions[d][which], call.clip, x); }
  __device__ W with_peephole(W gate, int which) const {
    if (call.peepholes == nullptr) return gate;
    return gate + load_wide<W>(call.peepholes, call.number, (d * 3 + which) * call.hidden + j) * c;
  }
};

/// The length of a sequence; one that is none is reported.
__device__ inline int64_t sequence_length(const RecurrentCall& call, int64_t b) {
  if (call.lengths == nullptr) return call.steps;
  const int64_t length = call.lengths[b];
  if (length >= 0 && length <= call.steps) return length;
  call.fault.report();
  return 0;
}

/// Where things of sequence `b` and direction `d` begin.
struct RecurrentPlace {
  const RecurrentCall& call;
  int64_t d, b;

  __device__ int64_t time(int64_t step, int64_t length) const { return call.reversed[d] ? length - 1 - step : step; }
  __device__ int64_t projected(int64_t time) const {
    const int64_t row = call.batch_first ? b * call.steps + time : time * call.batch + b;
    return (row * call.directions + d) * call.gates * call.hidden;
  }
  __device__ int64_t y(int64_t time) const {
    return (call.batch_first ? (b * call.steps + time) * call.directions + d
                             : (time * call.directions + d) * call.batch + b) *
           call.hidden;
  }
  __device__ int64_t state() const {
    return (call.batch_first ? b * call.directions + d : d * call.batch + b) * call.hidden;
  }
};

}  // namespace mica::cuda
