// What the oneDNN peers share.
#pragma once

#include <omp.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "backends/cpu/thread_pool.h"
#include "tools/kernels/family.h"

namespace mica::tools {

/// The elements of a tensor, which oneDNN takes as they lie.
inline dnnl::memory onednn_memory(const dnnl::engine& engine, const dnnl::memory::desc& desc, const Tensor& tensor) {
  return {desc, engine, const_cast<void*>(tensor.raw())};
}

/// `from` in the format of `desc`: itself where that is its own.
inline dnnl::memory onednn_packed(dnnl::stream& stream, dnnl::memory from, const dnnl::memory::desc& desc) {
  if (from.get_desc() == desc) return from;
  dnnl::memory to(desc, from.get_engine());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
  return to;
}

/// oneDNN splits its work with OpenMP.
inline void onednn_use(const ThreadPool& threads) {
  omp_set_num_threads(threads.threads());
}

}  // namespace mica::tools
