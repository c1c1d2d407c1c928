#include "kernels/matmul/gemm.h"

#include <algorithm>

#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm_kernels.h"
#include "kernels/matmul/gemm_plan.h"
#include "kernels/operands.h"

namespace mica {
namespace {

using Activation = Epilogue::Activation;

// Rows i0 to i0 + m and columns j0 to j0 + n of a result.
struct Part {
  int64_t i0, m, j0, n;
};

// One pass over k of a part: its operands from the elements on that are multiplied first.
struct Pass {
  const float* a;
  int64_t a_row;
  const float* b;
  int64_t b_row, b_panel;
  int64_t k;
  bool first, last;
};

Addend at(const Addend& x, int64_t i, int64_t j) {
  return {x.data != nullptr ? x.data + i * x.row + j * x.column : nullptr, x.row, x.column, x.factor};
}

// Panel by panel, all rows: a panel stays in the first-level cache meanwhile. Tiles are of nearly equal height.
void sweep_tiles(const Product& p, const TileKernels& kernels, int64_t group, const Part& part, const Pass& pass) {
  const int64_t count = (part.m + kernels.rows - 1) / kernels.rows;
  const int64_t height = part.m / count;
  const int64_t higher = part.m % count;  // the first so many tiles have one row more
  const Activation f = pass.last ? p.epilogue.activation : Activation::None;
  TileCall call{};
  call.a_row = pass.a_row;
  call.b_row = pass.b_row;
  call.b_panel = pass.b_panel;
  call.k = pass.k;
  call.c_row = p.c_row;
  call.alpha = p.epilogue.alpha;
  call.relu = f == Activation::Relu;
  for (int64_t j = 0; j < part.n; j += group) {
    const int64_t width = std::min(group, part.n - j);
    const int64_t vectors = (width + kernels.lanes - 1) / kernels.lanes;
    call.a = pass.a;
    call.b = pass.b + j / kPanel * pass.b_panel;
    call.c = p.c + part.i0 * p.c_row + part.j0 + j;
    call.last = static_cast<int>(width - (vectors - 1) * kernels.lanes);
    if (pass.first) {
      for (int x = 0; x < 2; ++x) call.addends[x] = at(p.epilogue.addends[x], part.i0, part.j0 + j);
    } else {
      call.addends[0] = {call.c, p.c_row, 1, 1};
    }
    for (int64_t tile = 0; tile < count; ++tile) {
      const int64_t rows = height + (tile < higher ? 1 : 0);
      kernels.shapes.loops[rows][vectors](call);
      if (f > Activation::Relu) kernels.activate(f, call.c, p.c_row, rows, width);
      call.a += rows * call.a_row;
      call.c += rows * call.c_row;
      for (Addend& x : call.addends) {
        if (x.data != nullptr) x.data += rows * x.row;
      }
    }
  }
}

void compute_dots(const Product& p, const GemmKernels& kernels, const Part& part, const float* a, int64_t a_row) {
  const Activation f = p.epilogue.activation;
  DotCall call{a,
               a_row,
               p.b.address(0, part.j0),
               p.b.column,
               p.k,
               p.c + part.i0 * p.c_row + part.j0,
               p.c_row,
               p.epilogue.alpha,
               f == Activation::Relu,
               {}};
  for (int x = 0; x < 2; ++x) call.addends[x] = at(p.epilogue.addends[x], part.i0, part.j0);
  kernels.dot->dots(call, part.m, part.n);
  if (f > Activation::Relu) kernels.tile->activate(f, call.c, p.c_row, part.m, part.n);
}

void pack_rows(const PackKernels& kernels, const Matrix<const float>& a, int64_t m, int64_t k, float* to,
               int64_t to_row) {
  if (a.row == 1) return kernels.transpose(a.data, a.column, k, m, to, to_row);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t p = 0; p < k; ++p) to[i * to_row + p] = a.at(i, p);
  }
}

void pack_panels(const PackKernels& kernels, const Matrix<const float>& b, int64_t k, int64_t n, float* to,
                 int64_t panel) {
  constexpr auto kF32 = static_cast<size_t>(Storage::F32);
  if (b.column == 1 || n == 1) return kernels.panels[kF32](b.data, b.row, k, n, to, panel);
  if (b.row == 1 || k == 1) return kernels.transposed_panels[kF32](b.data, b.column, k, n, to, panel);
  for (int64_t j = 0; j < (n + kPanel - 1) / kPanel * kPanel; ++j) {
    float* column = to + j / kPanel * panel + j % kPanel;
    for (int64_t p = 0; p < k; ++p) column[p * kPanel] = j < n ? b.at(p, j) : 0;
  }
}

// Computes a part whose first column is a multiple of a panel.
class PartRunner {
 public:
  PartRunner(const GemmKernels& kernels, const Product& product, const GemmPlan& plan, float* scratch)
      : kernels_(kernels), p_(product), plan_(plan), a_scratch_(scratch), b_scratch_(scratch + plan.a_scratch) {}

  void run(const Part& part) {
    const int64_t columns = plan_.columns;
    for (int64_t j = 0; j < part.n; j += columns) {
      const Part block{part.i0, part.m, part.j0 + j, std::min(columns, part.n - j)};
      for (int64_t k0 = 0; k0 == 0 || k0 < p_.k; k0 += plan_.k_pass) pass(block, k0, std::min(plan_.k_pass, p_.k - k0));
    }
  }

