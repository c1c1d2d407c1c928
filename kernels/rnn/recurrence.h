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

/// Computes in A, which is float or double. A step of a cell begins with gates = W x + Wb; it adds what comes from the
/// state, by `recur`, and then goes through the rows, one for each sequence that has not ended, by `for_each_row`.
template <class A>
class Recurrence {
 public:
  struct Row {
    A* gates;  ///< `gates` times `hidden` elements
    A* h;      ///< the states, and memory as large as one, which is kept until the next step
    A* c;
    A* spare;
  };

  Recurrence(const Recurrent& op, const Operands& io, int64_t gates, int64_t together);

  int64_t hidden() const { return dims_.hidden; }
  const A* peepholes() const { return peepholes_; }  ///< [3 * hidden] or null
  A* h() const { return h_; }                        ///< [batch, hidden]
  A* spare() const { return spare_; }
  A* gate(int64_t index) const { return gates_ + index * hidden(); }  ///< of the first row
  int64_t width() const { return dims_.gates * dims_.hidden; }        ///< elements from one row's gates to the next

  /// to = from R' + Rb for the gates that are multiplied together (part 0) or the others (part 1), for all rows; with
  /// `add`, to += that.
  void recur(size_t part, const A* from, A* to, int64_t to_row, bool add) const;

  /// Activation `i` of this direction, in place.
  void activate(size_t i, A* x, int64_t count) const { activate_all(op_, direction_, i, x, count); }

  template <class F>
  void for_each_row(F&& f) const {
    for (int64_t b = 0; b < dims_.batch; ++b) {
      if (step_ >= length(b)) continue;
      const int64_t at = b * hidden();
      f(Row{gates_ + b * width(), h_ + at, c_ + at, spare_ + at});
    }
  }

  /// Calls step() for every time step of every direction.
  template <class Step>
  void run(Step&& step) {
    int64_t steps = 0;
    for (int64_t b = 0; b < dims_.batch; ++b) steps = std::max(steps, length(b));
    for (direction_ = 0; direction_ < dims_.directions; ++direction_) {
      begin();
      for (step_ = 0; step_ < steps; ++step_) {
        load_gates();
        step();
        store_step();
      }
      end();
    }
    for (const auto& output : outputs_) {
      if (output) output->store();
    }
  }

 private:
  /// A right operand [k, n] and its bias.
  struct Weights {
    Matrix<const A> plain;
    const float* packed;
    const A* bias;
    int64_t k, n;
  };

  int64_t length(int64_t b) const { return lengths_ != nullptr ? lengths_[b] : dims_.steps; }
  int64_t time(int64_t b) const { return op_.reversed(direction_) ? length(b) - 1 - step_ : step_; }
  Weights weights(const A* rows, int64_t k, int64_t n, const A* bias, const PackedMatrices* packed, int64_t matrix,
                  float* scratch) const;
  void multiply(const Weights& weights, int64_t m, const A* from, A* to, int64_t to_row, bool add) const;
  void begin();
  void load_gates() const;
  void store_step() const;
  void end() const;

  const Recurrent& op_;
  const Operands& io_;
  const RecurrentDims dims_;
  const int64_t together_;
  const int32_t* lengths_;
  const PackedRecurrent* packed_;
  const A *x_, *w_, *r_, *b_, *initial_h_, *initial_c_, *p_;
  std::array<std::optional<WideOutput<A>>, 3> outputs_;
  float *w_scratch_ = nullptr, *r_scratch_ = nullptr;  ///< for packing weights that are not constant
  A *projected_, *gates_, *h_, *c_, *spare_;           ///< W x + Wb of all steps; and of one

  int64_t direction_ = 0, step_ = 0;
  Weights input_{}, state_[2]{};
  const A* peepholes_ = nullptr;
};

extern template class Recurrence<float>;
extern template class Recurrence<double>;

}  // namespace mica
