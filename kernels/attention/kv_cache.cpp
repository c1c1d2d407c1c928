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

template <class T>
void copy_past(const Operands& io, const Tensor& past, const HeadLayout& from, Tensor& present, const HeadLayout& to,
               const HeadDims& dims) {
  if (past.dtype() == present.dtype()) return copy_heads(io, past, from, present, to, dims);
  write_heads<T>(io.threads(), read_heads<T>(io, past, from, dims), present, to, dims);
}

// Rows of each head, and where they stand.
struct Room {
  int64_t rows = 0;
  HeadLayout layout;
};

Room room(const Tensor& tensor, int64_t part, HeadDims dims) {
  dims.rows = tensor.shape()[tensor.shape().rank() - 2];
  Room result{dims.rows, dims.bnsh(tensor.pitch())};
  result.layout.start = part * dims.batch * result.layout.batch;
  return result;
}

}  // namespace

KvCache kv_cache(const Operands& io, size_t past, size_t present) {
  return {io.has(past) ? &io.in(past) : nullptr, io.wants(present) ? &io.out(present) : nullptr};
}

template <class T>
Heads<const T> append_rows(const Operands& io, const KvCache& cache, const Heads<const T>& fresh, const HeadDims& dims,
                           const CachedRows* rows) {
  if (cache.past == nullptr && cache.present == nullptr) return fresh;
  HeadDims all = dims;
  all.rows = 0;
  for (int64_t b = 0; b < dims.batch; ++b) all.rows = std::max(all.rows, rows[b].past + rows[b].fresh);
  Tensor joined;
  if (cache.present == nullptr) {
    const Shape shape{dims.batch, dims.heads, all.rows, dims.width};
    joined = Tensor::over(dtype_of<T>, shape, io.scratch<T>(all.elements()), nullptr);
  }
  Tensor& present = cache.present != nullptr ? *cache.present : joined;
  const Room source = cache.past != nullptr ? room(*cache.past, cache.part, dims) : Room{};
  const Room target = room(present, cache.present != nullptr ? cache.part : 0, dims);
  const bool in_place = cache.past != nullptr && cache.past->raw() == present.raw();
  for (int64_t b = 0; b < dims.batch; ++b) {
    const auto [past, added] = rows[b];
    const HeadLayout to = of_batch(target.layout, b);
    const bool keep = in_place || (cache.keep_rest && cache.present != nullptr);
    const int64_t old = keep ? std::min(source.rows, target.rows) : past;
    if (cache.past != nullptr && !in_place) {
      copy_past<T>(io, *cache.past, of_batch(source.layout, b), present, to, {1, dims.heads, old, dims.width});
    }
    const Heads<const T> from{fresh.data, of_batch(fresh.layout, b)};
    write_heads<T>(io.threads(), from, present, to.from_row(past), {1, dims.heads, added, dims.width});
    const int64_t used = std::max(past + added, old);
    clear_rows(present, to.from_row(used), {1, dims.heads, target.rows - used, dims.width});
  }
  if (cache.past == nullptr) return fresh;
  return read_heads<T>(io, present, target.layout, all);
}

template Heads<const float> append_rows(const Operands&, const KvCache&, const Heads<const float>&, const HeadDims&,
                                        const CachedRows*);
template Heads<const double> append_rows(const Operands&, const KvCache&, const Heads<const double>&, const HeadDims&,
                                         const CachedRows*);

}  // namespace mica