 private:
  void pass(const Part& block, int64_t k0, int64_t k) {
    Pass pass{nullptr, 0, b_scratch_, kPanel, k * kPanel, k, k0 == 0, k0 + k == p_.k};
    int64_t n = block.n;
    switch (plan_.right) {
      case GemmPlan::Right::Packed:
        pass.b = p_.packed_b + block.j0 * p_.k + k0 * kPanel;
        pass.b_panel = p_.k * kPanel;
        break;
      case GemmPlan::Right::InPlace:
        pass.b = p_.b.address(k0, block.j0);
        pass.b_row = p_.b.row;
        pass.b_panel = kPanel;
        n = n / kPanel * kPanel;
        break;
      case GemmPlan::Right::Packing:
        pack_panels(*kernels_.pack, p_.b.from(k0, block.j0), k, n, b_scratch_, pass.b_panel);
        break;
      case GemmPlan::Right::Filled:
        (*p_.fill_b)({k0, k, block.j0, n, pass.b_panel}, b_scratch_);
        break;
      case GemmPlan::Right::Dots:
        break;
    }
    if (n > 0) rows({block.i0, block.m, block.j0, n}, k0, pass);
    if (n == block.n) return;
    // What is left of columns read in place: a panel that would reach beyond them.
    pack_panels(*kernels_.pack, p_.b.from(k0, block.j0 + n), k, block.n - n, b_scratch_, k * kPanel);
    pass.b = b_scratch_;
    pass.b_row = kPanel;
    rows({block.i0, block.m, block.j0 + n, block.n - n}, k0, pass);
  }

  void rows(const Part& block, int64_t k0, Pass pass) {
    for (int64_t i = 0; i < block.m; i += plan_.rows) {
      const Part part{block.i0 + i, std::min(plan_.rows, block.m - i), block.j0, block.n};
      const Matrix<const float> a = p_.a.from(part.i0, k0);
      pass.a = plan_.pack_a ? a_scratch_ : a.data;
      pass.a_row = plan_.pack_a ? plan_.a_row : a.row;
      if (plan_.pack_a) pack_rows(*kernels_.pack, a, part.m, pass.k, a_scratch_, plan_.a_row);
      if (plan_.right == GemmPlan::Right::Dots) {
        compute_dots(p_, kernels_, part, pass.a, pass.a_row);
      } else {
        sweep_tiles(p_, *kernels_.tile, plan_.group, part, pass);
      }
    }
  }

  const GemmKernels& kernels_;
  const Product& p_;
  const GemmPlan& plan_;
  float* a_scratch_;
  float* b_scratch_;
};

bool is_unit(int64_t stride) {
  return stride == 0 || stride == 1;
}

// A column as the result is computed as a row, where operands allow it: that is what reads `a` in order.
Product oriented(const Product& p) {
  const bool dense = p.n == 1 && p.m > 1 && p.c_row == 1 && p.packed_b == nullptr && p.fill_b == nullptr;
  if (!dense || (p.a.row != 1 && p.a.column != 1)) return p;
  Product t = p;
  std::swap(t.m, t.n);
  t.a = p.b.transposed();
  t.b = p.a.transposed();
  t.c_row = p.m;
  for (Addend& x : t.epilogue.addends) {
    if (x.data != nullptr && !is_unit(x.row)) return p;
    std::swap(x.row, x.column);
  }
  return t;
}

}  // namespace

int64_t scratch_elements(const GemmKernels& kernels, const Product& product, int threads) {
  if (product.m == 0 || product.n == 0) return 0;
  const Product p = oriented(product);
  const GemmPlan plan = plan_gemm(p, *kernels.tile);
  return plan.scratch() == 0 ? 0 : plan.scratch() * split_gemm(p, plan, *kernels.tile, threads).parts();
}

int64_t scratch_elements(const Product& product, int threads) {
  return scratch_elements(GemmKernels{}, product, threads);
}

void gemm(const GemmKernels& kernels, const Product& product, float* scratch) {
  if (product.m == 0 || product.n == 0) return;
  const Product p = oriented(product);
  const GemmPlan plan = plan_gemm(p, *kernels.tile);
  PartRunner(kernels, p, plan, scratch).run({0, p.m, 0, p.n});
}

void gemm(const Product& product, float* scratch) {
  gemm(GemmKernels{}, product, scratch);
}

void gemm(ThreadPool& threads, const Product& product, float* scratch) {
  if (product.m == 0 || product.n == 0) return;
  const GemmKernels kernels;
  const Product p = oriented(product);
  const GemmPlan plan = plan_gemm(p, *kernels.tile);
  const GemmSplit split = split_gemm(p, plan, *kernels.tile, threads.threads());
  if (split.parts() == 1) return PartRunner(kernels, p, plan, scratch).run({0, p.m, 0, p.n});
  const int64_t grain = kernels.tile->rows;
  threads.parallel_for(split.parts(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) {
      const int64_t row = index / split.columns, column = index % split.columns;
      const int64_t i0 = part_begin(row, split.rows, p.m, grain);
      const int64_t j0 = part_begin(column, split.columns, p.n, plan.group);
      PartRunner(kernels, p, plan, scratch + index * plan.scratch())
          .run({i0, part_begin(row + 1, split.rows, p.m, grain) - i0, j0,
                part_begin(column + 1, split.columns, p.n, plan.group) - j0});
    }
  });
}

void gemm(const Operands& io, const Product& product) {
  const int64_t scratch = scratch_elements(product, io.threads().threads());
  gemm(io.threads(), product, scratch > 0 ? io.scratch<float>(scratch) : nullptr);
}

int64_t packed_elements(int64_t k, int64_t n) {
  return (n + kPanel - 1) / kPanel * kPanel * k;
}

void pack(const Matrix<const float>& b, int64_t k, int64_t n, float* to) {
  pack_panels(pack_kernels(), b, k, n, to, k * kPanel);
}

}  // namespace mica
