// Einsum, ai.onnx 12: for each index of the output labels, the sum over all other labels of the product of the
// operands. Operands' axes of size 1 broadcast. Two operands become a permuted product of stacks of matrices; any other
// number is summed by nested loops.
#include <algorithm>

#include "kernels/matmul/batched.h"
#include "kernels/matmul/einsum_equation.h"
#include "kernels/op.h"
#include "kernels/wide_operands.h"

namespace mica {
namespace {

struct Einsum {
  std::string equation;
  EinsumEquation parsed;
};

void prepare(Einsum& op, const NodeFacts& facts) {
  op.parsed = parse_einsum(op.equation);
  if (op.parsed.inputs.size() != facts.inputs) {
    throw Error(ErrorCode::InvalidModel, "equation \"" + op.equation + "\" has " +
                                             std::to_string(op.parsed.inputs.size()) + " terms for " +
                                             std::to_string(facts.inputs) + " inputs");
  }
}

void infer(const Einsum& op, InferContext& ctx) {
  const auto& terms = op.parsed.inputs;
  std::array<std::optional<Dim>, EinsumAxes::kLabels> sizes;
  size_t ellipsis = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    same_dtype(ctx, 0, i);
    if (ctx.dims(i) == nullptr) return ctx.set(0, ctx.dtype(0));
    const Dims& dims = *ctx.dims(i);
    const EinsumAxes axes = einsum_axes(terms[i], dims.size());
    ellipsis = std::max(ellipsis, ellipsis_rank(terms[i], dims.size()));
    for (size_t d = 0; d < dims.size(); ++d) {
      auto& size = sizes[static_cast<size_t>(axes.label[d])];
      size = size ? ctx.broadcast({*size}, {dims[d]})[0] : dims[d];
    }
  }
  Dims dims;
  for (const int label : op.parsed.output) {
    if (label != EinsumEquation::kEllipsis) {
      dims.push_back(*sizes[static_cast<size_t>(label)]);
      continue;
    }
    for (size_t i = ellipsis; i-- > 0;) dims.push_back(*sizes[static_cast<size_t>(EinsumAxes::kEllipsisLabel) + i]);
  }
  ctx.set(0, ctx.dtype(0), std::move(dims));
}

using Strides = std::array<int64_t, EinsumAxes::kLabels>;

// Nested loops: sizes of the loops, and an operand's step along each.
struct Loops {
  std::array<int, EinsumAxes::kLabels> labels{};
  size_t count = 0;
  int64_t iterations = 1;

  void add(int label, const Strides& sizes) {
    labels[count++] = label;
    iterations *= sizes[static_cast<size_t>(label)];
  }
  // The element that an operand with these strides has at iteration `index`, the last loop being the innermost.
  int64_t offset(int64_t index, const Strides& sizes, const Strides& strides) const {
    int64_t at = 0;
    for (size_t i = count; i-- > 0;) {
      const auto label = static_cast<size_t>(labels[i]);
      at += index % sizes[label] * strides[label];
      index /= sizes[label];
    }
    return at;
  }
};

struct Problem {
  Strides sizes;  // of each label; 0 for those not used
  std::array<bool, EinsumAxes::kLabels> used{}, in_output{};
  std::array<Strides, 16> strides{};  // of each operand along each label; 0 where it lacks the label or broadcasts
  std::array<std::array<bool, EinsumAxes::kLabels>, 16> has{};
  Strides output_strides{};
};

Problem problem_of(const Einsum& op, const Operands& io) {
  Problem p;
  p.sizes.fill(1);
  if (io.inputs() > p.strides.size()) bad_input("more than 16 operands");
  size_t ellipsis = 0;
  for (size_t i = 0; i < io.inputs(); ++i) {
    const Shape& shape = io.in(i).shape();
    const EinsumAxes axes = einsum_axes(op.parsed.inputs[i], shape.rank());
    ellipsis = std::max(ellipsis, ellipsis_rank(op.parsed.inputs[i], shape.rank()));
    const auto strides = shape.strides();
    for (size_t d = 0; d < shape.rank(); ++d) {
      const auto label = static_cast<size_t>(axes.label[d]);
      int64_t& size = p.sizes[label];
      if (size != shape[d] && size != 1 && shape[d] != 1) {
        bad_input("sizes of a label of \"" + op.equation + "\" differ: " + std::to_string(size) + " and " +
                  std::to_string(shape[d]));
      }
      if (size == 1) size = shape[d];
      p.used[label] = p.has[i][label] = true;
      if (shape[d] != 1) p.strides[i][label] += strides[d];
    }
  }
  int64_t stride = 1;
  const auto place = [&](int label) {
    p.in_output[static_cast<size_t>(label)] = true;
    p.output_strides[static_cast<size_t>(label)] = stride;
    stride *= p.sizes[static_cast<size_t>(label)];
  };
  for (size_t i = op.parsed.output.size(); i-- > 0;) {
    const int label = op.parsed.output[i];
    if (label != EinsumEquation::kEllipsis) {
      place(label);
      continue;
    }
    for (size_t e = 0; e < ellipsis; ++e) place(EinsumAxes::kEllipsisLabel + static_cast<int>(e));
  }
  if (stride != io.out(0).elements()) bad_input("the output has " + io.out(0).shape().str());
  return p;
}

// The output's labels in the order of its axes, then the summed ones.
Loops output_loops(const Problem& p) {
  std::array<int, EinsumAxes::kLabels> labels{};
  size_t count = 0;
  for (int label = 0; label < EinsumAxes::kLabels; ++label) {
    if (p.in_output[static_cast<size_t>(label)] && p.sizes[static_cast<size_t>(label)] != 1) labels[count++] = label;
  }
  std::sort(labels.begin(), labels.begin() + count, [&](int a, int b) {
    return p.output_strides[static_cast<size_t>(a)] > p.output_strides[static_cast<size_t>(b)];
  });
  Loops loops;
  for (size_t i = 0; i < count; ++i) loops.add(labels[i], p.sizes);
  return loops;
}

template <class T>
using Sources = std::array<const T*, 16>;

template <class T>
void sum_products(const Operands& io, const Problem& p, const Sources<T>& sources, T* y) {
  const size_t operands = io.inputs();
  const Loops outer = output_loops(p);
  Loops inner;
  for (int label = 0; label < EinsumAxes::kLabels; ++label) {
    if (p.used[static_cast<size_t>(label)] && !p.in_output[static_cast<size_t>(label)]) inner.add(label, p.sizes);
  }
  io.threads().parallel_for(io.out(0).elements(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      std::array<const T*, 16> at{};
      for (size_t i = 0; i < operands; ++i) at[i] = sources[i] + outer.offset(o, p.sizes, p.strides[i]);
      Sum<T> sum = 0;
      for (int64_t s = 0; s < inner.iterations; ++s) {
        Sum<T> term = 1;
        for (size_t i = 0; i < operands; ++i) {
          term *= static_cast<Sum<T>>(at[i][inner.offset(s, p.sizes, p.strides[i])]);
        }
        sum += term;
      }
      y[o] = static_cast<T>(sum);
    }
  });
}

