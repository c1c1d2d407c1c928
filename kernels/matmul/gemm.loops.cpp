#include "kernels/matmul/gemm.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "backends/cpu/take_in_order.h"
#include "backends/cpu/thread_pool.h"
#include "kernels/matmul/gemm_kernels.h"
#include "kernels/matmul/gemm_plan.h"
#include "kernels/matmul/tiles_ahead.h"
#include "kernels/operands.h"
#include "kernels/round_up.h"

namespace mica {
namespace {

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
  int64_t k0, k;
  bool first, last;
  bool fetches_panels;  // of b, from beyond the second-level cache
  TilesAhead ahead;
};

Addend at(const Addend& x, int64_t i, int64_t j) {
  return {x.data != nullptr ? x.data + i * x.row + j * x.column : nullptr, x.row, x.column, x.factor};
}

// An activation is a loop over rows, which short ones make slow; that many columns are still in the second-level cache.
constexpr int64_t kActivatedColumns = 128;

// Panel by panel, all rows: a panel stays in the first-level cache meanwhile. Tiles are of nearly equal height.
void sweep_tiles(const Product& p, const GemmKernels& loops, int64_t group, const Part& part, Pass& pass) {
  const TileKernels& kernels = *loops.tile;
  const int64_t count = (part.m + kernels.rows - 1) / kernels.rows;
  const int64_t height = part.m / count;
  const int64_t higher = part.m % count;  // the first so many tiles have one row more
  const bool activates = pass.last && is_separate(p.epilogue.activation);
  TileCall call{};
  call.a_row = pass.a_row;
  call.b_row = pass.b_row;
  call.b_panel = pass.b_panel;
  call.k = p.a_pieces.k != 0 ? p.a_pieces.k : pass.k;
  call.pieces = p.a_pieces.k != 0 ? pass.k / p.a_pieces.k : 1;
  call.a_piece = p.a_pieces.step;
  call.c_row = p.c_row;
  call.alpha = p.epilogue.alpha;
  call.bounds = bounds_of(p.epilogue);
  call.bounded = pass.last && p.epilogue.activation != Epilogue::Activation::None && !activates;
  int64_t activated = 0;  // columns
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
    if (pass.fetches_panels) {
      const int64_t next_width = std::clamp<int64_t>(part.n - j - group, 0, group);
      pass.ahead = panels_ahead(call.b, pass.b_panel, pass.k, {part.m, count, width, next_width});
    }
    int64_t row = part.i0;
    for (int64_t tile = 0; tile < count; ++tile) {
      call.next = pass.ahead.take();
      const int64_t rows = height + (tile < higher ? 1 : 0);
      row += rows;
      const int64_t needed = row + p.diagonal;  // of the columns of the last row, where there is a triangle
      if (p.triangle == Product::Triangle::Left) call.k = std::clamp<int64_t>(needed - pass.k0, 0, pass.k);
      if (p.triangle != Product::Triangle::Result || part.j0 + j < needed) kernels.shapes.loops[rows][vectors](call);
      call.a += rows * call.a_row;
      call.c += rows * call.c_row;
      for (Addend& x : call.addends) {
        if (x.data != nullptr) x.data += rows * x.row;
      }
    }
    if (!activates || (j + group - activated < kActivatedColumns && j + group < part.n)) continue;
    float* c = p.c + part.i0 * p.c_row + part.j0 + activated;
    loops.activations->activate(p.epilogue, c, p.c_row, part.m, j + width - activated);
    activated = j + group;
  }
}

void compute_dots(const Product& p, const GemmKernels& kernels, const Part& part, const float* a, int64_t a_row) {
  DotCall call{a,
               a_row,
               p.b.address(0, part.j0),
               p.b.column,
               p.k,
               p.c + part.i0 * p.c_row + part.j0,
               p.c_row,
               p.epilogue.alpha,
               bounds_of(p.epilogue),
               {}};
  for (int x = 0; x < 2; ++x) call.addends[x] = at(p.epilogue.addends[x], part.i0, part.j0);
  kernels.dot->dots(call, part.m, part.n);
  if (is_separate(p.epilogue.activation)) kernels.activations->activate(p.epilogue, call.c, p.c_row, part.m, part.n);
}

