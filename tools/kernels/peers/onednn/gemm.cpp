// Products of float matrices by oneDNN, the right one in the format that it likes best unless it is dynamic. (Those of
// bytes saturate on CPUs without VNNI, so that they are no peer.)
#include "tools/kernels/peers/onednn/memory.h"

namespace mica::tools {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

KernelPeer::Run prepare(const KernelProblem& problem) {
  const Tensor &a = problem.inputs[0], &b = problem.inputs[1];
  const bool columns = problem.op_type == "Gemm";
  const int64_t m = a.shape()[0], k = a.shape()[1], n = b.shape()[columns ? 0 : 1];
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  constexpr auto kFloat = memory::data_type::f32;
  const memory::desc left({m, k}, kFloat, Tag::ab), product({m, n}, kFloat, Tag::ab);
  const memory::desc given({k, n}, kFloat, columns ? Tag::ba : Tag::ab);
  const memory::desc any({k, n}, kFloat, Tag::any);
  const dnnl::matmul::primitive_desc desc({left, problem.constant.empty() ? given : any, product}, engine);
  const memory x = onednn_memory(engine, left, a);
  const memory w = onednn_packed(stream, onednn_memory(engine, given, b), desc.weights_desc());
  return [=, primitive = dnnl::matmul(desc)](ThreadPool& threads, Tensor& c) mutable {
    onednn_use(threads);
    const memory y = onednn_memory(engine, product, c);
    primitive.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
    stream.wait();
  };
}

}  // namespace

KernelPeer kernel_peer_gemm_onednn() {
  return {"oneDNN", types::f32, prepare};
}

}  // namespace mica::tools