// Copies the elements of an operand in the order of the loops.
template <class T>
void gather(const Problem& p, const Loops& loops, const Strides& strides, const T* from, T* to) {
  if (loops.iterations == 0) return;
  if (loops.count == 0) {
    *to = *from;
    return;
  }
  const auto last = static_cast<size_t>(loops.labels[loops.count - 1]);
  for (int64_t i = 0; i < loops.iterations; i += p.sizes[last]) {
    const T* row = from + loops.offset(i, p.sizes, strides);
    for (int64_t j = 0; j < p.sizes[last]; ++j) to[i + j] = row[j * strides[last]];
  }
}

// Labels of a product of two operands: of both and the output, of one and the output, and of both but not the output.
// False when one operand alone has a label that is summed.
bool classify(const Problem& p, Loops& batch, Loops& rows, Loops& columns, Loops& inner) {
  for (int label = 0; label < EinsumAxes::kLabels; ++label) {
    const auto l = static_cast<size_t>(label);
    if (!p.used[l] || p.sizes[l] == 1) continue;
    const bool a = p.has[0][l], b = p.has[1][l];
    if (!p.in_output[l] && !(a && b)) return false;
    Loops& kind = !p.in_output[l] ? inner : a && b ? batch : a ? rows : columns;
    kind.add(label, p.sizes);
  }
  return true;
}

template <class T>
bool multiply_pair(const Operands& io, const Problem& p, const Sources<T>& sources, T* y) {
  Loops batch, rows, columns, inner;
  if (!classify(p, batch, rows, columns, inner)) return false;
  const auto joined = [&](std::initializer_list<const Loops*> parts) {
    Loops all;
    for (const Loops* part : parts) {
      for (size_t i = 0; i < part->count; ++i) all.add(part->labels[i], p.sizes);
    }
    return all;
  };
  const Loops a_loops = joined({&batch, &rows, &inner}), b_loops = joined({&batch, &inner, &columns});
  T* a = io.scratch<T>(a_loops.iterations);
  T* b = io.scratch<T>(b_loops.iterations);
  gather(p, a_loops, p.strides[0], sources[0], a);
  gather(p, b_loops, p.strides[1], sources[1], b);

  const int64_t m = rows.iterations, n = columns.iterations, k = inner.iterations;
  const Shape count{batch.iterations};
  MatrixStack sa{count, {m * k}, m, k, k, 1}, sb{count, {k * n}, k, n, n, 1};
  const Loops y_loops = joined({&batch, &rows, &columns}), order = output_loops(p);
  const bool in_order =
      std::equal(y_loops.labels.begin(), y_loops.labels.begin() + y_loops.count, order.labels.begin());
  T* product = in_order ? y : io.scratch<T>(y_loops.iterations);
  multiply_stacks<T>(io.threads(), count, sa, a, sb, b, product);
  if (in_order) return true;
  for (int64_t i = 0; i < y_loops.iterations; ++i) y[y_loops.offset(i, p.sizes, p.output_strides)] = product[i];
  return true;
}

template <class T>
void einsum(const Operands& io, const Problem& p, const Sources<T>& sources, T* y) {
  if (io.inputs() == 2 && multiply_pair(io, p, sources, y)) return;
  sum_products(io, p, sources, y);
}

void run_cpu(const Einsum& op, const Operands& io) {
  const Problem p = problem_of(op, io);
  Tensor& y = io.out(0);
  const bool integers =
      visit_dtype<int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t>(y.dtype(), [&]<class T>() {
        Sources<T> sources{};
        for (size_t i = 0; i < io.inputs(); ++i) sources[i] = io.in(i).data<T>();
        einsum<T>(io, p, sources, y.mutable_data<T>());
      });
  if (integers) return;
  visit_wide(y.dtype(), [&]<class T>() {
    const WideOutput<T> out(io, y);
    Sources<T> sources{};
    for (size_t i = 0; i < io.inputs(); ++i) sources[i] = widen<T>(io, io.in(i));
    einsum<T>(io, p, sources, out.data());
    out.store();
  });
}

}  // namespace

MICA_OP(Einsum, 12) {
  return op<Einsum>()
      .variadic_input("Inputs", types::numeric)
      .output("Output")
      .required("equation", &Einsum::equation)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