void pack_rows(const PackKernels& kernels, const Matrix<const float>& a, int64_t m, int64_t k, float* to,
               int64_t to_row) {
  if (a.column == 1) {
    for (int64_t i = 0; i < m; ++i)
      std::memcpy(to + i * to_row, a.address(i, 0), static_cast<size_t>(k) * sizeof(float));
    return;
  }
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
    std::optional<Block> waiting;  // until it is known which one comes next
    const auto visit = [&](const Block& block) {
      if (waiting) run(*waiting, &block);
      waiting = block;
    };
    if (plan_.pack_a && part.m <= plan_.rows) {  // what is packed of a serves all columns
      for_passes([&](int64_t k0, int64_t k) { for_blocks(part, [&](const Part& block) { visit({block, k0, k}); }); });
    } else {
      for_blocks(part, [&](const Part& block) { for_passes([&](int64_t k0, int64_t k) { visit({block, k0, k}); }); });
    }
    if (waiting) run(*waiting, nullptr);
  }

 private:
  struct Block {
    Part part;
    int64_t k0, k;
  };

  template <class F>
  void for_passes(const F& run) const {
    for (int64_t k0 = 0; k0 == 0 || k0 < p_.k; k0 += plan_.k_pass) run(k0, std::min(plan_.k_pass, p_.k - k0));
  }
  template <class F>
  void for_blocks(const Part& part, const F& run) const {
    for (int64_t j = 0; j < part.n; j += plan_.columns) {
      run({part.i0, part.m, part.j0 + j, std::min(plan_.columns, part.n - j)});
    }
  }

  void run(const Block& block, const Block* next) {
    const auto [part, k0, k] = block;
    Pass pass{nullptr, 0, b_scratch_, kPanel, k * kPanel, k0, k, k0 == 0, k0 + k == p_.k, false, {}};
    int64_t n = part.n;
    switch (plan_.right) {
      case GemmPlan::Right::Packed:
        pass.b_panel = (p_.packed_k > 0 ? p_.packed_k : p_.k) * kPanel;
        pass.b = p_.packed_b + part.j0 / kPanel * pass.b_panel + k0 * kPanel;
        pass.fetches_panels = true;
        break;
      case GemmPlan::Right::InPlace:
        pass.b = p_.b.address(k0, part.j0);
        pass.b_row = p_.b.row;
        pass.b_panel = kPanel;
        n -= n % kernels_.tile->lanes;
        break;
      case GemmPlan::Right::Packing:
        pack_panels(*kernels_.pack, p_.b.from(k0, part.j0), k, n, b_scratch_, pass.b_panel);
        break;
      case GemmPlan::Right::Filled:
        (*p_.fill_b)({p_.fill_index, k0, k, part.j0, n, pass.b_panel}, b_scratch_);
        break;
      case GemmPlan::Right::Dots:
        break;
    }
    if (plan_.ahead && next != nullptr) {
      pass.ahead = rows_ahead(p_.b.address(next->k0, next->part.j0), p_.b.row, k, next->part.n);
    }
    if (n > 0) rows({part.i0, part.m, part.j0, n}, pass);
    if (n == part.n) return;
    // What is left of columns read in place: a panel that would reach beyond them.
    pack_panels(*kernels_.pack, p_.b.from(k0, part.j0 + n), k, part.n - n, b_scratch_, k * kPanel);
    pass.b = b_scratch_;
    pass.b_row = kPanel;
    rows({part.i0, part.m, part.j0 + n, part.n - n}, pass);
  }

  void rows(const Part& block, Pass& pass) {
    for (int64_t i = 0; i < block.m; i += plan_.rows) {
      const Part part{block.i0 + i, std::min(plan_.rows, block.m - i), block.j0, block.n};
      if (plan_.pack_a) {
        pack_a(part, pass.k0, pass.k);
        pass.a = a_scratch_;
        pass.a_row = plan_.a_row;
      } else {
        pass.a = p_.a.address(part.i0, pass.k0);
        pass.a_row = p_.a.row;
      }
      if (plan_.right == GemmPlan::Right::Dots) {
        compute_dots(p_, kernels_, part, pass.a, pass.a_row);
      } else {
        sweep_tiles(p_, kernels_, plan_.group, part, pass);
      }
    }
  }

  void pack_a(const Part& part, int64_t k0, int64_t k) {
    if (packed_row_ == part.i0 && packed_k_ == k0) return;
    packed_row_ = part.i0;
    packed_k_ = k0;
    if (p_.fill_a != nullptr) {
      (*p_.fill_a)({p_.fill_index, part.i0, part.m, k0, k, plan_.a_row}, a_scratch_);
    } else {
      pack_rows(*kernels_.pack, p_.a.from(part.i0, k0), part.m, k, a_scratch_, plan_.a_row);
    }
  }

  const GemmKernels& kernels_;
  const Product& p_;
  const GemmPlan& plan_;
  float* a_scratch_;
  float* b_scratch_;
  int64_t packed_row_ = -1, packed_k_ = -1;  ///< where the block of a in the scratch begins
};

bool is_unit(int64_t stride) {
  return stride == 0 || stride == 1;
}

// A column as the result is computed as a row, where operands allow it: that is what reads `a` in order. Returns the
// product itself, or `turned`, which becomes the transposed one.
const Product& oriented(const Product& p, std::optional<Product>& turned) {
  if (p.n != 1 || p.m == 1 || p.c_row != 1 || p.triangle != Product::Triangle::None || p.packed_b != nullptr ||
      p.fill_a != nullptr || p.fill_b != nullptr)
    return p;
  if (p.a.row != 1 && p.a.column != 1) return p;
  for (const Addend& x : p.epilogue.addends) {
    if (x.data != nullptr && !is_unit(x.row)) return p;
  }
  Product& t = turned.emplace(p);
  std::swap(t.m, t.n);
  t.a = p.b.transposed();
  t.b = p.a.transposed();
  t.c_row = p.m;
  for (Addend& x : t.epilogue.addends) std::swap(x.row, x.column);
  return t;
}

