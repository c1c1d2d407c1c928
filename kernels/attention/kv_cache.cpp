#include "kernels/attention/kv_cache.h"

#include <algorithm>
#include <cstring>

namespace mica {
namespace {

HeadLayout of_batch(const HeadLayout& layout, int64_t b) {
  return {layout.start + b * layout.batch, 0, layout.head, layout.row};
}

void clear_rows(Tensor& to, const HeadLayout& layout, const HeadDims& dims) {
  const auto size = static_cast<size_t>(bit_width(to.dtype()) / 8);
  for (int64_t h = 0; h < dims.heads && dims.rows > 0; ++h) {
    std::memset(static_cast<char*>(to.mutable_raw()) + static_cast<size_t>(layout.at(0, h, 0)) * size, 0,
                static_cast<size_t>(dims.rows * dims.width) * size);
  }
}

}  // namespace

template <class T>
Heads<const T> append_rows(const Operands& io, const KvCache& cache, const Heads<const T>& fresh, const HeadDims& dims,
                           const CachedRows* rows) {
  if (cache.past == nullptr && cache.present == nullptr) return fresh;
  HeadDims all = dims;
  all.rows = 0;
  for (int64_t b = 0; b < dims.batch; ++b) all.rows = std::max(all.rows, rows[b].past + rows[b].fresh);
  Tensor joined;
  HeadLayout layout = cache.present_layout;
  if (cache.present == nullptr) {
    joined = Tensor::over(dtype_of<T>, {all.elements()}, io.scratch<T>(all.elements()), nullptr);
    layout = all.bnsh();
  }
  Tensor& present = cache.present != nullptr ? *cache.present : joined;
  const bool in_place = cache.past != nullptr && cache.past->raw() == present.raw();
  for (int64_t b = 0; b < dims.batch; ++b) {
    const auto [past, added] = rows[b];
    const HeadLayout to = of_batch(layout, b);
    if (cache.past != nullptr && !in_place && past > 0) {
      const HeadDims old{1, dims.heads, past, dims.width};
      const HeadLayout from = of_batch(cache.past_layout, b);
      if (cache.past->dtype() == present.dtype()) {
        copy_heads(io, *cache.past, from, present, to, old);
      } else {
        write_heads<T>(io.threads(), read_heads<T>(io, *cache.past, from, old), present, to, old);
      }
    }
    const Heads<const T> from{fresh.data, of_batch(fresh.layout, b)};
    write_heads<T>(io.threads(), from, present, to.from_row(past), {1, dims.heads, added, dims.width});
    if (cache.present != nullptr && !in_place) {
      const int64_t used = past + added;
      clear_rows(present, to.from_row(used), {1, dims.heads, cache.capacity - used, dims.width});
    }
  }
  if (cache.past == nullptr) return fresh;
  return read_heads<T>(io, present, layout, all);
}

template Heads<const float> append_rows(const Operands&, const KvCache&, const Heads<const float>&, const HeadDims&,
                                        const CachedRows*);
template Heads<const double> append_rows(const Operands&, const KvCache&, const Heads<const double>&, const HeadDims&,
                                         const CachedRows*);

}  // namespace mica
