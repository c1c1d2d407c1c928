#include "kernels/rnn/recurrence.h"

#include <algorithm>

namespace mica {

std::shared_ptr<const PackedRecurrent> pack_recurrent(const Tensor* w, const Tensor* r, int64_t gates,
                                                      int64_t together) {
  auto packed = std::make_shared<PackedRecurrent>();
  if (w != nullptr && w->shape().rank() == 3) packed->w = PackedMatrices::make(w, true);
  const bool fits = r != nullptr && r->shape().rank() == 3 && r->elements() > 0 && r->shape()[1] % gates == 0;
  for (int64_t d = 0; fits && d < r->shape()[0]; ++d) {
    const int64_t hidden = r->shape()[1] / gates, row = r->shape()[2];
    const size_t row_bytes = r->bytes() / static_cast<size_t>(r->elements() / row);
    const auto part = [&](int64_t first, int64_t count) {
      const std::byte* from =
          static_cast<const std::byte*>(r->raw()) + static_cast<size_t>((d * gates + first) * hidden) * row_bytes;
      const Tensor rows = Tensor::over(r->dtype(), {count * hidden, row}, from, r->owner());
      packed->r.push_back(PackedMatrices::make(&rows, true));
    };
    part(0, together);
    part(together, gates - together);
  }
  return packed;
}

namespace {

const PackedMatrices* packed_part(const PackedRecurrent& packed, int64_t direction, size_t part) {
  return packed.r[static_cast<size_t>(direction) * 2 + part].get();
}

// Whether all of R is packed. A part that is a single column, or has none, is not.
bool packed_r(const PackedRecurrent* packed, bool one_part) {
  return packed != nullptr && !packed->r.empty() && packed_part(*packed, 0, 0) != nullptr &&
         (one_part || packed_part(*packed, 0, 1) != nullptr);
}

}  // namespace

template <class A>
Recurrence<A>::Recurrence(const Recurrent& op, const Operands& io, int64_t gates, int64_t together)
    : op_(op),
      io_(io),
      dims_(recurrent_dims(op, io, gates)),
      together_(together),
      lengths_(io.has(4) ? io.in(4).data<int32_t>() : nullptr),
      packed_(io.packed<PackedRecurrent>()),
      x_(widen<A>(io, io.in(0))),
      w_(packed_ != nullptr && packed_->w != nullptr ? nullptr : widen<A>(io, io.in(1))),
      r_(packed_r(packed_, gates == together) ? nullptr : widen<A>(io, io.in(2))),
      b_(widen_optional<A>(io, 3)),
      initial_h_(widen_optional<A>(io, 5)),
      initial_c_(widen_optional<A>(io, 6)),
      p_(widen_optional<A>(io, 7)) {
  check_sequence_lengths(io, dims_.steps);
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (io.wants(i)) outputs_[i].emplace(io, io.out(i));
  }
  const int64_t hidden = dims_.hidden, states = dims_.batch * hidden;
  projected_ = io.scratch<A>(dims_.steps * dims_.batch * width());
  gates_ = io.scratch<A>(dims_.batch * width());
  h_ = io.scratch<A>(states);
  c_ = io.scratch<A>(states);
  spare_ = io.scratch<A>(states);
  if constexpr (std::is_same_v<A, float>) {
    if (w_ != nullptr) w_scratch_ = io.scratch<float>(packed_elements(dims_.inputs, width()));
    if (r_ != nullptr) {
      r_scratch_ = io.scratch<float>(packed_elements(hidden, together * hidden) +
                                     packed_elements(hidden, (gates - together) * hidden));
    }
  }
}

template <class A>
typename Recurrence<A>::Weights Recurrence<A>::weights(const A* rows, int64_t k, int64_t n, const A* bias,
                                                       const PackedMatrices* packed, int64_t matrix,
                                                       float* scratch) const {
  Weights w{{rows, 1, k}, nullptr, bias, k, n};
  if constexpr (std::is_same_v<A, float>) {
    if (packed == nullptr) pack(w.plain, k, n, scratch);
    w.packed = packed != nullptr ? packed->matrix(matrix) : scratch;
  }
  return w;
}

