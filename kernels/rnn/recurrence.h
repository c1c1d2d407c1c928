// The walk of LSTM, GRU and RNN over directions and time steps, all sequences of a batch side by side.
#pragma once

#include <memory>
#include <vector>

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm.h"
#include "kernels/matmul/packed.h"
#include "kernels/rnn/recurrent.h"
#include "kernels/wide_operands.h"

namespace mica {

/// Constant weights, packed: W, a stack of one matrix for each direction, and for each direction the rows of R that
/// belong to the first gates and those of the others. Null where they are not constant.
struct PackedRecurrent {
  std::shared_ptr<const PackedMatrices> w;
  std::vector<std::shared_ptr<const PackedMatrices>> r;  ///< [directions, 2]; empty when R is not constant
};

/// Null tensors are not constant. Of the `gates` gates of a cell the first `together` are multiplied with the same
/// state.
std::shared_ptr<const PackedRecurrent> pack_recurrent(const Tensor* w, const Tensor* r, int64_t gates,
                                                      int64_t together);

/// What the directions of a layer share.
template <class A>
struct RecurrentOperands {
  RecurrentOperands(const Recurrent& op, const Operands& io, int64_t gates, int64_t together);

  int64_t width() const { return dims.gates * dims.hidden; }  ///< elements of a row's gates
  int64_t length(int64_t b) const { return lengths != nullptr ? lengths[b] : dims.steps; }

  const Recurrent& op;
  ThreadPool& threads;
  const RecurrentDims dims;
  const int64_t together;
  const int32_t* lengths;
  const PackedRecurrent* packed;
  const A *x, *w, *r, *b, *initial_h, *initial_c, *p;
  std::array<std::optional<WideOutput<A>>, 3> outputs;
};

/// Memory of one direction.
template <class A>
struct RecurrentScratch {
  RecurrentScratch(const RecurrentOperands<A>& operands, const Operands& io);

  float *w = nullptr, *r = nullptr;  ///< for packing weights that are not constant
  A* projected;                      ///< W x + Wb of all steps
  A *gates, *h, *c, *spare;          ///< of one step
};

/// The walk of one direction. Computes in A, which is float or double. A step of a cell begins with gates = W x + Wb;
/// it adds what comes from the state, by `recur`, and then goes through the rows, one for each sequence that has not
/// ended, by `for_each_row`.
template <class A>
class Recurrence {
 public:
  struct Row {
    A* gates;  ///< `gates` times `hidden` elements
    A* h;      ///< the states, and memory as large as one, which is kept until the next step
    A* c;
    A* spare;
  };

  Recurrence(const RecurrentOperands<A>& operands, const RecurrentScratch<A>& scratch, int64_t direction)
      : of_(operands), scratch_(scratch), direction_(direction) {}

  int64_t hidden() const { return of_.dims.hidden; }
  const A* peepholes() const { return peepholes_; }  ///< [3 * hidden] or null
  A* h() const { return scratch_.h; }                ///< [batch, hidden]
  A* spare() const { return scratch_.spare; }
  A* gate(int64_t index) const { return scratch_.gates + index * hidden(); }  ///< of the first row
  int64_t width() const { return of_.width(); }  ///< elements from one row's gates to the next

  /// to = from R' + Rb for the gates that are multiplied together (part 0) or the others (part 1), for all rows; with
  /// `add`, to += that.
  void recur(size_t part, const A* from, A* to, int64_t to_row, bool add) const;

  /// Activation `i` of this direction, in place.
  void activate(size_t i, A* x, int64_t count) const { activate_all(of_.op, direction_, i, x, count); }

  template <class F>
  void for_each_row(F&& f) const {
    for (int64_t b = 0; b < of_.dims.batch; ++b) {
      if (step_ >= of_.length(b)) continue;
      const int64_t at = b * hidden();
      f(Row{scratch_.gates + b * width(), scratch_.h + at, scratch_.c + at, scratch_.spare + at});
    }
  }

  /// Calls step(walk) for every time step.
  template <class Step>
  void run(Step& step) {
    int64_t steps = 0;
    for (int64_t b = 0; b < of_.dims.batch; ++b) steps = std::max(steps, of_.length(b));
    begin();
    for (step_ = 0; step_ < steps; ++step_) {
      load_gates();
      step(std::as_const(*this));
      store_step();
    }
    end();
  }

 private:
  /// A right operand [k, n] and its bias.
  struct Weights {
    Matrix<const A> plain;
    const float* packed;
    const A* bias;
    int64_t k, n;
  };

  int64_t time(int64_t b) const { return of_.op.reversed(direction_) ? of_.length(b) - 1 - step_ : step_; }
  Weights weights(const A* rows, int64_t k, int64_t n, const A* bias, const PackedMatrices* packed, int64_t matrix,
                  float* scratch) const;
  void multiply(const Weights& weights, int64_t m, const A* from, A* to, int64_t to_row, bool add) const;
  void begin();
  void load_gates() const;
  void store_step() const;
  void end() const;

  const RecurrentOperands<A>& of_;
  const RecurrentScratch<A> scratch_;
  const int64_t direction_;
  int64_t step_ = 0;
  Weights input_{}, state_[2]{};
  const A* peepholes_ = nullptr;
};

extern template struct RecurrentOperands<float>;
extern template struct RecurrentOperands<double>;
extern template struct RecurrentScratch<float>;
extern template struct RecurrentScratch<double>;
extern template class Recurrence<float>;
extern template class Recurrence<double>;

/// Whether directions are better computed side by side than one after the other with all threads.
bool directions_run_side_by_side(const RecurrentDims& dims, int threads);

/// Walks all directions of a layer; step(const Recurrence<A>&) is a cell's step. Directions may run side by side.
template <class A, class Step>
void run_recurrence(const Recurrent& op, const Operands& io, int64_t gates, int64_t together, Step step) {
  const RecurrentOperands<A> operands(op, io, gates, together);
  const bool side_by_side = directions_run_side_by_side(operands.dims, operands.threads.threads());
  const RecurrentScratch<A> first(operands, io);
  const RecurrentScratch<A> second = side_by_side ? RecurrentScratch<A>(operands, io) : first;
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t d = begin; d < end; ++d) Recurrence<A>(operands, d == 0 ? first : second, d).run(step);
  };
  if (side_by_side) {
    operands.threads.parallel_for(operands.dims.directions, 1, run);
  } else {
    run(0, operands.dims.directions);
  }
  for (const auto& output : operands.outputs) {
    if (output) output->store();
  }
}

}  // namespace mica
