// Rows of heads: a warp takes one row after the other.
#include "kernels/attention/head_rows_cuda.h"
#include "kernels/cuda/element.cuh"
#include "kernels/cuda/team.cuh"

namespace mica::cuda {
namespace {

struct RowPlace {
  int64_t b, h, i;
};

__device__ RowPlace place_of_row(int64_t index, int64_t heads, int64_t rows) {
  const int64_t head = index / rows;
  return {head / heads, head % heads, index - head * rows};
}

__device__ int64_t position(const RotaryTables& rotary, const RowPlace& at, int64_t offset) {
  int64_t result = at.b * rotary.batch_step + at.i * rotary.row_step + (rotary.after_past ? offset : 0);
  if (rotary.ids != nullptr) {
    result += load_integer(rotary.ids, rotary.id_number, at.b * rotary.id_batch + at.i * rotary.id_row);
  }
  return result;
}

template <class T>
__global__ void head_rows_kernel(const __grid_constant__ HeadRowsCall call) {
  using W = Wide<T>;
  using Rows = Team<false>;
  const HeadRows& part = call.parts[blockIdx.y];
  const RotaryTables& rotary = call.rotary;
  const int64_t pairs = part.rotates ? rotary.width / 2 : 0;
  const auto wide = [](const void* data, int64_t i) { return widen(static_cast<const T*>(data)[i]); };
  for (int64_t row = Rows::first_row(); row < call.batch * part.heads * part.rows; row += Rows::row_stride()) {
    const RowPlace at = place_of_row(row, part.heads, part.rows);
    const SequenceKeys sequence =
        call.sequences != nullptr ? call.sequences[at.b] : SequenceKeys{call.offset + part.rows, call.offset};
    const bool is_new = at.i < sequence.fresh();
    if (part.appends && !is_new) continue;
    const T* x = static_cast<const T*>(part.from) + part.from_layout.at(at.b, at.h, at.i);
    T* y = static_cast<T*>(part.to) + part.to_layout.at(at.b, at.h, at.i + (part.appends ? sequence.offset : 0));
    const auto sum = [&](int64_t d) {
      return part.terms == nullptr ? widen(x[d]) : widen(x[d]) + wide(part.terms, at.h * part.width + d);
    };
    W factor = 1;
    if (part.norm_scale != nullptr) {
      W squares = 0;
      for (int64_t d = Rows::lane(); d < part.width; d += Rows::lanes()) squares += sum(d) * sum(d);
      factor = 1 / sqrt(warp_merge(squares, Plus<W>()) / W(part.width) + W(part.epsilon));
    }
    const auto value = [&](int64_t d) {
      return part.norm_scale == nullptr ? sum(d) : sum(d) * factor * wide(part.norm_scale, d);
    };
    int64_t angles = 0;  // row of the tables; that of a row without a token does not matter
    if (pairs > 0 && is_new) {
      angles = position(rotary, at, sequence.offset);
      if (angles < 0 || angles >= rotary.rows) {
        call.fault.report();
        continue;
      }
    }
    for (int64_t pair = Rows::lane(); pair < pairs; pair += Rows::lanes()) {
      const int64_t first = rotary.interleaved ? 2 * pair : pair, second = first + (rotary.interleaved ? 1 : pairs);
      const W a = value(first), b = value(second);
      const W cos = wide(rotary.cos, angles * pairs + pair), sin = wide(rotary.sin, angles * pairs + pair);
      y[first] = narrow<T>(a * cos - b * sin);
      y[second] = narrow<T>(a * sin + b * cos);
    }
    for (int64_t d = 2 * pairs + Rows::lane(); d < part.width; d += Rows::lanes()) y[d] = narrow<T>(value(d));
  }
}

// `units` of a row are moved.
template <class Unit>
__global__ void cache_rows_kernel(const __grid_constant__ CacheCall call, int64_t unit_elements) {
  const CacheRows& part = call.parts[blockIdx.y];
  const int64_t units = part.width / unit_elements;
  const int64_t kept = call.past_rows < call.present_rows ? call.past_rows : call.present_rows;
  const int64_t rows = call.present_rows - part.first_row;
  for (int64_t n = first_element(); n < call.batch * call.heads * rows * units; n += element_stride()) {
    const int64_t row = n / units, unit = n - row * units;
    RowPlace at = place_of_row(row, call.heads, rows);
    at.i += part.first_row;
    const SequenceKeys sequence = call.sequences != nullptr ? call.sequences[at.b] : call.all;
    if (at.i >= sequence.offset && at.i < sequence.keys) continue;
    Unit* to = static_cast<Unit*>(part.present) + part.present_layout.at(at.b, at.h, at.i) / unit_elements + unit;
    if (part.past == nullptr || at.i >= (call.keep_rest ? kept : sequence.offset)) {
      *to = Unit{};
    } else {
      *to = (static_cast<const Unit*>(part.past))[part.past_layout.at(at.b, at.h, at.i) / unit_elements + unit];
    }
  }
}

bool takes_units_of_16(const CacheCall& call) {
  const int64_t elements = 16 / call.element_width;
  const auto even = [&](const RowLayout& layout) {
    return layout.start % elements == 0 && layout.batch % elements == 0 && layout.head % elements == 0 &&
           layout.row % elements == 0;
  };
  const auto aligned = [](const void* address) { return reinterpret_cast<uintptr_t>(address) % 16 == 0; };
  bool result = true;
  for (const CacheRows& part : call.parts) {
    result = result && part.width % elements == 0 && even(part.past_layout) && even(part.present_layout) &&
             aligned(part.past) && aligned(part.present);
  }
  return result;
}

}  // namespace

void launch_head_rows(const HeadRowsCall& call, void* stream) {
  int64_t rows = 0;
  for (int i = 0; i < call.count; ++i) {
    const int64_t of_part = call.batch * call.parts[i].heads * call.parts[i].rows;
    if (of_part > rows) rows = of_part;
  }
  if (rows == 0) return;
  Grid grid = over_rows(rows, 1).grid;
  grid.y = static_cast<unsigned>(call.count);
  visit_float(call.number, [&]<class T>() { launch(head_rows_kernel<T>, grid, stream, call); });
}

void launch_cache_rows(const CacheCall& call, void* stream) {
  const int64_t unit = takes_units_of_16(call) ? 16 : call.element_width, elements = unit / call.element_width;
  int64_t units = 0;
  for (const CacheRows& part : call.parts) {
    const int64_t rows = call.present_rows - part.first_row;
    const int64_t of_part = call.batch * call.heads * rows * part.width / elements;
    if (of_part > units) units = of_part;
  }
  if (units == 0) return;
  Grid grid = over_elements(units);
  grid.y = CacheCall::kMostParts;
  visit_width(unit, [&]<class Unit>() { launch(cache_rows_kernel<Unit>, grid, stream, call, elements); });
}

}  // namespace mica::cuda