// A product with the decisions that do not depend on threads.
struct Planned {
  const GemmKernels& kernels;
  std::optional<Product> turned;
  const Product& product;
  GemmPlan plan;

  Planned(const GemmKernels& with, const Product& p)
      : kernels(with), product(oriented(p, turned)), plan(plan_gemm(product, *with.tile)) {}

  GemmSplit split(int threads) const { return split_gemm(product, plan, *kernels.tile, threads); }
  int64_t scratch(int threads) const { return plan.scratch() == 0 ? 0 : plan.scratch() * split(threads).parts(); }

  void run(const Part& part, float* scratch) const { PartRunner(kernels, product, plan, scratch).run(part); }
  void take_columns(ThreadPool& threads) const {
    take_shrinking(threads, ceil_div(product.n, plan.group), [&](int64_t begin, int64_t end) {
      const int64_t j0 = begin * plan.group;
      run({0, product.m, j0, std::min(end * plan.group, product.n) - j0}, nullptr);
    });
  }
  void run(float* scratch) const { run({0, product.m, 0, product.n}, scratch); }
  void run(ThreadPool& threads, float* scratch) const {
    const GemmSplit split = this->split(threads.threads());
    if (split.parts() == 1) return run(scratch);
    if (shares_columns(product, plan, threads.threads())) return take_columns(threads);
    const int64_t grain = kernels.tile->rows;
    threads.parallel_for(split.parts(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; ++index) {
        const int64_t row = index / split.columns, column = index % split.columns;
        const int64_t i0 = part_begin(row, split.rows, product.m, grain);
        const int64_t j0 = part_begin(column, split.columns, product.n, plan.group);
        run({i0, part_begin(row + 1, split.rows, product.m, grain) - i0, j0,
             part_begin(column + 1, split.columns, product.n, plan.group) - j0},
            scratch + index * plan.scratch());
      }
    });
  }
};

bool is_empty(const Product& p) {
  return p.m == 0 || p.n == 0;
}

}  // namespace

int64_t scratch_elements(const GemmKernels& kernels, const Product& product, int threads) {
  return is_empty(product) ? 0 : Planned(kernels, product).scratch(threads);
}

int64_t scratch_elements(const Product& product, int threads) {
  return scratch_elements(GemmKernels{}, product, threads);
}

void gemm(const GemmKernels& kernels, const Product& product, float* scratch) {
  if (!is_empty(product)) Planned(kernels, product).run(scratch);
}

void gemm(const Product& product, float* scratch) {
  gemm(GemmKernels{}, product, scratch);
}

void gemm(ThreadPool& threads, const Product& product, float* scratch) {
  if (is_empty(product)) return;
  const GemmKernels kernels;
  Planned(kernels, product).run(threads, scratch);
}

void gemm(const Operands& io, const Product& product) {
  gemm(io, {}, product);
}

void gemm(const Operands& io, const GemmKernels& kernels, const Product& product) {
  if (is_empty(product)) return;
  const Planned planned(kernels, product);
  const int64_t scratch = planned.scratch(io.threads().threads());
  planned.run(io.threads(), scratch > 0 ? io.scratch<float>(scratch) : nullptr);
}

void gemm_each(const Operands& io, int64_t count, FunctionRef<Product(int64_t index)> product) {
  gemm_each(io, {}, count, product);
}

void gemm_each(const Operands& io, const GemmKernels& kernels, int64_t count,
               FunctionRef<Product(int64_t index)> product) {
  if (count == 0) return;
  const Product first = product(0);
  if (count == 1) return gemm(io, kernels, first);
  ThreadPool& threads = io.threads();
  const double worthwhile = operations(first) * static_cast<double>(count) / kWorthACore;
  const int64_t parts = std::min(count, static_cast<int64_t>(std::clamp<double>(worthwhile, 1, threads.threads())));
  const bool whole = parts == 1 || count % parts == 0 || count >= 4 * parts;
  const int64_t scratch_each = scratch_elements(kernels, first, whole ? 1 : threads.threads());
  float* scratch = scratch_each > 0 ? io.scratch<float>(scratch_each * (whole ? parts : 1)) : nullptr;
  if (!whole) {
    for (int64_t i = 0; i < count; ++i) {
      if (const Product each = product(i); !is_empty(each)) Planned(kernels, each).run(threads, scratch);
    }
    return;
  }
  threads.parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      float* own = scratch + part * scratch_each;
      for (int64_t i = count * part / parts; i < count * (part + 1) / parts; ++i) gemm(kernels, product(i), own);
    }
  });
}

int64_t packed_elements(int64_t k, int64_t n) {
  return (n + kPanel - 1) / kPanel * kPanel * k;
}

void pack(const Matrix<const float>& b, int64_t k, int64_t n, float* to) {
  pack_panels(pack_kernels(), b, k, n, to, k * kPanel);
}

}  // namespace mica
