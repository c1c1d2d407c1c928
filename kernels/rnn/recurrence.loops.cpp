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

bool directions_run_side_by_side(const RecurrentDims& dims, int threads) {
  // Multiplications of a step that are done before another core is awake.
  constexpr int64_t kShortStep = 1 << 16;
  const int64_t step = dims.batch * dims.gates * dims.hidden * dims.hidden;
  return dims.directions > 1 && threads > 1 && (threads <= dims.directions || step <= kShortStep);
}

template <class A>
RecurrentOperands<A>::RecurrentOperands(const Recurrent& recurrent, const Operands& io, int64_t gates,
                                        int64_t multiplied_together)
    : op(recurrent),
      threads(io.threads()),
      dims(recurrent_dims(recurrent, io, gates)),
      together(multiplied_together),
      lengths(io.has(4) ? io.in(4).data<int32_t>() : nullptr),
      packed(io.packed<PackedRecurrent>()),
      x(widen<A>(io, io.in(0))),
      w(packed != nullptr && packed->w != nullptr ? nullptr : widen<A>(io, io.in(1))),
      r(packed_r(packed, gates == together) ? nullptr : widen<A>(io, io.in(2))),
      b(widen_optional<A>(io, 3)),
      initial_h(widen_optional<A>(io, 5)),
      initial_c(widen_optional<A>(io, 6)),
      p(widen_optional<A>(io, 7)) {
  check_sequence_lengths(io, dims.steps);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (io.wants(i)) outputs[i].emplace(io, io.out(i));
  }
}

template <class A>
RecurrentScratch<A>::RecurrentScratch(const RecurrentOperands<A>& of, const Operands& io) {
  const int64_t hidden = of.dims.hidden, states = of.dims.batch * hidden;
  projected = io.scratch<A>(of.dims.steps * of.dims.batch * of.width());
  gates = io.scratch<A>(of.dims.batch * of.width());
  h = io.scratch<A>(states);
  c = io.scratch<A>(states);
  spare = io.scratch<A>(states);
  if constexpr (std::is_same_v<A, float>) {
    if (of.w != nullptr) w = io.scratch<float>(packed_elements(of.dims.inputs, of.width()));
    if (of.r != nullptr) {
      r = io.scratch<float>(packed_elements(hidden, of.together * hidden) +
                            packed_elements(hidden, (of.dims.gates - of.together) * hidden));
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
    gemm(of_.threads, p, nullptr);
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
  multiply(state_[part], of_.dims.batch, from, to, to_row, add);
}

// Sets up a direction: its weights, the first states, and what all steps get from the input.
template <class A>
void Recurrence<A>::begin() {
  const int64_t d = direction_, hidden = of_.dims.hidden, inputs = of_.dims.inputs;
  const A* bias = of_.b != nullptr ? of_.b + d * 2 * width() : nullptr;
  input_ = weights(of_.w != nullptr ? of_.w + d * width() * inputs : nullptr, inputs, width(), bias,
                   of_.w == nullptr ? of_.packed->w.get() : nullptr, d, scratch_.w);
  int64_t first = 0;
  float* scratch = scratch_.r;
  for (size_t part = 0; part < 2; ++part) {
    const int64_t n = (part == 0 ? of_.together : of_.dims.gates - of_.together) * hidden;
    state_[part] = weights(of_.r != nullptr ? of_.r + (d * width() + first) * hidden : nullptr, hidden, n,
                           bias != nullptr ? bias + width() + first : nullptr,
                           of_.r == nullptr && n > 0 ? packed_part(*of_.packed, d, part) : nullptr, 0, scratch);
    first += n;
    if (scratch != nullptr) scratch += packed_elements(hidden, n);
  }
  peepholes_ = of_.p != nullptr ? of_.p + d * 3 * hidden : nullptr;
  for (int64_t b = 0; b < of_.dims.batch; ++b) {
    const auto load = [&](const A* from, A* to) {
      for (int64_t i = 0; i < hidden; ++i) to[b * hidden + i] = from != nullptr ? from[of_.dims.state(d, b) + i] : 0;
    };
    load(of_.initial_h, scratch_.h);
    load(of_.initial_c, scratch_.c);
  }
  std::fill_n(scratch_.gates, of_.dims.batch * width(), A{});  // of sequences that have no step
  std::fill_n(scratch_.spare, of_.dims.batch * hidden, A{});
  multiply(input_, of_.dims.steps * of_.dims.batch, of_.x, scratch_.projected, width(), false);
}

template <class A>
void Recurrence<A>::load_gates() const {
  for (int64_t b = 0; b < of_.dims.batch; ++b) {
    if (step_ < of_.length(b))
      std::copy_n(scratch_.projected + of_.dims.row(time(b), b) * width(), width(), scratch_.gates + b * width());
  }
}

template <class A>
void Recurrence<A>::store_step() const {
  if (!of_.outputs[0]) return;
  for (int64_t b = 0; b < of_.dims.batch; ++b) {
    if (step_ >= of_.length(b)) continue;
    std::copy_n(scratch_.h + b * hidden(), hidden(), of_.outputs[0]->data() + of_.dims.y(time(b), direction_, b));
  }
}

// Stores the last states; what lies behind the end of a sequence is 0.
template <class A>
void Recurrence<A>::end() const {
  for (int64_t b = 0; b < of_.dims.batch; ++b) {
    for (int64_t t = of_.length(b); of_.outputs[0] && t < of_.dims.steps; ++t) {
      std::fill_n(of_.outputs[0]->data() + of_.dims.y(t, direction_, b), hidden(), A{});
    }
    const auto store = [&](size_t output, const A* from) {
      if (!of_.outputs[output]) return;
      std::copy_n(from + b * hidden(), hidden(), of_.outputs[output]->data() + of_.dims.state(direction_, b));
    };
    store(1, scratch_.h);
    store(2, scratch_.c);
  }
}

template struct RecurrentOperands<float>;
template struct RecurrentOperands<double>;
template struct RecurrentScratch<float>;
template struct RecurrentScratch<double>;
template class Recurrence<float>;
template class Recurrence<double>;

}  // namespace mica
