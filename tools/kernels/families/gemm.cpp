// Products of matrices: MatMul, and MatMulInteger of unsigned by signed bytes.
#include "runtime/base/error.h"
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelProblem make(const KernelRequest& request) {
  const int64_t m = request.dims[0], n = request.dims[1], k = request.dims[2];
  const bool bytes = request.dtype == DType::I8, columns = request.has("columns");
  if (bytes && columns) throw Error(ErrorCode::InvalidArgument, "\"" + request.text + "\": columns of floats only");
  const Tensor a = kernel_operand(bytes ? DType::U8 : request.dtype, {m, k}, "a");
  const Tensor b = kernel_operand(request.dtype, columns ? Shape{n, k} : Shape{k, n}, "b");
  const auto element = [a = doubles(a), b = doubles(b), n, k, columns](int64_t i) {
    const double* row = a->data() + i / n * k;
    const double* column = b->data() + i % n * (columns ? k : 1);
    double sum = 0;
    for (int64_t p = 0; p < k; ++p) sum += row[p] * column[columns ? p : p * n];
    return sum;
  };
  KernelProblem problem{.op_type = bytes     ? "MatMulInteger"
                                   : columns ? "Gemm"
                                             : "MatMul",
                        .opset = 13,
                        .inputs = {a, b},
                        .expected = element,
                        .terms = static_cast<double>(k),
                        .tolerance = bytes ? 0 : sum_tolerance(request.dtype, static_cast<double>(k)),
                        .operations = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k)};
  if (columns) problem.attributes = {{"transB", int64_t{1}}};
  if (!request.has("dynamic")) problem.constant = {1};
  return problem;
}

}  // namespace

KernelFamily kernel_family_gemm() {
  return {
      .name = "gemm",
      .form = "MxNxK[,dynamic][,columns]",
      .about = "products of matrices; B is packed ahead unless dynamic, and its columns may lie dense; i8: of bytes",
      .least_rank = 3,
      .most_rank = 3,
      .words = {"dynamic", "columns"},
      .shapes = {"128x768x768", "128x3072x768", "128x768x3072", "96x512x512", "512x512x512", "16x768x768", "4x768x768",
                 "1x768x768", "1x4096x4096", "128x128x32", "64x64x64,dynamic", "16x16x16,dynamic",
                 "128x128x64,dynamic,columns", "1x128x64,dynamic,columns"},
      .types = {DType::F32, DType::F16, DType::BF16, DType::I8},
      .make = make};
}

}  // namespace mica::tools