// Packed weights and rows of adjacent elements need no scratch.
template <class A>
void Recurrence<A>::multiply(const Weights& weights, int64_t m, const A* from, A* to, int64_t to_row, bool add) const {
  const int64_t n = weights.n, k = weights.k;
  if constexpr (std::is_same_v<A, float>) {
    Product p{m, n, k, {from, k, 1}};
    p.packed_b = weights.packed;
    p.c = to;
    p.c_row = to_row;
    if (weights.bias != nullptr) p.epilogue.addends[0] = {weights.bias, 0, 1};
    if (add) p.epilogue.addends[1] = {to, to_row, 1};
    gemm(io_.threads(), p, nullptr);
  } else {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        const A bias = weights.bias != nullptr ? weights.bias[j] : 0;
        const A sum = dot(from + i * k, weights.plain.address(0, j), k) + bias;
        to[i * to_row + j] = add ? to[i * to_row + j] + sum : sum;
      }
    }
  }
}

template <class A>
void Recurrence<A>::recur(size_t part, const A* from, A* to, int64_t to_row, bool add) const {
  multiply(state_[part], dims_.batch, from, to, to_row, add);
}

// Sets up a direction: its weights, the first states, and what all steps get from the input.
template <class A>
void Recurrence<A>::begin() {
  const int64_t d = direction_, hidden = dims_.hidden, inputs = dims_.inputs;
  const A* bias = b_ != nullptr ? b_ + d * 2 * width() : nullptr;
  input_ = weights(w_ != nullptr ? w_ + d * width() * inputs : nullptr, inputs, width(), bias,
                   w_ == nullptr ? packed_->w.get() : nullptr, d, w_scratch_);
  int64_t first = 0;
  float* scratch = r_scratch_;
  for (size_t part = 0; part < 2; ++part) {
    const int64_t n = (part == 0 ? together_ : dims_.gates - together_) * hidden;
    state_[part] = weights(r_ != nullptr ? r_ + (d * width() + first) * hidden : nullptr, hidden, n,
                           bias != nullptr ? bias + width() + first : nullptr,
                           r_ == nullptr && n > 0 ? packed_part(*packed_, d, part) : nullptr, 0, scratch);
    first += n;
    if (scratch != nullptr) scratch += packed_elements(hidden, n);
  }
  peepholes_ = p_ != nullptr ? p_ + d * 3 * hidden : nullptr;
  for (int64_t b = 0; b < dims_.batch; ++b) {
    const auto load = [&](const A* from, A* to) {
      for (int64_t i = 0; i < hidden; ++i) to[b * hidden + i] = from != nullptr ? from[dims_.state(d, b) + i] : 0;
    };
    load(initial_h_, h_);
    load(initial_c_, c_);
  }
  std::fill_n(gates_, dims_.batch * width(), A{});  // of sequences that have no step
  std::fill_n(spare_, dims_.batch * hidden, A{});
  multiply(input_, dims_.steps * dims_.batch, x_, projected_, width(), false);
}

template <class A>
void Recurrence<A>::load_gates() const {
  for (int64_t b = 0; b < dims_.batch; ++b) {
    if (step_ < length(b)) std::copy_n(projected_ + dims_.row(time(b), b) * width(), width(), gates_ + b * width());
  }
}

template <class A>
void Recurrence<A>::store_step() const {
  if (!outputs_[0]) return;
  for (int64_t b = 0; b < dims_.batch; ++b) {
    if (step_ >= length(b)) continue;
    std::copy_n(h_ + b * hidden(), hidden(), outputs_[0]->data() + dims_.y(time(b), direction_, b));
  }
}

// Stores the last states; what lies behind the end of a sequence is 0.
template <class A>
void Recurrence<A>::end() const {
  for (int64_t b = 0; b < dims_.batch; ++b) {
    for (int64_t t = length(b); outputs_[0] && t < dims_.steps; ++t) {
      std::fill_n(outputs_[0]->data() + dims_.y(t, direction_, b), hidden(), A{});
    }
    const auto store = [&](size_t output, const A* from) {
      if (!outputs_[output]) return;
      std::copy_n(from + b * hidden(), hidden(), outputs_[output]->data() + dims_.state(direction_, b));
    };
    store(1, h_);
    store(2, c_);
  }
}

template class Recurrence<float>;
template class Recurrence<double>;

}  // namespace mica
