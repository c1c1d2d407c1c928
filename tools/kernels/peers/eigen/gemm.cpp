// Products of float matrices by Eigen, with the instructions that the whole program is built for. Rows of the result
// are split among the threads.
#include <Eigen/Core>

#include "backends/cpu/thread_pool.h"
#include "tools/kernels/family.h"

namespace mica::tools {
namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Columns = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic>;

template <class Right>
KernelPeer::Run product(const KernelProblem& problem) {
  return [&problem](ThreadPool& threads, Tensor& c) {
    const int64_t m = c.shape()[0], n = c.shape()[1], k = problem.inputs[0].shape()[1];
    const float* a = problem.inputs[0].data<float>();
    const Eigen::Map<const Right> right(problem.inputs[1].data<float>(), k, n);
    threads.parallel_for(m, 4, [&](int64_t begin, int64_t end) {
      const Eigen::Map<const Rows> left(a + begin * k, end - begin, k);
      Eigen::Map<Rows>(c.mutable_data<float>() + begin * n, end - begin, n).noalias() = left * right;
    });
  };
}

}  // namespace

KernelPeer kernel_peer_gemm_eigen() {
  return {std::string("Eigen ") + Eigen::SimdInstructionSetsInUse(), types::f32, [](const KernelProblem& problem) {
            return problem.op_type == "Gemm" ? product<Columns>(problem) : product<Rows>(problem);
          }};
}

}  // namespace mica::tools
