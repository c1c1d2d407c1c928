// Einsum, ai.onnx 12: for each index of the output labels, the sum over all other labels of the product of the
// operands. Operands' axes of size 1 broadcast. Two operands become a permuted product of stacks of matrices; any other
// number is summed by nested loops.
#include <algorithm>

#include "kernels/matmul/einsum_pair.h"
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

EinsumProblem problem_of(const Einsum& op, const Operands& io) {
  EinsumProblem p;
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

template <class T>
using Sources = std::array<const T*, EinsumProblem::kMostOperands>;

template <class T>
void sum_products(const Operands& io, const EinsumProblem& p, const Sources<T>& sources, T* y) {
  const size_t operands = io.inputs();
  const EinsumLoops outer = p.output_loops();
  EinsumLoops inner;
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

template <class T>
void einsum(const Operands& io, const EinsumProblem& p, const Sources<T>& sources, T* y) {
  if (io.inputs() == 2 && multiply_einsum_pair<T>(io, p, {sources[0], sources[1]}, y)) return;
  sum_products(io, p, sources, y);
}

void run_cpu(const Einsum& op, const Operands& io) {
  const EinsumProblem p = problem_of(op, io);
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
